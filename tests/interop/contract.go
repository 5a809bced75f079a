// The contract for client.go: methods by their names, messages from maps, and what cases expect.
package main

import (
	"compress/zlib"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

type fields map[string]any

var settings struct {
	Address     string
	Ca          string
	Key         string
	OperatorKey string `json:"operator_key"`
	Descriptors string
	Patience    int
	MaxRequest  int   `json:"max_request_bytes"`
	Listed      int64 `json:"listed"`
	Free        int64
	ObtainedAt  string `json:"obtained_at"`
}

// The methods of the contract by their names: ScrubService/Scrub.
var methods = map[string]protoreflect.MethodDescriptor{}

var conn *grpc.ClientConn

// fail ends a case.
func fail(format string, arguments ...any) {
	panic(fmt.Sprintf(format, arguments...))
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func equal(got, wanted any) {
	if !reflect.DeepEqual(got, wanted) {
		fail("%.300s instead of %.300s", fmt.Sprint(got), fmt.Sprint(wanted))
	}
}

func readContract() {
	raw, err := os.ReadFile(settings.Descriptors)
	check(err)
	set := &descriptorpb.FileDescriptorSet{}
	check(proto.Unmarshal(raw, set))
	files, err := protodesc.NewFiles(set)
	check(err)
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := 0; i < file.Services().Len(); i++ {
			service := file.Services().Get(i)
			for j := 0; j < service.Methods().Len(); j++ {
				method := service.Methods().Get(j)
				methods[fmt.Sprintf("%s/%s", service.Name(), method.Name())] = method
			}
		}
		return true
	})
}

func connect(more ...grpc.DialOption) *grpc.ClientConn {
	transport := insecure.NewCredentials()
	if settings.Ca != "" {
		var err error
		transport, err = credentials.NewClientTLSFromFile(settings.Ca, "")
		check(err)
	}
	made, err := grpc.NewClient(settings.Address, append(more,
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<30)))...)
	check(err)
	return made
}

// keyed returns the context of a caller, with more metadata in pairs.
func keyed(key string, more ...string) context.Context {
	made, cancel := context.WithTimeout(context.Background(),
		time.Duration(settings.Patience)*time.Second)
	context.AfterFunc(made, cancel)
	if key != "" {
		more = append(more, "authorization", "Bearer "+key)
	}
	return metadata.AppendToOutgoingContext(made, more...)
}

func tenant() context.Context {
	return keyed(settings.Key)
}

func message(method string, values fields) *dynamicpb.Message {
	text, err := json.Marshal(values)
	check(err)
	made := dynamicpb.NewMessage(methods[method].Input())
	check(protojson.Unmarshal(text, made))
	return made
}

func path(method string) string {
	return fmt.Sprintf("/%s/%s", methods[method].Parent().FullName(), methods[method].Name())
}

func ask(on *grpc.ClientConn, context context.Context, method string, values fields,
	options ...grpc.CallOption) (*dynamicpb.Message, error) {
	answer := dynamicpb.NewMessage(methods[method].Output())
	return answer, on.Invoke(context, path(method), message(method, values), answer, options...)
}

func scrub(values fields) *dynamicpb.Message {
	answer, err := ask(conn, tenant(), "ScrubService/Scrub", values)
	check(err)
	return answer
}

// A stream of any kind.
type stream struct {
	grpc.ClientStream
	method string
}

func open(context context.Context, method string, options ...grpc.CallOption) stream {
	made, err := conn.NewStream(context, &grpc.StreamDesc{
		ClientStreams: methods[method].IsStreamingClient(),
		ServerStreams: methods[method].IsStreamingServer()}, path(method), options...)
	check(err)
	return stream{made, method}
}

// listen opens a stream with one request.
func listen(context context.Context, method string, values fields) stream {
	made := open(context, method)
	check(made.SendMsg(message(method, values)))
	check(made.CloseSend())
	return made
}

func (s stream) send(values fields) {
	check(s.SendMsg(message(s.method, values)))
}

func (s stream) read() (*dynamicpb.Message, error) {
	answer := dynamicpb.NewMessage(methods[s.method].Output())
	return answer, s.RecvMsg(answer)
}

func (s stream) mustRead() *dynamicpb.Message {
	answer, err := s.read()
	check(err)
	return answer
}

// all returns the answers until the end.
func (s stream) all(pause time.Duration) (answers []*dynamicpb.Message, err error) {
	for {
		answer, err := s.read()
		if errors.Is(err, io.EOF) {
			return answers, nil
		}
		if err != nil {
			return answers, err
		}
		answers = append(answers, answer)
		time.Sleep(pause)
	}
}

func (s stream) mustAll(pause time.Duration) []*dynamicpb.Message {
	answers, err := s.all(pause)
	check(err)
	return answers
}

func get(m protoreflect.Message, field string) protoreflect.Value {
	return m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(field)))
}

func inner(m protoreflect.Message, field string) protoreflect.Message {
	return get(m, field).Message()
}

func enumName(m protoreflect.Message, field string, number protoreflect.EnumNumber) string {
	found := m.Descriptor().Fields().ByName(protoreflect.Name(field)).Enum()
	return string(found.Values().ByNumber(number).Name())
}

func verdicts(answer protoreflect.Message) []string {
	names := []string{}
	list := get(answer, "verdicts").List()
	for i := 0; i < list.Len(); i++ {
		names = append(names, strings.TrimPrefix(
			enumName(answer, "verdicts", list.Get(i).Enum()), "VERDICT_"))
	}
	return names
}

func repeat[T any](count int, values ...T) []T {
	var made []T
	for range count {
		made = append(made, values...)
	}
	return made
}

// ofSize makes a request of Scrub that has so many bytes.
func ofSize(size int) fields {
	return fields{"texts": []string{strings.Repeat("x", size-5)}}
}

func waiting() fields {
	return fields{"numbers": []int64{settings.Free}, "at_least_revision": 1_000_000_000}
}

func reason(failed *status.Status) string {
	for _, detail := range failed.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.Reason
		}
	}
	return ""
}

func expectError(err error, code codes.Code, why string) {
	failed := status.Convert(err)
	if failed.Code() != code {
		fail("%v instead of %v", err, code)
	}
	if why != "" {
		equal(reason(failed), why)
	}
}

// A compressor by zlib, under any name.
type zlibCodec string

func (z zlibCodec) Name() string                                 { return string(z) }
func (z zlibCodec) Compress(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil }
func (z zlibCodec) Decompress(r io.Reader) (io.Reader, error)    { return zlib.NewReader(r) }
