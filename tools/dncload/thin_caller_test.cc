// The thin sender against the server's own transport. run_test.cc has it against gRPC's.
#include "tools/dncload/thin_caller.h"

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/metrics.h"
#include "server/wire/listener.h"
#include "server/wire/wire_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace dnc::load {
namespace {

constexpr int kResourceExhausted = 8;
constexpr int64_t kMillisecond = 1'000'000;

// What the server heard of calls.
struct Heard {
  std::atomic<int> given_up{0};
  std::atomic<int> under_way{0};
  std::atomic<int> most_under_way{0};
};

// The first word of the question says what the answer is:
//   echo    the question
//   fail    an error
//   never   none
//   empty   OK without a message
//   caller  the metadata that tell who asks, and the time that the caller has
class TestHandler final : public CallHandler {
 public:
  TestHandler(CallPtr call, Heard* heard) : call_(std::move(call)), heard_(*heard) {
    const int now = ++heard_.under_way;
    for (int most = heard_.most_under_way; now > most;) {
      if (heard_.most_under_way.compare_exchange_weak(most, now)) break;
    }
  }

  void OnMessage(ReceivedMessage message) override { message_ = message.view(); }
  void OnEnd() override {
    if (message_.starts_with("fail")) {
      End({kResourceExhausted, "too much: \xC3\xA4 100%\n", ""});
    } else if (message_ == "empty") {
      End({});
    } else if (message_ == "caller") {
      const auto metadata = [this](std::string_view name) {
        return std::string(call_->Metadata(name).value_or("none"));
      };
      const bool bounded = call_->deadline() != GrpcStream::Clock::time_point::max();
      Answer(metadata("authorization") + "|" + metadata("dnc-tenant") + "|" +
             (bounded ? "timeout" : "no timeout"));
    } else if (message_ != "never") {
      Answer(message_);
    }
  }
  void OnCancel(CallEnd /*why*/) override {
    ++heard_.given_up;
    --heard_.under_way;
  }

 private:
  void Answer(std::string_view text) {
    --heard_.under_way;
    call_->Answer(MessageBuffer::Copy(text));
  }
  void End(GrpcStatus status) {
    --heard_.under_way;
    call_->Finish(std::move(status));
  }

  const CallPtr call_;
  Heard& heard_;
  std::string message_;
};

// A server on a port or a unix socket.
class TestServer {
 public:
  explicit TestServer(Heard* heard, Http2Options http2 = {},
                      const std::string& listen = "127.0.0.1:0") {
    WireOptions options;
    options.http2 = http2;
    options.accept = [heard](const CallPtr& call) -> std::shared_ptr<CallHandler> {
      if (call->path() != kScrubMethod) return nullptr;
      call->AskMessage();
      return std::make_shared<TestHandler>(call, heard);
    };
    options.status_of = [](const absl::Status& status) {
      return GrpcStatus{static_cast<int>(status.code()), std::string(status.message()), ""};
    };
    wire_ = std::make_unique<WireServer>(std::move(options));
    wire_->Start();
    auto listener = Listener::Open(listen, 0600, &metrics_);
    EXPECT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
    listener_->Start([this](int /*listener_fd*/, int fd) { wire_->Take(fd); }, absl::Seconds(60));
  }
  ~TestServer() {
    listener_->Stop();
    wire_->Stop();
  }

  const std::string& address() const { return listener_->address(); }
  WireServer& wire() { return *wire_; }

 private:
  Metrics metrics_;
  std::unique_ptr<WireServer> wire_;
  std::unique_ptr<Listener> listener_;
};

// A client, and what its calls ended with, by their questions.
class TestClient : public CallUser {
 public:
  TestClient(const TargetOptions& target, int channels = 1, double timeout = 600)
      : target_(*Target::Make(target)),
        caller_(target_, {.channels = channels, .timeout = timeout}, this) {}
  explicit TestClient(const std::string& address, int channels = 1, double timeout = 600)
      : TestClient(OptionsOf(address), channels, timeout) {}

