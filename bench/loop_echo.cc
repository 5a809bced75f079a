// An echo of gRPC's wire protocol by nghttp2 on one loop, over what the server's loops are made of
// and over bare epoll: what Asio costs of a call.
//
//   loop_echo wire     server/wire as it is: bounds, deadlines, metadata, calls as objects
//   loop_echo asio     the loop and the sockets of server/wire, which are Asio's; above them
//   EchoSession loop_echo epoll    EchoSession on epoll, recv and send
//
// It prints its address, and serves until its input ends. A question's first four bytes say how
// long the answer must be, as for bench/echo_server.h. bench/loop.sh compares the three.
#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bench/wire.h"
#include "server/base/check.h"
#include "server/base/metrics.h"
#include "server/wire/byte_stream.h"
#include "server/wire/header_fields.h"
#include "server/wire/listener.h"
#include "server/wire/message_buffer.h"
#include "server/wire/wire_server.h"

namespace dnc {
namespace {

constexpr int kMaxEvents = 64;           // as EventLoop takes in at once
constexpr size_t kReadBytes = 64 << 10;  // its read space

// A connection's HTTP/2, without sockets: bytes in, bytes out.
class EchoSession {
 public:
  EchoSession() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &OnClose);
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~EchoSession() { nghttp2_session_del(session_); }
  EchoSession(const EchoSession&) = delete;
  EchoSession& operator=(const EchoSession&) = delete;

  // False if they break HTTP/2's rules.
  bool Take(std::string_view bytes) {
    return nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()),
                                    bytes.size()) >= 0;
  }
  // Appends what is to be sent.
  void Output(std::string* out) {
    const uint8_t* bytes = nullptr;
    for (ssize_t size = nghttp2_session_mem_send(session_, &bytes); size > 0;
         size = nghttp2_session_mem_send(session_, &bytes)) {
      out->append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
    }
  }

 private:
  struct Call {
    std::string question;  // with its prefix
    size_t answered = 0;   // bytes of the answer, with its prefix
  };

  static EchoSession* Self(void* user) { return static_cast<EchoSession*>(user); }
  static int OnData(nghttp2_session* /*session*/, uint8_t /*flags*/, int32_t stream,
                    const uint8_t* bytes, size_t size, void* user) {
    Self(user)->calls_[stream].question.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int OnFrame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_DATA && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      Self(user)->Answer(frame->hd.stream_id);
    }
    return 0;
  }
  static int OnClose(nghttp2_session* /*session*/, int32_t stream, uint32_t /*error*/, void* user) {
    Self(user)->calls_.erase(stream);
    return 0;
  }
  static ssize_t ReadBody(nghttp2_session* session, int32_t stream, uint8_t* space, size_t size,
                          uint32_t* flags, nghttp2_data_source* /*source*/, void* user) {
    Call& call = Self(user)->calls_[stream];
    const size_t wanted = WantedBytes(call.question.data() + kMessagePrefixBytes);
    size_t put = 0;
    for (; call.answered < kMessagePrefixBytes && put < size; ++call.answered) {
      const size_t shift = 8 * (kMessagePrefixBytes - 1 - call.answered);
      space[put++] = call.answered == 0 ? 0 : static_cast<uint8_t>(wanted >> shift);
    }
    const size_t part = std::min(size - put, kMessagePrefixBytes + wanted - call.answered);
    std::memset(space + put, 0, part);
    call.answered += part;
    if (call.answered == kMessagePrefixBytes + wanted) {
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const std::array<nghttp2_nv, 2> trailers = {Fixed("grpc-status", "0"),
                                                  Fixed("grpc-message", "")};
      nghttp2_submit_trailer(session, stream, trailers.data(), trailers.size());
    }
    return static_cast<ssize_t>(put + part);
  }

  void Answer(int32_t stream) {
    const Call& call = calls_[stream];
    if (call.question.size() < kMessagePrefixBytes + sizeof(uint32_t)) return;
    const std::array<nghttp2_nv, 2> headers = {Fixed(":status", "200"),
                                               Fixed("content-type", "application/grpc")};
    nghttp2_data_provider body{};
    body.read_callback = &ReadBody;
    nghttp2_submit_response(session_, stream, headers.data(), headers.size(), &body);
  }

  nghttp2_session* session_ = nullptr;
  std::unordered_map<int32_t, Call> calls_;
};

// The loop and the sockets of server/wire.
class AsioConnection final : public ByteStream::User,
                             public EventLoop::Flushed,
                             public std::enable_shared_from_this<AsioConnection> {
 public:
  AsioConnection(EventLoop* loop, int fd) : loop_(loop), bytes_(loop, fd, nullptr) {}
  void Start() { bytes_.Start(shared_from_this()); }

 private:
  void OnBytes(std::string_view bytes) override {
    if (!session_.Take(bytes)) bytes_.Close();
    FlushSoon();
  }
  void OnReady() override { FlushSoon(); }
  void OnSent() override {}
  void OnClosed() override {}
  void Flush() override {
    dirty_ = false;
    std::string& space = loop_->write_space();
    space.clear();
    session_.Output(&space);
    if (!space.empty()) bytes_.Send(space);
  }
  void FlushSoon() {
    if (!std::exchange(dirty_, true)) loop_->FlushSoon(shared_from_this());
  }

  EventLoop* const loop_;
  ByteStream bytes_;
  EchoSession session_;
  bool dirty_ = false;
};

