#include "bench/echo_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "bench/wire.h"
#include "dnc/v1/scrub_service.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "server/base/check.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

using ScrubServiceBase = v1::ScrubService::WithRawMethod_Scrub<v1::ScrubService::Service>;

// A call, from its caller's coming to its answer's leaving.
class EchoCall {
 public:
  EchoCall(ScrubServiceBase* service, grpc::ServerCompletionQueue* queue)
      : service_(service), queue_(queue), writer_(&context_) {}

  void WaitForCaller() {
    service_->RequestScrub(&context_, &request_, &writer_, queue_, queue_, this);
  }

  // What was waited for has happened.
  void Happen(bool ok) {
    if (!ok || std::exchange(answered_, true)) {
      delete this;
      return;
    }
    auto* const next = new EchoCall(service_, queue_);
    // All answers refer to the same memory, because gRPC and the kernel are to be measured.
    static const grpc::Slice zeros(std::string(kMaxEchoBytes, '\0'));
    const grpc::Slice answer = zeros.sub(0, Wanted());
    const grpc::ByteBuffer response(&answer, 1);
    writer_.Finish(response, grpc::Status::OK, this);
    next->WaitForCaller();
  }

 private:
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

  ScrubServiceBase* const service_;
  grpc::ServerCompletionQueue* const queue_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  bool answered_ = false;
};

// The next event. One thread alone waits for it, and looks for `spin` before it sleeps: so gRPC is
// quickest.
bool Next(grpc::CompletionQueue* queue, std::chrono::microseconds spin, void** tag, bool* ok) {
  const gpr_timespec now = gpr_time_0(GPR_CLOCK_MONOTONIC);
  const auto end = std::chrono::steady_clock::now() + spin;
  do {
    const auto status = queue->AsyncNext(tag, ok, now);
    if (status != grpc::CompletionQueue::TIMEOUT) return status == grpc::CompletionQueue::GOT_EVENT;
  } while (std::chrono::steady_clock::now() < end);
  return queue->Next(tag, ok);
}

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
  ScrubServiceBase service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  DNC_CHECK(server != nullptr, "a port of loopback can be listened on");
  constexpr int kWaiting = 64;
  for (int i = 0; i < kWaiting; ++i) (new EchoCall(&service, queue.get()))->WaitForCaller();
  std::thread([&] {
    void* tag = nullptr;
    bool ok = false;
    while (Next(queue.get(), std::chrono::microseconds(spin_microseconds), &tag, &ok)) {
      static_cast<EchoCall*>(tag)->Happen(ok);
    }
  }).detach();
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
