// Any bytes after a connection's beginning. The server must neither crash nor keep anything of it,
// and every call that was begun must end.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "server/base/check.h"
#include "server/base/error.h"
#include "server/wire/wire_server.h"

namespace dnc {
namespace {

constexpr int64_t kPoolBytes = 1 << 20;

// Answers with what was asked.
class EchoHandler final : public CallHandler {
 public:
  explicit EchoHandler(CallPtr call) : call_(std::move(call)) {}
  void OnMessage(ReceivedMessage message) override {
    message_ = MessageBuffer::Copy(message.view());
  }
  void OnEnd() override { call_->Answer(std::move(message_)); }
  void OnCancel(CallEnd /*why*/) override {}

 private:
  const CallPtr call_;
  MessageBuffer message_{0};
};

std::unique_ptr<WireServer> NewServer() {
  WireOptions options;
  options.spin = std::chrono::nanoseconds(0);
  options.http2.pool_bytes = kPoolBytes;
  options.http2.max_message = 1 << 16;
  options.accept = [](const CallPtr& call) -> std::shared_ptr<CallHandler> {
    call->AskMessage();
    return std::make_shared<EchoHandler>(call);
  };
  options.status_of = [](const absl::Status& status) {
    return GrpcStatus{static_cast<int>(status.code()), "refused", ErrorReason(status)};
  };
  auto server = std::make_unique<WireServer>(std::move(options));
  server->Start();
  return server;
}

}  // namespace
}  // namespace dnc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<dnc::WireServer> server = dnc::NewServer();
  std::array<int, 2> ends{};
  DNC_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0, "a socket pair");
  server->Take(ends[0]);
  static const std::string begin("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  std::string bytes = begin + std::string(reinterpret_cast<const char*>(data), size);
  std::array<char, 4096> answer{};
  bool shut = false;
  while (true) {
    const ssize_t sent =
        bytes.empty() ? 0 : send(ends[1], bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) bytes.erase(0, static_cast<size_t>(sent));
    if (bytes.empty() && !std::exchange(shut, true)) shutdown(ends[1], SHUT_WR);
    pollfd wait{ends[1], POLLIN, 0};
    poll(&wait, 1, 1000);
    const ssize_t got = recv(ends[1], answer.data(), answer.size(), 0);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) break;
  }
  close(ends[1]);
  DNC_CHECK(server->WaitUntilClosed(absl::Seconds(60)), "the connection ends");
  DNC_CHECK(server->free_bytes() == dnc::kPoolBytes, "what it held comes back");
  return 0;
}
