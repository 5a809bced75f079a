// grpc-go's client for the interoperability tests: client SETTINGS.json CASE...
//
// Runs the named cases, in their order, and prints a line for each: `ok NAME`, or
// `not ok NAME: WHY`. What a case means says client.py.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/keepalive"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

func compressed(name string) {
	numbers := repeat(2000, settings.Listed, settings.Free)
	answer, err := ask(conn, tenant(), "ScrubService/Scrub", fields{"numbers": numbers},
		grpc.UseCompressor(name))
	check(err)
	equal(verdicts(answer), repeat(2000, "LISTED", "CLEAR"))
	_, err = ask(conn, tenant(), "ScrubService/Scrub", ofSize(settings.MaxRequest+1),
		grpc.UseCompressor(name))
	expectError(err, codes.ResourceExhausted, "LIMIT_REACHED")
}

func one() fields {
	return fields{"numbers": []int64{settings.Free}}
}

func empty() {
	answer, err := ask(conn, keyed(""), "Health/Check", fields{})
	check(err)
	equal(get(answer, "status").Enum(), protoreflect.EnumNumber(1))
	equal(verdicts(scrub(fields{})), []string{})
}

func verdict() {
	answer := scrub(fields{"texts": []string{fmt.Sprint(settings.Listed),
		fmt.Sprint(settings.Free), "no number"}})
	equal(verdicts(answer), []string{"LISTED", "CLEAR", "INVALID"})
}

// Any text may stand in a message, however it travels.
func messageText() {
	_, err := ask(conn, keyed(settings.OperatorKey), "RegistryService/GetCoverage",
		fields{"list": "other:grün 100%"})
	expectError(err, codes.NotFound, "NOT_FOUND")
	equal(strings.Contains(status.Convert(err).Message(), "other:grün 100%"), true)
}

func unknownMethod() {
	answer := dynamicpb.NewMessage(methods["ScrubService/Scrub"].Output())
	err := conn.Invoke(tenant(), "/dnc.v1.ScrubService/Nothing",
		message("ScrubService/Scrub", one()), answer)
	expectError(err, codes.Unimplemented, "NOT_SUPPORTED")
}

// The status comes while the client still sends.
func earlyStatus() {
	upload := open(keyed("dnck_no"), "RegistryService/UploadRelease")
	part := message("RegistryService/UploadRelease",
		fields{"chunk": strings.Repeat("eHh4", 16_384)})
	for upload.SendMsg(part) == nil {
		time.Sleep(time.Millisecond)
	}
	_, err := upload.read()
	expectError(err, codes.Unauthenticated, "UNAUTHENTICATED")
}

func binaryMetadata() {
	raw := make([]byte, 256)
	for i := range raw {
		raw[i] = byte(i)
	}
	answer, err := ask(conn, keyed(settings.Key, "trace-bin", string(raw), "x-note", "a b, c",
		"x-twice", "1", "x-twice", "2"), "ScrubService/Scrub", one())
	check(err)
	equal(verdicts(answer), []string{"CLEAR"})
}

func tooMuchMetadata() {
	_, err := ask(conn, keyed(settings.Key, "x-much", strings.Repeat("y", 20_000)),
		"ScrubService/Scrub", one())
	expectError(err, codes.ResourceExhausted, "LIMIT_REACHED")
	verdict()
}

func unknownEncoding() {
	_, err := ask(conn, tenant(), "ScrubService/Scrub", one(), grpc.UseCompressor("x-own"))
	expectError(err, codes.Unimplemented, "NOT_SUPPORTED")
	verdict()
}

func deadline() {
	soon, stop := context.WithTimeout(tenant(), 300*time.Millisecond)
	defer stop()
	_, err := ask(conn, soon, "ScrubService/Scrub", waiting())
	expectError(err, codes.DeadlineExceeded, "")
	soon, stop = context.WithTimeout(tenant(), 300*time.Millisecond)
	defer stop()
	_, err = listen(soon, "ListService/WatchChanges", fields{}).all(0)
	expectError(err, codes.DeadlineExceeded, "")
}