  absl::Status Connect(int seconds = 60) {
    return caller_.Connect(Clock::now() + std::chrono::seconds(seconds));
  }
  void Ask(const std::string& question) {
    questions_.push_back(std::make_unique<std::string>(question));
    caller_.Start(questions_.back().get(), *questions_.back());
    caller_.Flush();
  }
  // Waits until so many calls have ended.
  bool WaitFor(size_t calls) {
    const auto end = Clock::now() + std::chrono::minutes(5);
    while (ended_.size() < calls && Clock::now() < end) caller_.Take(50 * kMillisecond);
    return ended_.size() >= calls;
  }
  // Asks, and returns what the call ended with: the answer, or the error.
  std::string Call(const std::string& question) {
    const size_t before = ended_.size();
    Ask(question);
    EXPECT_TRUE(WaitFor(before + 1));
    return ended_.empty() ? "" : ended_.back();
  }

  void OnEnded(void* tag, const absl::Status& status, std::string_view answer) override {
    EXPECT_NE(tag, nullptr);
    ended_.push_back(status.ok() ? std::string(answer) : status.ToString());
  }

  ThinCaller& caller() { return caller_; }
  const std::vector<std::string>& ended() const { return ended_; }

 private:
  static TargetOptions OptionsOf(const std::string& address) {
    TargetOptions options;
    options.server = address;
    return options;
  }

