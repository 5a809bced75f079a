#include "bench/echo_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "bench/echo_queue.h"
#include "bench/wire.h"
#include "dnc/v1/scrub_service.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "server/base/check.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

// Only Scrub, whose messages are bytes.
using EchoService = v1::ScrubService::WithRawMethod_Scrub<v1::ScrubService::Service>;

class EchoCall {
 public:
  EchoCall(EchoService* service, EchoQueue* queue)
      : service_(service), queue_(queue), writer_(&context_) {}

  void WaitForCaller() {
    service_->RequestScrub(&context_, &request_, &writer_, queue_->queue(), queue_->queue(),
                           on_start_.tag());
  }

 private:
  void OnStart(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    auto* const next = new EchoCall(service_, queue_);
    // All answers refer to the same memory, because gRPC and the kernel are to be measured.
    static const grpc::Slice zeros(std::string(kMaxEchoBytes, '\0'));
    const grpc::Slice answer = zeros.sub(0, Wanted());
    const grpc::ByteBuffer response(&answer, 1);
    writer_.Finish(response, grpc::Status::OK, on_finish_.tag());
    next->WaitForCaller();
  }
  void OnFinish(bool /*ok*/) { delete this; }

  // gRPC may hand the request over in small pieces.
  uint32_t Wanted() {
    std::array<char, sizeof(uint32_t)> bytes{};
    size_t filled = 0;
    const void* data = nullptr;
    int size = 0;
    grpc::ProtoBufferReader reader(&request_);
    while (filled < bytes.size() && reader.Next(&data, &size)) {
      const size_t part = std::min(static_cast<size_t>(size), bytes.size() - filled);
      std::memcpy(bytes.data() + filled, data, part);
      filled += part;
    }
    return WantedBytes(bytes.data());
  }

  EchoService* const service_;
  EchoQueue* const queue_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  EchoMemberEvent<EchoCall, &EchoCall::OnStart> on_start_{this};
  EchoMemberEvent<EchoCall, &EchoCall::OnFinish> on_finish_{this};
};

void PrintPort(int port) {
  std::printf("%d\n", port);
  std::fflush(stdout);
}

void WaitForEndOfInput() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
}

}  // namespace

int RunEchoServer(int spin_microseconds) {
  EchoService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const int threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  EchoQueue queue(builder.AddCompletionQueue(), threads,
                  std::chrono::microseconds(spin_microseconds));
  const auto server = builder.BuildAndStart();
  DNC_CHECK(server != nullptr, "a port of loopback can be listened on");
  for (int i = 0; i < 32 * threads; ++i) (new EchoCall(&service, &queue))->WaitForCaller();
  queue.Start();
  PrintPort(port);
  WaitForEndOfInput();
  std::_Exit(0);  // the measurement has all that it needs
}

int RunPingPongServer() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  DNC_CHECK(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                listen(listener, 1) == 0 &&
                getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0,
            "a port of loopback can be listened on");
  PrintPort(ntohs(address.sin_port));
  const int peer = accept(listener, nullptr, nullptr);
  const int on = 1;
  setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  std::vector<char> bytes(kMaxEchoBytes);
  PingPongSizes sizes{};
  while (ReadFully(peer, &sizes, sizeof(sizes)) && ReadFully(peer, bytes.data(), sizes.request) &&
         WriteFully(peer, bytes.data(), sizes.response)) {
    continue;
  }
  return 0;
}

BenchServer::BenchServer(const std::string& role, int spin_microseconds) {
  int in[2];
  int out[2];
  DNC_CHECK(pipe(in) == 0 && pipe(out) == 0, "there are pipes");
  pid_ = fork();
  DNC_CHECK(pid_ >= 0, "there are processes");
  if (pid_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    close(in[1]);
    const std::string spin = StrCat(spin_microseconds);
    execl("/proc/self/exe", "measure_rpc", "--role", role.c_str(), "--spin", spin.c_str(), nullptr);
    std::_Exit(127);
  }
  close(in[0]);
  close(out[1]);
  stdin_ = in[1];
  std::FILE* const printed = fdopen(out[0], "r");
  DNC_CHECK(std::fscanf(printed, "%d", &port_) == 1, "the server prints its port");
  std::fclose(printed);
}

BenchServer::~BenchServer() {
  close(stdin_);
  waitpid(pid_, nullptr, 0);
}

std::string BenchServer::address() const { return StrCat("127.0.0.1:", port_); }

}  // namespace dnc