func cancelCalls() {
	giveUp, cancel := context.WithCancel(tenant())
	watch := listen(giveUp, "ListService/WatchChanges", fields{})
	time.AfterFunc(200*time.Millisecond, cancel)
	_, err := ask(conn, giveUp, "ScrubService/Scrub", waiting())
	expectError(err, codes.Canceled, "")
	_, err = watch.all(0)
	expectError(err, codes.Canceled, "")
}

// Callers who give up are no enemies: the connection with its other calls stays.
func manyCancels() {
	leave, cancelWatch := context.WithCancel(keyed(""))
	watch := listen(leave, "Health/Watch", fields{})
	watch.mustRead()
	giveUp, cancel := context.WithCancel(tenant())
	var calls sync.WaitGroup
	for i := range 2_000 {
		calls.Go(func() { _, _ = ask(conn, giveUp, "ScrubService/Scrub", one()) })
		if i == 1_000 {
			time.AfterFunc(time.Millisecond, cancel)
		}
	}
	calls.Wait()
	verdict()
	cancelWatch()
	_, err := watch.all(0)
	expectError(err, codes.Canceled, "")
}

// Question and answer by turns.
func bidi() {
	made := open(tenant(), "ScrubService/ScrubStream")
	for i, number := range []int64{settings.Listed, settings.Free, settings.Listed} {
		made.send(fields{"scrub": fields{"numbers": []int64{number}}})
		equal(verdicts(inner(made.mustRead(), "scrub")), []string{[]string{"LISTED", "CLEAR"}[i%2]})
	}
	check(made.CloseSend())
	equal(len(made.mustAll(0)), 0)
}

// streamScrubs sends batches as fast as the stream takes them, and reads slowly.
func streamScrubs(count int, batch fields, pause time.Duration,
	options ...grpc.CallOption) []*dynamicpb.Message {
	made := open(tenant(), "ScrubService/ScrubStream", options...)
	go func() {
		for range count {
			_ = made.SendMsg(message(made.method, fields{"scrub": batch}))
		}
		_ = made.CloseSend()
	}()
	answers := made.mustAll(pause)
	equal(len(answers), count)
	return answers
}

func slowReader() {
	// The answers are larger than all windows.
	for _, answer := range streamScrubs(12, fields{"numbers": repeat(10_000, settings.Listed),
		"detail": "DETAIL_FULL"}, 100*time.Millisecond) {
		equal(get(inner(answer, "scrub"), "results").List().Len(), 10_000)
	}
}

// 20,000 records in and out again, read slowly.
func importExport() {
	made := open(tenant(), "ListService/ImportNumbers")
	go func() {
		for at := 0; at < 20_000; at += 1_000 {
			var records []fields
			for i := at; i < at+1_000; i++ {
				records = append(records, fields{"number": fmt.Sprintf("20156%05d", i)})
			}
			_ = made.SendMsg(message(made.method, fields{"list_id": "internal", "records": records}))
		}
		_ = made.CloseSend()
	}()
	var added uint64
	for _, answer := range made.mustAll(10 * time.Millisecond) {
		added += get(answer, "added").Uint() + get(answer, "already_there").Uint()
	}
	equal(added, uint64(20_000))
	exported := map[string]bool{}
	for _, part := range listen(tenant(), "ListService/ExportNumbers",
		fields{"list_id": "internal"}).mustAll(10 * time.Millisecond) {
		records := get(part, "records").List()
		for i := 0; i < records.Len(); i++ {
			exported[get(records.Get(i).Message(), "number").String()] = true
		}
	}
	for i := range 20_000 {
		equal(exported[fmt.Sprintf("20156%05d", i)], true)
	}
}

func add(number string) uint64 {
	answer, err := ask(conn, tenant(), "ListService/AddNumbers", fields{"list_id": "internal",
		"records": []fields{{"number": number}}})
	check(err)
	return get(answer, "revision").Uint()
}

