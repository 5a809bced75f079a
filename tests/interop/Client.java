// grpc-java's client for the interoperability tests: Client SETTINGS.json CASE...
//
// Runs the named cases, in their order, and prints a line for each: `ok NAME`, or
// `not ok NAME: WHY`. What a case means says client.py.

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.protobuf.DynamicMessage;
import io.grpc.CallOptions;
import io.grpc.Codec;
import io.grpc.CompressorRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.reflection.v1alpha.ServerReflectionGrpc;
import io.grpc.reflection.v1alpha.ServerReflectionRequest;
import io.grpc.reflection.v1alpha.ServerReflectionResponse;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;

public final class Client extends Contract {
  static final Map<String, Case> CASES = new LinkedHashMap<>();

  // An encoding of messages, by zlib.
  record Zlib(String name) implements Codec {
    @Override
    public String getMessageEncoding() {
      return name;
    }

    @Override
    public OutputStream compress(OutputStream out) {
      return new DeflaterOutputStream(out);
    }

    @Override
    public InputStream decompress(InputStream in) throws IOException {
      return new InflaterInputStream(in);
    }
  }

  static void compressed(String encoding) throws Exception {
    CallOptions options = patiently().withCompression(encoding);
    equal(verdicts(ask(keyed(), "ScrubService/Scrub",
        Map.of("numbers", repeat(2000, listed, free)), options)), repeat(2000, "LISTED", "CLEAR"));
    expectError(Status.Code.RESOURCE_EXHAUSTED, "LIMIT_REACHED", () -> ask(keyed(),
        "ScrubService/Scrub", ofSize(maxRequestBytes + 1), options));
  }

  static void unaryCases() {
    CASES.put("empty", () -> {
      equal(get(ask(channel, "Health/Check", Map.of(), patiently()), "status").toString(),
          "SERVING");
      equal(verdicts(scrub(Map.of())), List.of());
    });
    CASES.put("verdict", () -> equal(verdicts(scrub(Map.of("texts",
        List.of(listed, free, "no number")))), List.of("LISTED", "CLEAR", "INVALID")));
    CASES.put("largest_request",
        () -> equal(verdicts(scrub(ofSize(maxRequestBytes))), List.of("INVALID")));
    CASES.put("too_large_request", () -> expectError(Status.Code.RESOURCE_EXHAUSTED,
        "LIMIT_REACHED", () -> scrub(ofSize(maxRequestBytes + 1))));
    CASES.put("large_answer", () -> equal(many(scrub(Map.of("numbers", repeat(10_000, listed),
        "detail", "DETAIL_FULL")), "results").size(), 10_000));
    CASES.put("error_details", () -> expectError(Status.Code.INVALID_ARGUMENT, "BATCH_TOO_LARGE",
        () -> scrub(Map.of("numbers", repeat(10_001, free)))));
    CASES.put("message_text", () -> {
      try {
        ask(asOperator(), "RegistryService/GetCoverage", Map.of("list", "other:grün 100%"),
            patiently());
        throw new AssertionError("no error");
      } catch (StatusRuntimeException error) {
        String said = error.getStatus().getDescription();
        if (!said.contains("other:grün 100%")) throw new AssertionError(said);
      }
    });
    CASES.put("no_key", () -> expectError(Status.Code.UNAUTHENTICATED, "UNAUTHENTICATED",
        () -> ask(channel, "ScrubService/Scrub", Map.of("numbers", List.of(free)), patiently())));
    CASES.put("unknown_method", () -> expectError(Status.Code.UNIMPLEMENTED, "NOT_SUPPORTED",
        () -> ClientCalls.blockingUnaryCall(keyed(), METHODS.get("ScrubService/Scrub").toBuilder()
            .setFullMethodName("dnc.v1.ScrubService/Nothing").build(), patiently(),
            message("ScrubService/Scrub", Map.of()))));
    CASES.put("metadata", () -> {
      Metadata more = key(setting("key"));
      byte[] raw = new byte[256];
      for (int i = 0; i < raw.length; i++) raw[i] = (byte) i;
      more.put(Metadata.Key.of("trace-bin", Metadata.BINARY_BYTE_MARSHALLER), raw);
      more.put(text("x-note"), "a b, c");
      more.put(text("x-twice"), "1");
      more.put(text("x-twice"), "2");
      equal(verdicts(ask(with(channel, more), "ScrubService/Scrub",
          Map.of("numbers", List.of(free)), patiently())), List.of("CLEAR"));
    });
    CASES.put("too_much_metadata", () -> {
      Metadata more = key(setting("key"));
      more.put(text("x-much"), "y".repeat(20_000));
      expectError(Status.Code.RESOURCE_EXHAUSTED, "LIMIT_REACHED",
          () -> ask(with(channel, more), "ScrubService/Scrub", Map.of("numbers", List.of(free)),
              patiently()));
      CASES.get("verdict").run();
    });
    CASES.put("gzip", () -> compressed("gzip"));
    CASES.put("deflate", () -> compressed("deflate"));
    CASES.put("unknown_encoding", () -> {
      expectError(Status.Code.UNIMPLEMENTED, "NOT_SUPPORTED", () -> ask(keyed(),
          "ScrubService/Scrub", Map.of("numbers", List.of(free)),
          patiently().withCompression("x-own")));
      CASES.get("verdict").run();
    });
    CASES.put("many_calls", Client::manyCalls);
  }