// The same on epoll. It does what EventLoop does: takes in what is ready, and then sends.
class EpollLoop {
 public:
  // Thread-safe.
  void Add(int fd) {
    auto* const connection = new Connection{fd, {}, {}};  // until the process ends
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection;
    epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
  }

  void Run() {
    std::array<epoll_event, kMaxEvents> events{};
    std::vector<Connection*> dirty;
    std::vector<char> space(kReadBytes);
    while (true) {
      const int count = epoll_wait(poll_, events.data(), kMaxEvents, -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        auto* const connection = static_cast<Connection*>(event.data.ptr);
        if ((event.events & EPOLLIN) != 0) Receive(connection, &space);
        dirty.push_back(connection);
      }
      for (Connection* const connection : dirty) Send(connection);
      dirty.clear();
    }
  }

 private:
  struct Connection {
    int fd;
    EchoSession session;
    std::string unsent;
  };

  void Receive(Connection* connection, std::vector<char>* space) const {
    const ssize_t got = recv(connection->fd, space->data(), space->size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0 || !connection->session.Take({space->data(), static_cast<size_t>(got)})) {
      epoll_ctl(poll_, EPOLL_CTL_DEL, connection->fd, nullptr);
      shutdown(connection->fd, SHUT_RDWR);
    }
  }

  void Send(Connection* connection) const {
    const bool waited = !connection->unsent.empty();
    connection->session.Output(&connection->unsent);
    if (connection->unsent.empty()) return;
    const ssize_t sent = send(connection->fd, connection->unsent.data(), connection->unsent.size(),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) connection->unsent.erase(0, static_cast<size_t>(sent));
    if (waited == !connection->unsent.empty()) return;
    epoll_event event{};
    event.events = EPOLLIN | (waited ? 0U : uint32_t{EPOLLOUT});
    event.data.ptr = connection;
    epoll_ctl(poll_, EPOLL_CTL_MOD, connection->fd, &event);
  }

  const int poll_ = epoll_create1(EPOLL_CLOEXEC);
};

// The echo as a call of server/wire.
class WireEcho final : public CallHandler {
 public:
  explicit WireEcho(CallPtr call) : call_(std::move(call)) {}
  void OnMessage(ReceivedMessage message) override { message_ = std::move(message); }
  void OnEnd() override {
    if (message_.view().size() < sizeof(uint32_t)) {
      call_->Finish({3, "no question", ""});
      return;
    }
    const size_t size = std::min<size_t>(WantedBytes(message_.view().data()), kMaxEchoBytes);
    MessageBuffer answer(size);
    std::memset(answer.space(), 0, size);
    answer.SetMessage(0, size);
    call_->Answer(std::move(answer));
  }
  void OnCancel(CallEnd /*why*/) override {}

 private:
  const CallPtr call_;
  ReceivedMessage message_;
};

void WaitForEndOfInput() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
}

int Main(int argc, char** argv) {
  const std::string_view over = argc == 2 ? argv[1] : "";
  if (over != "wire" && over != "asio" && over != "epoll") {
    std::fprintf(stderr, "loop_echo: use loop_echo wire|asio|epoll\n");
    return 2;
  }
  Metrics metrics;
  const auto listener = Listener::Open("127.0.0.1:0", 0600, &metrics);
  DNC_CHECK(listener.ok(), "a port of loopback can be listened on");
  WireOptions options;
  options.spin = {};  // looking for the next event is no cost of a call
  options.accept = [](const CallPtr& call) -> std::shared_ptr<CallHandler> {
    call->ExpectOneMessage();
    call->AskMessage();
    return std::make_shared<WireEcho>(call);
  };
  options.status_of = [](const absl::Status& status) {
    return GrpcStatus{static_cast<int>(status.code()), std::string(status.message()), ""};
  };
  WireServer wire(options);
  EventLoop loop({});
  EpollLoop epoll;
  std::function<void(int)> take = [&epoll](int fd) { epoll.Add(fd); };
  if (over == "wire") {
    wire.Start();
    take = [&wire](int fd) { wire.Take(fd); };
  } else if (over == "asio") {
    loop.Start();
    take = [&loop](int fd) {
      loop.Post([&loop, fd] { std::make_shared<AsioConnection>(&loop, fd)->Start(); });
    };
  } else {
    std::thread([&epoll] { epoll.Run(); }).detach();
  }
  (*listener)->Start([&take](int /*listener_fd*/, int fd) { take(fd); }, absl::Seconds(60));
  std::printf("%s\n", (*listener)->address().c_str());
  std::fflush(stdout);
  WaitForEndOfInput();
  std::_Exit(0);  // the measurement has all that it needs
}

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) { return dnc::Main(argc, argv); }