func watchChanges() {
	watch := listen(tenant(), "ListService/WatchChanges",
		fields{"after_revision": add("2015557001")})
	later := add("2015557002")
	answer := watch.mustRead()
	for get(answer, "changes").List().Len() == 0 {
		answer = watch.mustRead()
	}
	equal(get(answer, "revision").Uint(), later)
	change := get(answer, "changes").List().Get(0).Message()
	equal(get(inner(change, "record"), "number").String(), "2015557002")
}

func health() {
	watch := listen(keyed(""), "Health/Watch", fields{"service": "dnc.v1.ScrubService"})
	equal(get(watch.mustRead(), "status").Enum(), protoreflect.EnumNumber(1))
	_, err := ask(conn, keyed(""), "Health/Check", fields{"service": "no.such"})
	expectError(err, codes.NotFound, "NOT_FOUND")
}

// A release in, part by part, and its load to the end.
func upload() {
	content := []byte(strings.Repeat("201,5550100\n", 5_000))
	made := open(keyed(settings.OperatorKey), "RegistryService/UploadRelease")
	made.send(fields{"options": fields{"list": "other:interop", "requested_by": "interop",
		"obtained_at": settings.ObtainedAt}})
	made.send(fields{"file": fields{"name": "interop.txt", "size_bytes": len(content)}})
	for at := 0; at < len(content); at += 3_000 {
		made.send(fields{"chunk": base64.StdEncoding.EncodeToString(content[at : at+3_000])})
	}
	check(made.CloseSend())
	id := get(inner(made.mustRead(), "load"), "id").Uint()
	loads := listen(keyed(settings.OperatorKey), "RegistryService/WatchLoad",
		fields{"load_id": id}).mustAll(0)
	last := inner(loads[len(loads)-1], "load")
	equal(enumName(last, "state", get(last, "state").Enum()), "LOAD_STATE_SUCCEEDED")
}

// More calls at once on one connection than it may have: the others wait in the client.
func manyCalls() {
	var calls sync.WaitGroup
	var wrong atomic.Int64
	request := fields{"numbers": []int64{settings.Listed, settings.Free}}
	for range 3_000 {
		calls.Go(func() {
			answer, err := ask(conn, tenant(), "ScrubService/Scrub", request)
			if err != nil || !reflect.DeepEqual(verdicts(answer), []string{"LISTED", "CLEAR"}) {
				wrong.Add(1)
			}
		})
	}
	calls.Wait()
	equal(wrong.Load(), int64(0))
}

func reflection() {
	made, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(keyed(""))
	check(err)
	check(made.Send(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}))
	answer, err := made.Recv()
	check(err)
	names := map[string]bool{}
	for _, service := range answer.GetListServicesResponse().GetService() {
		names[service.Name] = true
	}
	equal(names["dnc.v1.ScrubService"] && names["grpc.health.v1.Health"], true)
	check(made.CloseSend())
}

// Pings every 10 s, which is as often as gRPC's clients can.
func pings() {
	pinging := connect(grpc.WithKeepaliveParams(keepalive.ClientParameters{
		Time: 10 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true}))
	defer pinging.Close()
	_, err := ask(pinging, keyed(""), "Health/Check", fields{})
	check(err)
	time.Sleep(25 * time.Second)
	_, err = ask(pinging, keyed(""), "Health/Check", fields{})
	check(err)
}