  // More calls at once on one connection than it may have: the others wait in the client.
  static void manyCalls() throws Exception {
    List<Future<DynamicMessage>> answers = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      answers.add(ClientCalls.futureUnaryCall(
          keyed().newCall(METHODS.get("ScrubService/Scrub"), patiently()),
          message("ScrubService/Scrub", Map.of("numbers", List.of(listed, free)))));
    }
    for (Future<DynamicMessage> answer : answers) {
      equal(verdicts(answer.get()), List.of("LISTED", "CLEAR"));
    }
  }

  static void endingCases() {
    CASES.put("early_status", () -> expectError(Status.Code.UNAUTHENTICATED, "UNAUTHENTICATED",
        Client::sendUntilStatus));
    CASES.put("deadline", () -> {
      expectError(Status.Code.DEADLINE_EXCEEDED, null,
          () -> ask(keyed(), "ScrubService/Scrub", waiting(), within(0.3)));
      expectError(Status.Code.DEADLINE_EXCEEDED, null,
          () -> all(listen(keyed(), "ListService/WatchChanges", Map.of(), within(0.3)), 0));
    });
    CASES.put("many_cancels", Client::manyCancels);
    CASES.put("cancel", () -> {
      Future<DynamicMessage> waits = ClientCalls.futureUnaryCall(
          keyed().newCall(METHODS.get("ScrubService/Scrub"), patiently()),
          message("ScrubService/Scrub", waiting()));
      var watch = listen(keyed(), "ListService/WatchChanges", Map.of(), patiently());
      Thread.sleep(200);
      waits.cancel(true);
      watch.cancel("enough", null);
      expectError(Status.Code.CANCELLED, null, () -> all(watch, 0));
    });
  }

  // Callers who give up are no enemies: the connection with its other calls stays.
  static void manyCancels() throws Exception {
    var watch = listen(channel, "Health/Watch", Map.of(), patiently());
    equal(get(watch.read(), "status").toString(), "SERVING");
    List<Future<DynamicMessage>> calls = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      calls.add(ClientCalls.futureUnaryCall(
          keyed().newCall(METHODS.get("ScrubService/Scrub"), patiently()),
          message("ScrubService/Scrub", Map.of("numbers", List.of(free)))));
    }
    calls.forEach(call -> call.cancel(true));
    CASES.get("verdict").run();
    watch.cancel("enough", null);
    expectError(Status.Code.CANCELLED, null, () -> all(watch, 0));
  }

  // An upload whose status comes while the client still sends.
  static void sendUntilStatus() throws Exception {
    CompletableFuture<DynamicMessage> answer = new CompletableFuture<>();
    String method = "RegistryService/UploadRelease";
    StreamObserver<DynamicMessage> parts = ClientCalls.asyncClientStreamingCall(
        with(channel, key("dnck_no")).newCall(METHODS.get(method), patiently()),
        new StreamObserver<>() {
          @Override
          public void onNext(DynamicMessage message) {
            answer.complete(message);
          }

          @Override
          public void onError(Throwable error) {
            answer.completeExceptionally(error);
          }

          @Override
          public void onCompleted() {}
        });
    DynamicMessage part = message(method, Map.of("chunk", "eHh4".repeat(16_384)));
    while (!answer.isDone()) {
      parts.onNext(part);
      Thread.sleep(1);
    }
    answer.get();
  }

  static void streamCases() {
    CASES.put("gzip_stream", () -> {
      var stream = ClientCalls.blockingBidiStreamingCall(keyed(),
          METHODS.get("ScrubService/ScrubStream"), patiently().withCompression("gzip"));
      sendAll(stream, "ScrubService/ScrubStream", Collections.nCopies(20,
          Map.of("scrub", Map.of("numbers", repeat(100, listed)))));
      equal(all(stream, 0).size(), 20);
    });
    CASES.put("bidi", () -> {
      var stream = ClientCalls.blockingBidiStreamingCall(keyed(),
          METHODS.get("ScrubService/ScrubStream"), patiently());
      for (String number : List.of(listed, free, listed)) {
        stream.write(message("ScrubService/ScrubStream",
            Map.of("scrub", Map.of("numbers", List.of(number)))));
        equal(verdicts((DynamicMessage) get(stream.read(), "scrub")),
            List.of(number.equals(listed) ? "LISTED" : "CLEAR"));
      }
      stream.halfClose();
      if (stream.read() != null) throw new AssertionError("an answer too many");
    });
    CASES.put("bidi_slow_reader", () -> {
      var stream = ClientCalls.blockingBidiStreamingCall(keyed(),
          METHODS.get("ScrubService/ScrubStream"), patiently());
      sendAll(stream, "ScrubService/ScrubStream", Collections.nCopies(12, Map.of("scrub",
          Map.of("numbers", repeat(10_000, listed), "detail", "DETAIL_FULL"))));
      for (int i = 0; i < 12; i++) {
        equal(many((DynamicMessage) get(stream.read(), "scrub"), "results").size(), 10_000);
        Thread.sleep(100);
      }
      if (stream.read() != null) throw new AssertionError("an answer too many");
    });
    CASES.put("import_export", Client::importAndExport);
    CASES.put("watch_changes", Client::watchChanges);
    CASES.put("upload", Client::upload);
  }

  // 20,000 records in and out again, read slowly.
  static void importAndExport() throws Exception {
    String method = "ListService/ImportNumbers";
    List<String> numbers =
        IntStream.range(0, 20_000).mapToObj(i -> String.format("20156%05d", i)).toList();
    List<Map<String, ?>> batches = new ArrayList<>();
    for (int at = 0; at < numbers.size(); at += 1_000) {
      batches.add(Map.of("list_id", "internal", "records", numbers.subList(at, at + 1_000)
          .stream().map(number -> Map.of("number", number)).toList()));
    }
    var stream = ClientCalls.blockingBidiStreamingCall(keyed(), METHODS.get(method), patiently());
    sendAll(stream, method, batches);
    long added = all(stream, 10).stream()
        .mapToLong(a -> (Long) get(a, "added") + (Long) get(a, "already_there")).sum();
    equal(added, 20_000L);
    Set<Object> exported = new HashSet<>();
    for (DynamicMessage part : all(listen(keyed(), "ListService/ExportNumbers",
        Map.of("list_id", "internal"), patiently()), 10)) {
      many(part, "records").forEach(record -> exported.add(get(record, "number")));
    }
    equal(exported.containsAll(numbers), true);
  }

  static Object add(String number) throws Exception {
    return get(ask(keyed(), "ListService/AddNumbers", Map.of("list_id", "internal", "records",
        List.of(Map.of("number", number))), patiently()), "revision");
  }

  static void watchChanges() throws Exception {
    Object before = add("2015557001");
    var watch = listen(keyed(), "ListService/WatchChanges", Map.of("after_revision", before),
        patiently());
    Object later = add("2015557002");
    DynamicMessage answer = watch.read();
    while (many(answer, "changes").isEmpty()) answer = watch.read();
    equal(get(answer, "revision"), later);
    equal(get((DynamicMessage) get(many(answer, "changes").get(0), "record"), "number"),
        "2015557002");
    watch.cancel("seen", null);
  }

  // A release in, part by part, and its load to the end.
  static void upload() throws Exception {
    String method = "RegistryService/UploadRelease";
    byte[] content = "201,5550100\n".repeat(5_000).getBytes();
    var stream = ClientCalls.blockingClientStreamingCall(asOperator(), METHODS.get(method),
        patiently());
    stream.write(message(method, Map.of("options", Map.of("list", "other:interop", "requested_by",
        "interop", "obtained_at", setting("obtained_at")))));
    stream.write(message(method, Map.of("file", Map.of("name", "interop.txt", "size_bytes",
        content.length))));
    for (int at = 0; at < content.length; at += 3_000) {
      stream.write(message(method, Map.of("chunk",
          Base64.getEncoder().encodeToString(Arrays.copyOfRange(content, at, at + 3_000)))));
    }
    stream.halfClose();
    Object id = get((DynamicMessage) get(stream.read(), "load"), "id");
    List<DynamicMessage> loads = all(listen(asOperator(), "RegistryService/WatchLoad",
        Map.of("load_id", id), patiently()), 0);
    equal(get((DynamicMessage) get(loads.get(loads.size() - 1), "load"), "state").toString(),
        "LOAD_STATE_SUCCEEDED");
  }

  static void serviceCases() {
    CASES.put("health", () -> {
      var watch = listen(channel, "Health/Watch", Map.of("service", "dnc.v1.ScrubService"),
          patiently());
      equal(get(watch.read(), "status").toString(), "SERVING");
      watch.cancel("seen", null);
      expectError(Status.Code.NOT_FOUND, "NOT_FOUND",
          () -> ask(channel, "Health/Check", Map.of("service", "no.such"), patiently()));
    });
    CASES.put("reflection", () -> {
      BlockingClientCall<ServerReflectionRequest, ServerReflectionResponse> stream =
          ClientCalls.blockingBidiStreamingCall(channel,
              ServerReflectionGrpc.getServerReflectionInfoMethod(), patiently());
      stream.write(ServerReflectionRequest.newBuilder().setListServices("").build());
      List<String> names = stream.read().getListServicesResponse().getServiceList().stream()
          .map(service -> service.getName()).toList();
      equal(names.containsAll(List.of("dnc.v1.ScrubService", "grpc.health.v1.Health")), true);
      stream.write(ServerReflectionRequest.newBuilder()
          .setFileContainingSymbol("dnc.v1.ScrubService").build());
      equal(stream.read().getFileDescriptorResponse().getFileDescriptorProtoCount() > 0, true);
      stream.halfClose();
    });
    CASES.put("keepalive", () -> {
      ManagedChannel pinging = builder().keepAliveTime(10, TimeUnit.SECONDS)
          .keepAliveTimeout(5, TimeUnit.SECONDS).keepAliveWithoutCalls(true).build();
      var watch = listen(pinging, "Health/Watch", Map.of(), patiently());
      equal(get(watch.read(), "status").toString(), "SERVING");
      Thread.sleep(25_000);
      watch.cancel("enough", null);
      expectError(Status.Code.CANCELLED, null, () -> all(watch, 0));
      ask(pinging, "Health/Check", Map.of(), patiently());
      pinging.shutdownNow();
    });
    CASES.put("drain", Client::drain);
  }

  // The server stops under load, and comes again at the same address: each call is answered, or
  // has a status that says that it may be repeated.
  static void drain() throws Exception {
    Map<String, AtomicInteger> statuses = new ConcurrentHashMap<>();
    AtomicBoolean stop = new AtomicBoolean();
    CountDownLatch loaded = new CountDownLatch(100);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      threads.add(new Thread(() -> {
        while (!stop.get()) {
          String code = "OK";
          try {
            equal(verdicts(scrub(Map.of("numbers", List.of(listed)))), List.of("LISTED"));
            loaded.countDown();
          } catch (StatusRuntimeException error) {
            code = error.getStatus().getCode().name();
          } catch (Throwable error) {
            code = error.toString();
          }
          statuses.computeIfAbsent(code, name -> new AtomicInteger()).incrementAndGet();
        }
      }));
    }
    var watch = listen(keyed(), "ListService/WatchChanges", Map.of(), patiently());
    var health = listen(channel, "Health/Watch", Map.of(), patiently());
    equal(get(health.read(), "status").toString(), "SERVING");
    threads.forEach(Thread::start);
    loaded.await();
    System.out.println("under load");
    System.in.read();  // the server has stopped, and another one starts
    expectError(Status.Code.UNAVAILABLE, null, () -> all(watch, 0));
    equal(get(health.read(), "status").toString(), "NOT_SERVING");  // before calls began to fail
    expectError(Status.Code.UNAVAILABLE, null, () -> all(health, 0));
    ask(channel, "Health/Check", Map.of(), patiently().withWaitForReady());
    stop.set(true);
    for (Thread thread : threads) thread.join();
    if (!Set.of("OK", "UNAVAILABLE").containsAll(statuses.keySet())) {
      throw new AssertionError(statuses.toString());
    }
  }

  public static void main(String[] arguments) throws Exception {
    settings = new Gson().fromJson(Files.readString(Path.of(arguments[0])), JsonObject.class);
    listed = setting("listed");
    free = setting("free");
    maxRequestBytes = settings.get("max_request_bytes").getAsInt();
    readContract();
    CompressorRegistry.getDefaultInstance().register(new Zlib("deflate"));
    CompressorRegistry.getDefaultInstance().register(new Zlib("x-own"));
    channel = builder().build();
    unaryCases();
    endingCases();
    streamCases();
    serviceCases();
    int failed = 0;
    for (String name : List.of(arguments).subList(1, arguments.length)) {
      try {
        CASES.get(name).run();
        System.out.println("ok " + name);
      } catch (Throwable error) {
        failed++;
        System.out.println("not ok " + name + ": " + error.toString().replaceAll("\\s+", " "));
      }
    }
    System.exit(failed > 0 ? 1 : 0);
  }
}