  const Target target_;
  std::vector<std::unique_ptr<std::string>> questions_;
  std::vector<std::string> ended_;
  ThinCaller caller_;
};

TEST(ThinCallerTest, AnswersAndErrors) {
  Heard heard;
  TestServer server(&heard);
  TestClient client(server.address());
  ASSERT_TRUE(client.Connect().ok());
  EXPECT_EQ(client.Call("echo"), "echo");
  EXPECT_EQ(client.Call("fail"), "RESOURCE_EXHAUSTED: too much: \xC3\xA4 100%\n");
  EXPECT_EQ(client.Call("empty"), "INTERNAL: the server said OK, but without exactly one message");
  EXPECT_EQ(client.Call("caller"), "none|none|timeout");
  EXPECT_EQ(client.caller().opened(), 1);
}

TEST(ThinCallerTest, SaysWhoAsks) {
  Heard heard;
  TestServer server(&heard);
  TargetOptions options;
  options.server = server.address();
  options.key = "dnck_made_up";
  options.tenant = "acme";
  TestClient client(options);
  ASSERT_TRUE(client.Connect().ok());
  EXPECT_EQ(client.Call("caller"), "Bearer dnck_made_up|acme|timeout");
}

// Both windows are smaller than these messages, in both directions, and so is a frame.
TEST(ThinCallerTest, LongQuestionsAndAnswersPassTheWindows) {
  Heard heard;
  TestServer server(&heard);
  TestClient client(server.address(), 2);
  ASSERT_TRUE(client.Connect().ok());
  constexpr size_t kCalls = 6;
  constexpr size_t kBytes = 3'000'000;
  for (size_t i = 0; i < kCalls; ++i) client.Ask(std::string(kBytes + i, 'x'));
  ASSERT_TRUE(client.WaitFor(kCalls));
  size_t bytes = 0;
  for (const std::string& answer : client.ended()) bytes += answer.size();
  EXPECT_EQ(bytes, kCalls * kBytes + kCalls * (kCalls - 1) / 2);
}

TEST(ThinCallerTest, KeepsToTheServersBoundOfCallsAtOnce) {
  Heard heard;
  Http2Options http2;
  http2.max_streams = 3;
  TestServer server(&heard, http2);
  TestClient client(server.address());
  ASSERT_TRUE(client.Connect().ok());
  constexpr size_t kCalls = 200;
  for (size_t i = 0; i < kCalls; ++i) client.Ask("echo");
  ASSERT_TRUE(client.WaitFor(kCalls));
  EXPECT_EQ(client.ended(), std::vector<std::string>(kCalls, "echo"));
  EXPECT_LE(heard.most_under_way, 3);
}

// A call that is given up is reset, also one that waits for its turn, and the others go on.
TEST(ThinCallerTest, GivesUpWhenTheTimeHasPassed) {
  Heard heard;
  Http2Options http2;
  http2.max_streams = 2;
  TestServer server(&heard, http2);
  TestClient client(server.address(), 1, 0.1);
  ASSERT_TRUE(client.Connect().ok());
  for (int i = 0; i < 3; ++i) client.Ask("never");
  ASSERT_TRUE(client.WaitFor(3));
  for (const std::string& end : client.ended()) {
    EXPECT_EQ(end, "DEADLINE_EXCEEDED: no answer within --timeout");
  }
  EXPECT_TRUE(WaitUntil([&] {
    client.caller().Take(kMillisecond);
    return heard.given_up == 2;
  })) << "the third was never sent";
}

TEST(ThinCallerTest, CancelsAll) {
  Heard heard;
  TestServer server(&heard);
  TestClient client(server.address());
  ASSERT_TRUE(client.Connect().ok());
  for (int i = 0; i < 5; ++i) client.Ask("never");
  EXPECT_TRUE(WaitUntil([&] {
    client.caller().Take(kMillisecond);
    return heard.under_way == 5;
  }));
  client.caller().CancelAll();
  ASSERT_TRUE(client.WaitFor(5));
  EXPECT_EQ(client.ended(), std::vector<std::string>(5, "CANCELLED: the run was ended"));
}

// A server that stops tells so first: calls under way end, and the next go to the one that has
// taken its place.
TEST(ThinCallerTest, FollowsAGoaway) {
  Heard heard;
  auto server = std::make_unique<TestServer>(&heard);
  TestClient client(server->address(), 2);
  ASSERT_TRUE(client.Connect().ok());
  EXPECT_EQ(client.caller().opened(), 2);
  client.Ask("never");
  EXPECT_TRUE(WaitUntil([&] {
    client.caller().Take(kMillisecond);
    return heard.under_way == 1;
  }));
  server->wire().AnnounceEnd(absl::ZeroDuration());
  constexpr size_t kCalls = 100;
  EXPECT_TRUE(WaitUntil([&] {
    client.Call("echo");
    return client.caller().opened() == 4;
  }));
  const std::vector<std::string> before = client.ended();
  EXPECT_EQ(before, std::vector<std::string>(before.size(), "echo")) << "none was lost";
  for (size_t i = 0; i < kCalls; ++i) EXPECT_EQ(client.Call("echo"), "echo");
  EXPECT_EQ(client.caller().opened(), 4) << "one for each that was left";
  EXPECT_EQ(heard.under_way, 1) << "what was under way stays there";
}

TEST(ThinCallerTest, AServerThatComesBackIsAskedAgain) {
  Heard heard;
  const blackbox::TempDir folder;
  const std::string address = "unix:" + folder.path() + "/socket";
  auto server = std::make_unique<TestServer>(&heard, Http2Options(), address);
  TestClient client(address);
  ASSERT_TRUE(client.Connect().ok());
  EXPECT_EQ(client.Call("echo"), "echo");
  client.Ask("never");
  EXPECT_TRUE(WaitUntil([&] {
    client.caller().Take(kMillisecond);
    return heard.under_way == 1;
  }));
  server.reset();
  ASSERT_TRUE(client.WaitFor(2));
  EXPECT_TRUE(client.ended().back().starts_with("UNAVAILABLE: the connection was lost"))
      << client.ended().back();
  EXPECT_TRUE(WaitUntil(
      [&] { return client.Call("echo").starts_with("UNAVAILABLE: no connection to unix:"); }));
  server = std::make_unique<TestServer>(&heard, Http2Options(), address);
  EXPECT_TRUE(WaitUntil([&] { return client.Call("echo") == "echo"; }));
}

TEST(ThinCallerTest, NoServer) {
  TestClient client("127.0.0.1:1");
  const absl::Status status = client.Connect(0);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_NE(status.message().find("no connection to 127.0.0.1:1"), std::string::npos) << status;
  EXPECT_FALSE(TestClient("no.such.host.invalid:1").Connect(0).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(TestClient("unix:").Connect(0)));
}

// A server that speaks something else, or breaks HTTP/2's rules.
TEST(ThinCallerTest, AServerOfAnotherProtocol) {
  const blackbox::TempDir folder;
  Metrics metrics;
  const std::string address = "unix:" + folder.path() + "/socket";
  const auto listener = Listener::Open(address, 0600, &metrics);
  ASSERT_TRUE(listener.ok());
  (*listener)->Start(
      [](int /*listener_fd*/, int fd) {
        const std::string text = "HTTP/1.1 400 Bad Request\r\n\r\n";
        EXPECT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
        close(fd);
      },
      absl::Seconds(60));
  const absl::Status status = TestClient(address).Connect(1);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  (*listener)->Stop();
}

}  // namespace
}  // namespace dnc::load