// The server stops under load, and comes again at the same address: each call is answered, or has
// a status that says that it may be repeated.
func drain() {
	var lock sync.Mutex
	var calls sync.WaitGroup
	var stop atomic.Bool
	statuses, loaded := map[codes.Code]int{}, make(chan struct{})
	request := fields{"numbers": []int64{settings.Listed}}
	watch := listen(tenant(), "ListService/WatchChanges", fields{})
	health := listen(keyed(""), "Health/Watch", fields{})
	equal(get(health.mustRead(), "status").Enum(), protoreflect.EnumNumber(1))
	for range 8 {
		calls.Go(func() {
			for !stop.Load() {
				answer, err := ask(conn, tenant(), "ScrubService/Scrub", request)
				code := status.Code(err)
				if err != nil {
					time.Sleep(10 * time.Millisecond)
				} else if !reflect.DeepEqual(verdicts(answer), []string{"LISTED"}) {
					code = codes.DataLoss
				}
				lock.Lock()
				if statuses[code]++; code == codes.OK && statuses[code] == 100 {
					close(loaded)
				}
				lock.Unlock()
			}
		})
	}
	<-loaded
	fmt.Println("under load")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // another server has started
	_, err := watch.all(0)
	expectError(err, codes.Unavailable, "")
	told, err := health.all(0) // before calls began to fail
	expectError(err, codes.Unavailable, "")
	equal(len(told) == 1 && get(told[0], "status").Enum() == 2, true)
	_, err = ask(conn, keyed(""), "Health/Check", fields{}, grpc.WaitForReady(true))
	check(err)
	stop.Store(true)
	calls.Wait()
	delete(statuses, codes.OK)
	delete(statuses, codes.Unavailable)
	equal(len(statuses), 0)
}

func expectScrubError(values fields, key string, code codes.Code, why string) func() {
	return func() {
		_, err := ask(conn, keyed(key), "ScrubService/Scrub", values)
		expectError(err, code, why)
	}
}

func cases() map[string]func() {
	return map[string]func(){
		"empty":   empty,
		"verdict": verdict,
		"largest_request": func() {
			equal(verdicts(scrub(ofSize(settings.MaxRequest))), []string{"INVALID"})
		},
		"too_large_request": expectScrubError(ofSize(settings.MaxRequest+1), settings.Key,
			codes.ResourceExhausted, "LIMIT_REACHED"),
		"large_answer": func() {
			answer := scrub(fields{"numbers": repeat(10_000, settings.Listed),
				"detail": "DETAIL_FULL"})
			equal(get(answer, "results").List().Len(), 10_000)
		},
		"error_details": expectScrubError(fields{"numbers": repeat(10_001, settings.Free)},
			settings.Key, codes.InvalidArgument, "BATCH_TOO_LARGE"),
		"no_key":            expectScrubError(one(), "", codes.Unauthenticated, "UNAUTHENTICATED"),
		"unknown_method":    unknownMethod,
		"message_text":      messageText,
		"many_cancels":      manyCancels,
		"early_status":      earlyStatus,
		"metadata":          binaryMetadata,
		"too_much_metadata": tooMuchMetadata,
		"gzip":              func() { compressed("gzip") },
		"deflate":           func() { compressed("deflate") },
		"gzip_stream": func() {
			streamScrubs(20, fields{"numbers": repeat(100, settings.Listed)}, 0,
				grpc.UseCompressor("gzip"))
		},
		"unknown_encoding": unknownEncoding,
		"deadline":         deadline,
		"cancel":           cancelCalls,
		"bidi":             bidi,
		"bidi_slow_reader": slowReader,
		"import_export":    importExport,
		"watch_changes":    watchChanges,
		"health":           health,
		"upload":           upload,
		"many_calls":       manyCalls,
		"reflection":       reflection,
		"keepalive":        pings,
		"drain":            drain,
	}
}

func run(name string, function func()) (ok bool) {
	defer func() {
		if why := recover(); why != nil {
			fmt.Printf("not ok %s: %v\n", name, why)
		}
	}()
	function()
	fmt.Printf("ok %s\n", name)
	return true
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	check(json.Unmarshal(text, &settings))
	readContract()
	encoding.RegisterCompressor(zlibCodec("deflate"))
	encoding.RegisterCompressor(zlibCodec("x-own"))
	conn = connect()
	known, failed := cases(), 0
	for _, name := range os.Args[2:] {
		if !run(name, known[name]) {
			failed++
		}
	}
	os.Exit(min(failed, 1))
}
