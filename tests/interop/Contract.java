// The contract for Client.java: methods by their names, messages from maps, and what cases expect.

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;

class Contract {
  interface Case {
    void run() throws Exception;
  }

  static JsonObject settings;
  static final Map<String, MethodDescriptor<DynamicMessage, DynamicMessage>> METHODS =
      new HashMap<>();
  static final Map<String, Descriptor> REQUESTS = new HashMap<>();
  static ManagedChannel channel;
  static String listed;
  static String free;
  static int maxRequestBytes;

  static String setting(String name) {
    return settings.get(name).getAsString();
  }

  // The methods of the contract by their names: ScrubService/Scrub.
  static void readContract() throws Exception {
    FileDescriptorSet set =
        FileDescriptorSet.parseFrom(Files.readAllBytes(Path.of(setting("descriptors"))));
    Map<String, FileDescriptor> files = new HashMap<>();
    for (FileDescriptorProto proto : set.getFileList()) {
      FileDescriptor[] needs =
          proto.getDependencyList().stream().map(files::get).toArray(FileDescriptor[]::new);
      FileDescriptor file = FileDescriptor.buildFrom(proto, needs);
      files.put(proto.getName(), file);
      for (var service : file.getServices()) {
        for (var method : service.getMethods()) {
          String name = service.getName() + "/" + method.getName();
          boolean in = method.isClientStreaming();
          boolean out = method.isServerStreaming();
          REQUESTS.put(name, method.getInputType());
          METHODS.put(name, MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
              .setType(in ? (out ? MethodType.BIDI_STREAMING : MethodType.CLIENT_STREAMING)
                  : (out ? MethodType.SERVER_STREAMING : MethodType.UNARY))
              .setFullMethodName(service.getFullName() + "/" + method.getName())
              .setRequestMarshaller(
                  ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(method.getInputType())))
              .setResponseMarshaller(
                  ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(method.getOutputType())))
              .build());
        }
      }
    }
  }

  static NettyChannelBuilder builder() throws Exception {
    NettyChannelBuilder made = NettyChannelBuilder.forTarget(setting("address"))
        .maxInboundMessageSize(Integer.MAX_VALUE).maxInboundMetadataSize(1 << 20);
    if (setting("ca").isEmpty()) return made.usePlaintext();
    return made.sslContext(
        GrpcSslContexts.forClient().trustManager(new File(setting("ca"))).build());
  }

  static Metadata key(String key) {
    Metadata made = new Metadata();
    made.put(text("authorization"), "Bearer " + key);
    return made;
  }

  static Metadata.Key<String> text(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  static Channel with(Channel channel, Metadata metadata) {
    return ClientInterceptors.intercept(channel,
        MetadataUtils.newAttachHeadersInterceptor(metadata));
  }

  static Channel keyed() {
    return with(channel, key(setting("key")));
  }

  static Channel asOperator() {
    return with(channel, key(setting("operator_key")));
  }

  static CallOptions within(double seconds) {
    return CallOptions.DEFAULT.withDeadlineAfter(Duration.ofMillis((long) (1000 * seconds)));
  }

  static CallOptions patiently() {
    return within(settings.get("patience").getAsDouble());
  }

  static DynamicMessage message(String method, Map<String, ?> fields) throws Exception {
    DynamicMessage.Builder made = DynamicMessage.newBuilder(REQUESTS.get(method));
    JsonFormat.parser().merge(new Gson().toJson(fields), made);
    return made.build();
  }

  static DynamicMessage ask(Channel on, String method, Map<String, ?> fields, CallOptions options)
      throws Exception {
    return ClientCalls.blockingUnaryCall(on, METHODS.get(method), options,
        message(method, fields));
  }

  static DynamicMessage scrub(Map<String, ?> fields) throws Exception {
    return ask(keyed(), "ScrubService/Scrub", fields, patiently());
  }

  static BlockingClientCall<DynamicMessage, DynamicMessage> listen(
      Channel on, String method, Map<String, ?> fields, CallOptions options) throws Exception {
    return ClientCalls.blockingV2ServerStreamingCall(on, METHODS.get(method), options,
        message(method, fields));
  }

  // All answers of a stream.
  static List<DynamicMessage> all(BlockingClientCall<DynamicMessage, DynamicMessage> stream,
      int pauseMillis) throws Exception {
    List<DynamicMessage> answers = new ArrayList<>();
    for (DynamicMessage answer = stream.read(); answer != null; answer = stream.read()) {
      answers.add(answer);
      Thread.sleep(pauseMillis);
    }
    return answers;
  }

  // Sends requests from a thread of their own, as fast as the stream takes them.
  static void sendAll(BlockingClientCall<DynamicMessage, DynamicMessage> stream, String method,
      List<Map<String, ?>> requests) {
    new Thread(() -> {
      try {
        for (Map<String, ?> request : requests) stream.write(message(method, request));
        stream.halfClose();
      } catch (Exception error) {
        stream.cancel("cannot send", error);
      }
    }).start();
  }

  static Object get(DynamicMessage message, String field) {
    return message.getField(message.getDescriptorForType().findFieldByName(field));
  }

  @SuppressWarnings("unchecked")
  static List<DynamicMessage> many(DynamicMessage message, String field) {
    return (List<DynamicMessage>) get(message, field);
  }

  @SuppressWarnings("unchecked")
  static List<String> verdicts(DynamicMessage answer) {
    return ((List<EnumValueDescriptor>) get(answer, "verdicts")).stream()
        .map(verdict -> verdict.getName().replace("VERDICT_", "")).toList();
  }

  static List<String> repeat(int count, String... values) {
    return IntStream.range(0, count).boxed().flatMap(i -> List.of(values).stream()).toList();
  }

  // A request of Scrub that has so many bytes.
  static Map<String, ?> ofSize(int size) {
    return Map.of("texts", List.of("x".repeat(size - 5)));
  }

  static void equal(Object got, Object wanted) {
    if (!got.equals(wanted)) {
      String said = got.toString();
      throw new AssertionError(said.substring(0, Math.min(300, said.length())));
    }
  }

  static String reason(Throwable error) throws Exception {
    com.google.rpc.Status status = StatusProto.fromThrowable(error);
    return status == null || status.getDetailsCount() == 0 ? ""
        : status.getDetails(0).unpack(ErrorInfo.class).getReason();
  }

  // Runs what must fail with this code and, if it is not null, this reason.
  static void expectError(Status.Code code, String why, Case failing) throws Exception {
    try {
      failing.run();
    } catch (StatusException | StatusRuntimeException | ExecutionException error) {
      Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
      Status status = Status.fromThrowable(cause);
      if (status.getCode() != code) throw new AssertionError(status.toString());
      if (why != null) equal(reason(cause), why);
      return;
    }
    throw new AssertionError("no error, instead of " + code);
  }

  static Map<String, ?> waiting() {
    return Map.of("numbers", List.of(free), "at_least_revision", 1_000_000_000);
  }
}
