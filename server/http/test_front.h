// A front without a listener and its callers' end of connections, for tests.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "server/base/check.h"
#include "server/http/http_front.h"

namespace dnc {

// One end of a connection, as a caller uses it. What is waited for comes within a minute.
class TestPeer {
 public:
  explicit TestPeer(int fd) : fd_(fd) {}
  TestPeer(TestPeer&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), kept_(std::move(other.kept_)) {}
  TestPeer& operator=(TestPeer&&) = delete;
  ~TestPeer() { Close(); }

  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  // Whether all of it was taken.
  bool Send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void FinishSending() const { shutdown(fd_, SHUT_WR); }

  // The next answer as it came: the head, and so much body as Content-Length says; what came
  // before the connection was closed, if it was. `bodyless`: none comes, as after HEAD.
  std::string Answer(bool bodyless = false) {
    size_t head = std::string::npos;
    while ((head = kept_.find("\r\n\r\n")) == std::string::npos) {
      if (!More()) return std::exchange(kept_, "");
    }
    size_t size = head + 4;
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const size_t length = kept_.find(kLength);
    if (!bodyless && length < head) {
      size += std::strtoul(kept_.c_str() + length + kLength.size(), nullptr, 10);
    }
    while (kept_.size() < size) {
      if (!More()) return std::exchange(kept_, "");
    }
    std::string answer = kept_.substr(0, size);
    kept_.erase(0, size);
    return answer;
  }
  // All that still comes until the connection is closed.
  std::string Rest() {
    while (More()) {
    }
    return std::exchange(kept_, "");
  }
  // The same, by little pieces and with pauses.
  std::string RestSlowly() {
    constexpr std::chrono::milliseconds kPause(20);
    while (More()) std::this_thread::sleep_for(kPause);
    return std::exchange(kept_, "");
  }

 private:
  bool More() {
    constexpr int kPatienceMs = 60'000;
    pollfd wait{fd_, POLLIN, 0};
    DNC_CHECK(poll(&wait, 1, kPatienceMs) == 1, "nothing comes");
    std::array<char, 4096> space{};
    const ssize_t got = recv(fd_, space.data(), space.size(), 0);
    if (got <= 0) return false;
    kept_.append(space.data(), static_cast<size_t>(got));
    return true;
  }

  int fd_;
  std::string kept_;
};

class TestFront {
 public:
  // Add the routes before Start.
  Router& router() { return router_; }
  void Start(const HttpOptions& options = {}) {
    HttpFrontParts parts;
    parts.loops = &loops_;
    parts.router = &router_;
    parts.metrics = &metrics_;
    parts.live = &live_;
    parts.is_known = [](const HttpRequest& head) { return head.Header("known").has_value(); };
    front_ = std::make_unique<HttpFront>(options, parts);
    loops_.Start();
    front_->Start();
  }
  ~TestFront() {
    if (front_ != nullptr) front_->CloseAll();
    loops_.Stop();
  }

  HttpFront& front() { return *front_; }
  LiveCalls& live() { return live_; }

  TestPeer Connect() {
    std::array<int, 2> ends{};
    DNC_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0,
              "a socket pair");
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    front_->Take(ends[0]);
    return TestPeer(ends[1]);
  }
  // The same from an address of 127.0.0.0/8; each is another network.
  TestPeer ConnectFrom(const char* address) {
    const int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at = At("127.0.0.1");
    socklen_t size = sizeof(at);
    auto* const raw = reinterpret_cast<sockaddr*>(&at);
    DNC_CHECK(bind(listening, raw, size) == 0 && listen(listening, 1) == 0, "a listener");
    DNC_CHECK(getsockname(listening, raw, &size) == 0, "its port");
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in from = At(address);
    DNC_CHECK(bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof(from)) == 0, "an address");
    DNC_CHECK(connect(fd, raw, size) == 0, "a connection");
    front_->Take(accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    close(listening);
    return TestPeer(fd);
  }

 private:
  static sockaddr_in At(const char* address) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    DNC_CHECK(inet_pton(AF_INET, address, &at.sin_addr) == 1, "an IPv4 address");
    return at;
  }

  EventLoops loops_{2, std::chrono::nanoseconds(0)};
  Router router_;
  Metrics metrics_;
  LiveCalls live_;
  std::unique_ptr<HttpFront> front_;
};

}  // namespace dnc
