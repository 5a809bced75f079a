// The transport alone: handlers that answer at once, from another thread, or never, and a client
// that speaks HTTP/2 by nghttp2. Here the thread sanitizer sees all of it.
#include "server/wire/wire_server.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "gtest/gtest.h"
#include "server/base/error.h"
#include "server/wire/test_client.h"
#include "tests/support/seed.h"

namespace dnc {
namespace {

constexpr int kNotFound = 5;
constexpr int kDeadlineExceeded = 4;
constexpr int kTooMuch = 8;
constexpr size_t kLongAnswer = 500'000;
constexpr size_t kLongestExpanded = 4 << 20;

// Joins the threads that answer.
class Answerers {
 public:
  ~Answerers() {
    for (std::thread& thread : threads_) thread.join();
  }
  void Start(std::function<void()> job) {
    const absl::MutexLock lock(&mutex_);
    threads_.emplace_back(std::move(job));
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::thread> threads_;
};

// What the paths do:
//   /echo     answers with the message, on the loop as a job
//   /thread   the same, from another thread
//   /fail     fails
//   /enough   fails when a long message has begun
//   /kept     fails with a status that is told often
//   /long     has a long answer
//   /never    does not answer before the deadline
//   /stream   answers each message when it has come
//   /taken    asks for each message from a task of its own, and answers nothing but the end
class TestHandler final : public CallHandler,
                          public EventLoop::Job,
                          public std::enable_shared_from_this<TestHandler> {
 public:
  TestHandler(CallPtr call, Answerers* answerers, std::atomic<int>* gone)
      : call_(std::move(call)), answerers_(*answerers), gone_(*gone) {}

  void OnMessage(ReceivedMessage message) override {
    if (!message.Expand(kLongestExpanded).ok()) {
      call_->Finish({kTooMuch, "too long", ""});
      return;
    }
    message_ = message.view();
    if (call_->path() == "/stream") call_->Write(MessageBuffer::Copy(message_));
    if (call_->path() == "/taken") {
      call_->loop()->Post([self = shared_from_this()] { self->call_->AskMessage(); });
    }
  }
  void OnMessageBegun(size_t size, std::string_view first, bool compressed) override {
    if (call_->path() != "/enough" || compressed) return;
    call_->Finish({kTooMuch, std::to_string(size) + std::string(first.substr(0, 1)), ""});
  }
  void OnWritten() override { call_->AskMessage(); }
  void OnEnd() override {
    const std::string_view path = call_->path();
    if (path == "/echo") {
      call_->loop()->Submit(shared_from_this());
    } else if (path == "/thread") {
      answerers_.Start([self = shared_from_this()] {
        self->call_->Answer(MessageBuffer::Copy(self->message_));
      });
    } else if (path == "/stream" || path == "/taken") {
      call_->Finish({});
    } else if (path == "/long") {
      call_->Answer(MessageBuffer::Copy(std::string(kLongAnswer, 'x')));
    } else if (path == "/kept") {
      static const StatusPtr status =
          ToFields({kTooMuch, std::string(300, 'm'), std::string(300, 'd')}, /*kept=*/true);
      call_->FinishWith(status);
    } else if (path == "/fail") {
      call_->Finish({kNotFound, "not \xC3\xA4 found\n100%", "details"});
    } else {
      call_->WatchDeadline();
    }
  }
  void RunJob() override { call_->Answer(MessageBuffer::Copy(message_)); }
  void OnCancel(CallEnd why) override {
    if (why == CallEnd::kDeadline) {
      call_->Finish({kDeadlineExceeded, "late", ""});
    } else {
      ++gone_;
    }
  }

 private:
  const CallPtr call_;
  Answerers& answerers_;
  std::atomic<int>& gone_;
  std::string message_;
};

class WireServerTest : public testing::Test {
 protected:
  void Start(WireOptions options = {}) {
    options.loops = 2;
    options.accept = [this](const CallPtr& call) -> std::shared_ptr<CallHandler> {
      if (call->path() == "/none") return nullptr;
      if (call->path() == "/stream") call->AllowSilence();
      if (call->path() == "/echo" || call->path() == "/enough") call->ExpectOneMessage();
      call->AskMessage();
      return std::make_shared<TestHandler>(call, &answerers_, &gone_);
    };
    options.status_of = [](const absl::Status& status) {
      return GrpcStatus{static_cast<int>(status.code()), std::string(status.message()),
                        ErrorReason(status)};
    };
    server_ = std::make_unique<WireServer>(std::move(options));
    server_->Start();
  }
  ~WireServerTest() override {
    if (server_ != nullptr) server_->Stop();
  }

  // A connection to the server: our end of it.
  int Connect() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    server_->Take(ends[0]);
    return ends[1];
  }

  std::atomic<int> gone_{0};  // calls whose callers were gone
  std::unique_ptr<WireServer> server_;
  Answerers answerers_;  // joined before the server goes
};

TEST_F(WireServerTest, Answers) {
  Start();
  TestClient client(Connect());
  for (const char* path : {"/echo", "/thread", "/stream"}) {
    const TestAnswer& answer = client.Call(path, "some text");
    EXPECT_EQ(answer.http_status, "200");
    EXPECT_EQ(answer.trailers.at("content-type"), "application/grpc");
    EXPECT_EQ(answer.code(), "0") << path;
    EXPECT_EQ(answer.trailers.count("grpc-message"), 1U) << path;
    EXPECT_EQ(answer.messages(), std::vector<std::string>{"some text"});
  }
  EXPECT_EQ(client.Call("/echo", "").messages(), std::vector<std::string>{""});
}

TEST_F(WireServerTest, ErrorsAreTrailersOnly) {
  Start();
  TestClient client(Connect());
  const TestAnswer& failed = client.Call("/fail", "x");
  EXPECT_EQ(failed.code(), "5");
  EXPECT_EQ(failed.trailers.at("grpc-message"), "not %C3%A4 found%0A100%25");
  EXPECT_EQ(failed.trailers.at("grpc-status-details-bin"), "ZGV0YWlscw");
  EXPECT_TRUE(failed.body.empty());
  EXPECT_EQ(client.Call("/none", "x").code(), "12");
  EXPECT_EQ(client.Call("/echo", "x", {{"grpc-timeout", "soon"}}).code(), "13");
  EXPECT_EQ(client.Call("/echo", "x", {{"grpc-encoding", "snappy"}}).code(), "12");
}

// What has been told is not sent again, but heard again.
TEST_F(WireServerTest, AKeptStatusIsRemembered) {
  Start();
  TestClient client(Connect());
  const TestAnswer first = client.Call("/kept", "x");
  EXPECT_EQ(first.code(), std::to_string(kTooMuch));
  EXPECT_EQ(first.trailers.at("grpc-message"), std::string(300, 'm'));
  EXPECT_GT(client.received(), 300U);
  const size_t before = client.received();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(client.Call("/kept", "x").trailers, first.trailers);
  }
  EXPECT_LT(client.received() - before, 10 * 60U);
  // Other statuses are told in between, and another peer has not heard of it.
  EXPECT_EQ(client.Call("/fail", "x").trailers.at("grpc-message"), "not %C3%A4 found%0A100%25");
  EXPECT_EQ(client.Call("/kept", "x").trailers, first.trailers);
  TestClient other(Connect());
  EXPECT_EQ(other.Call("/kept", "x").trailers, first.trailers);
  // A call that is given up before its refusal has left takes no other's status with it.
  for (int i = 0; i < 20; ++i) {
    client.Reset(client.Begin("/kept", TestClient::Framed("x"), true));
    EXPECT_EQ(client.Call("/kept", "x").trailers, first.trailers);
  }
}

// While calls are refused, a handler may end one whose message has only begun. The answer comes
// though the request never ends, and the stream is reset without an error.
TEST_F(WireServerTest, ALongMessageIsRefusedAtItsBeginning) {
  Start();
  TestClient client(Connect());
  const std::string framed = TestClient::Framed(std::string(200'000, 'x'));
  // Nobody is asked while all is well, nor about a message that comes whole.
  const int32_t whole = client.Begin("/enough", framed, false);
  EXPECT_EQ(client.Call("/echo", "x").code(), "0");
  EXPECT_FALSE(client.answer(whole).ended);
  EXPECT_EQ(client.Call("/fail", "x").code(), std::to_string(kNotFound));
  EXPECT_FALSE(client.answer(client.Begin("/enough", TestClient::Framed("x"), false)).ended);
  EXPECT_FALSE(client.answer(whole).ended);
  const int32_t begun = client.Begin("/enough", framed.substr(0, 3000), false);
  EXPECT_EQ(client.Wait(begun).code(), std::to_string(kTooMuch));
  EXPECT_EQ(client.answer(begun).trailers.at("grpc-message"), "200000x");
  EXPECT_EQ(client.answer(begun).error, static_cast<uint32_t>(NGHTTP2_NO_ERROR));
  EXPECT_EQ(client.answer(begun).http_status, "200");
  // What was on its way gives the connection's window back: more than all of it passes.
  for (int i = 0; i < 20; ++i) {
    const int32_t id = client.Begin("/enough", framed, true);
    EXPECT_EQ(client.Wait(id).code(), std::to_string(kTooMuch)) << i;
  }
  EXPECT_EQ(client.Call("/echo", std::string(300'000, 'y')).code(), "0");
  // An answered call ends the refusing.
  const int32_t next = client.Begin("/enough", framed.substr(0, 3000), false);
  EXPECT_EQ(client.Call("/echo", "x").code(), "0");
  EXPECT_FALSE(client.answer(next).ended);
}

TEST_F(WireServerTest, MessagesOfAllSizes) {
  WireOptions options;
  options.http2.max_message = 3 << 20;
  Start(options);
  TestClient client(Connect());
  for (const size_t size : {1UL, 16384UL - 5, 16384UL, 65535UL, 300'000UL, 3UL << 20}) {
    const std::string text(size, 'a');
    EXPECT_EQ(client.Call("/echo", text).messages(), std::vector<std::string>{text}) << size;
  }
  const TestAnswer& refused = client.Call("/echo", std::string((3 << 20) + 1, 'a'));
  EXPECT_EQ(refused.code(), "8");
  EXPECT_EQ(client.Call("/echo", "still").code(), "0");
}

TEST_F(WireServerTest, StreamsInBothDirections) {
  Start();
  TestClient client(Connect());
  const int32_t id = client.Begin("/stream", TestClient::Framed("one"), false);
  ASSERT_TRUE(client.WaitFor([&] { return client.answer(id).messages().size() == 1; }));
  client.Add(id, TestClient::Framed("two") + TestClient::Framed("three"), false);
  ASSERT_TRUE(client.WaitFor([&] { return client.answer(id).messages().size() == 3; }));
  client.Add(id, "", true);
  EXPECT_EQ(client.Wait(id).code(), "0");
  EXPECT_EQ(client.answer(id).messages(), (std::vector<std::string>{"one", "two", "three"}));
}

// More than any window, and read slowly.
TEST_F(WireServerTest, ALongStreamPassesSmallWindows) {
  Start();
  TestClient client(Connect(), /*window=*/100);
  const std::string text(5000, 'b');
  const int32_t id = client.Begin("/stream", "", false);
  for (int i = 0; i < 100; ++i) {
    client.Add(id, TestClient::Framed(text), false);
    ASSERT_TRUE(client.WaitFor(
        [&] { return client.answer(id).messages().size() > static_cast<size_t>(i); }));
  }
  client.Add(id, "", true);
  EXPECT_EQ(client.Wait(id).code(), "0");
}

// The window opens again as messages are taken, though nothing else happens on the connection.
TEST_F(WireServerTest, AWindowOpensWithoutOtherNews) {
  Start();
  TestClient client(Connect());
  const std::string part = TestClient::Framed(std::string(4000, 'c'));
  std::string all;
  for (int i = 0; i < 500; ++i) all += part;
  EXPECT_EQ(client.Wait(client.Begin("/taken", all, true)).code(), "0");
}

// A stream of the smallest messages, with a ping for each, as clients measure their lines.
TEST_F(WireServerTest, SmallMessagesWithPingsAreHonest) {
  WireOptions options;
  options.http2.idle_frames = 50;
  options.http2.idle_frames_second = 1;
  Start(options);
  TestClient client(Connect());
  const int32_t id = client.Begin("/stream", "", false);
  for (size_t i = 1; i <= 300; ++i) {
    client.Ping();
    client.Add(id, TestClient::Framed("x"), false);
    ASSERT_TRUE(client.WaitFor([&] { return client.answer(id).messages().size() == i; })) << i;
  }
  client.Add(id, "", true);
  EXPECT_EQ(client.Wait(id).code(), "0");
}

TEST_F(WireServerTest, AnswersThatNobodyTakesEnd) {
  WireOptions options;
  options.http2.half_message = std::chrono::milliseconds(1);
  Start(options);
  TestClient client(Connect(), /*window=*/0);
  const int32_t id = client.Begin("/thread", TestClient::Framed("some text"), true);
  EXPECT_EQ(client.Wait(id).code(), "4");
  EXPECT_EQ(client.answer(id).trailers.at("grpc-status-details-bin"), "U1RSRUFNX1NJTEVOVA");
}

TEST_F(WireServerTest, HalfAMessageIsNone) {
  Start();
  TestClient client(Connect());
  const std::string framed = TestClient::Framed("some text");
  for (size_t size = 1; size < framed.size(); ++size) {
    const int32_t id = client.Begin("/echo", framed.substr(0, size), true);
    EXPECT_EQ(client.Wait(id).code(), "13") << size;
  }
}

TEST_F(WireServerTest, DeadlinesEndCalls) {
  Start();
  TestClient client(Connect());
  EXPECT_EQ(client.Call("/never", "x", {{"grpc-timeout", "20m"}}).code(), "4");
}

TEST_F(WireServerTest, WhoGivesUpIsForgotten) {
  Start();
  TestClient client(Connect());
  const int32_t id = client.Begin("/never", TestClient::Framed("x"), true);
  client.Reset(id);
  EXPECT_EQ(client.Call("/echo", "next").code(), "0");
  while (gone_ < 1) std::this_thread::yield();
  {
    TestClient other(Connect());
    other.Begin("/never", TestClient::Framed("x"), true);
    EXPECT_EQ(other.Call("/echo", "next").code(), "0");
  }
  // The end of a connection ends its calls.
  while (gone_ < 2) std::this_thread::yield();
}

TEST_F(WireServerTest, SilentRequestsEnd) {
  WireOptions options;
  options.http2.half_message = std::chrono::milliseconds(1);
  Start(options);
  TestClient client(Connect());
  const int32_t half = client.Begin("/echo", TestClient::Framed("some text").substr(0, 7), false);
  const int32_t silent = client.Begin("/stream", "", false);
  EXPECT_EQ(client.Wait(half).code(), "4");
  EXPECT_EQ(client.answer(half).trailers.at("grpc-status-details-bin"), "U1RSRUFNX1NJTEVOVA");
  EXPECT_FALSE(client.answer(silent).ended);
}

// A whole message whose call does not end is no better than half of one.
TEST_F(WireServerTest, ACallThatDoesNotEndIsEnded) {
  WireOptions options;
  options.http2.half_message = std::chrono::milliseconds(1);
  Start(options);
  TestClient client(Connect());
  const int32_t id = client.Begin("/echo", TestClient::Framed("some text"), false);
  EXPECT_EQ(client.Wait(id).code(), "4");
}

// A long message in crumbs costs as many frames.
TEST_F(WireServerTest, CrumbsAreCounted) {
  WireOptions options;
  options.http2.idle_frames = 50;
  options.http2.idle_frames_second = 1;
  Start(options);
  TestClient client(Connect());
  const std::string framed = TestClient::Framed(std::string(10'000, 'x'));
  const int32_t id = client.Begin("/never", framed.substr(0, 5), false);
  for (size_t i = 0; i < 100; ++i) client.Add(id, framed.substr(5 + i, 1), false);
  client.WaitFor([] { return false; });
  EXPECT_EQ(client.goaway_error(), static_cast<uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
}

// An answer of any length is sent if no other waits.
TEST_F(WireServerTest, ALoneAnswerIsSentHoweverLong) {
  WireOptions options;
  options.http2.pool_bytes = 1000;
  options.http2.max_message = 100'000;
  Start(options);
  TestClient client(Connect());
  for (int i = 0; i < 5; ++i) {
    const TestAnswer& answer = client.Call("/long", "x");
    EXPECT_EQ(answer.code(), "0");
    ASSERT_EQ(answer.messages().size(), 1U);
    EXPECT_EQ(answer.messages()[0].size(), kLongAnswer);
  }
}

// What is refused for want of room leaves room for the next.
TEST_F(WireServerTest, RoomComesBack) {
  WireOptions options;
  options.http2.pool_bytes = 100'000;
  Start(options);
  TestClient client(Connect());
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ(client.Call("/echo", std::string(100'000, 'x')).code(), "0") << round;
    EXPECT_EQ(client.Call("/echo", std::string(300'000, 'x')).code(), std::to_string(kTooMuch));
  }
}

// What gRPC's protocol does not permit in metadata reaches no handler.
TEST_F(WireServerTest, MetadataAreOfTheProtocol) {
  Start();
  TestClient client(Connect());
  for (const auto& [name, value] : TestClient::Headers{
           {"x-note", "caf\xC3\xA9"}, {"x-note", "a\tb"}, {"x!y", "1"}, {"x-data-bin", "a*b"}}) {
    EXPECT_EQ(client.Call("/echo", "x", {{name, value}}).code(), "13") << name;
  }
  EXPECT_EQ(client.Call("/echo", "x", {{"x-note", "a b~"}, {"x.y_z-bin", "YWI"}}).code(), "0");
  EXPECT_EQ(client.Call("/echo", "x", {{"content-type", "application/grpc+proto"}}).code(), "0");
  EXPECT_EQ(client.Call("/echo", "x", {{"content-type", "application/grpc-web"}}).http_status,
            "415");
}

// However much of it is kept, a call with more metadata than it may have is answered by nobody: the
// tenant may stand in what was left out.
TEST_F(WireServerTest, TooMuchMetadataIsRefusedBeforeAnyHandler) {
  WireOptions options;
  options.http2.max_metadata = 1000;
  Start(options);
  TestClient client(Connect());
  const std::string filler(960, 'x');
  const TestAnswer& refused =
      client.Call("/thread", "x", {{"filler", filler}, {"dnc-tenant", "somebody"}});
  EXPECT_EQ(refused.code(), "8");
  EXPECT_TRUE(refused.body.empty());
  EXPECT_EQ(client.Call("/thread", "x", {{"filler", filler.substr(0, 900)}}).code(), "0");
}

TEST_F(WireServerTest, OneMessageIsOne) {
  Start();
  TestClient client(Connect());
  const std::string two = TestClient::Framed("one") + TestClient::Framed("two");
  EXPECT_EQ(client.Wait(client.Begin("/echo", two, true)).code(), "13");
  // It is handed over at the end only, with all its parts.
  const int32_t id = client.Begin("/echo", two.substr(0, 8), false);
  EXPECT_EQ(client.Call("/echo", "other").code(), "0");
  EXPECT_FALSE(client.answer(id).ended);
  client.Add(id, "", true);
  EXPECT_EQ(client.Wait(id).messages(), std::vector<std::string>{"one"});
}

// A call that is refused at its headers earns nothing, and counts when it is reset before the
// refusal has left.
TEST_F(WireServerTest, ResetsOfRefusedCallsCount) {
  WireOptions options;
  options.http2.resets = 20;
  options.http2.resets_second = 1;
  Start(options);
  TestClient client(Connect());
  for (int i = 0; i < 60 && !client.closed(); ++i) {
    client.BeginAndReset("/echo", {{"grpc-timeout", "soon"}});
  }
  client.WaitFor([] { return false; });
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.goaway_error(), static_cast<uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
}

// Of a peer that does not read, nothing more is read.
TEST_F(WireServerTest, WhoDoesNotReadIsNotRead) {
  Start();
  const int fd = Connect();
  std::string bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  // Pings, each of which has an answer.
  for (int i = 0; i < 9'000; ++i) bytes.append("\0\0\x08\6\0\0\0\0\0........", 17);
  size_t taken = 0;
  int tries = 0;
  while (taken < bytes.size() && tries < 100) {
    const ssize_t sent =
        send(fd, bytes.data() + taken, bytes.size() - taken, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      taken += static_cast<size_t>(sent);
      tries = 0;
    } else {
      ++tries;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  // Another caller is served meanwhile.
  TestClient other(Connect());
  EXPECT_EQ(other.Call("/echo", "x").code(), "0");
  close(fd);
}

// The end that loses no call: it is announced, calls that come still are answered, and the last
// GOAWAY closes behind the last call.
TEST_F(WireServerTest, EndsWithoutLoss) {
  Start();
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0};
  std::atomic<int> lost{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&, fd = Connect()] {
      TestClient client(fd);
      while (!stop && client.goaways() == 0) {
        if (client.Call("/echo", "text").code() == "0") {
          ++answered;
        } else {
          ++lost;
        }
      }
      client.WaitFor([] { return false; });  // until the server closes
      EXPECT_TRUE(client.closed());
    });
  }
  while (answered < 200) std::this_thread::yield();
  server_->AnnounceEnd(absl::Seconds(60));
  server_->BeginEnd(
      {Error(reason::kStopping, "stopping"), EventLoop::Clock::now() + std::chrono::seconds(60)});
  EXPECT_TRUE(server_->WaitUntilClosed(absl::Seconds(60)));
  stop = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(lost, 0);
  // Whoever comes now is told at once.
  TestClient late(Connect());
  late.WaitFor([] { return false; });
  EXPECT_TRUE(late.closed());
}

TEST_F(WireServerTest, ManyCallersWhoGiveUpAndComeBack) {
  Start();
  const uint64_t seed = blackbox::TestSeed();
  std::vector<std::thread> callers;
  for (uint64_t i = 0; i < 6; ++i) {
    callers.emplace_back([this, seed, i] {
      blackbox::Random random(seed + i);
      for (int connection = 0; connection < 8; ++connection) {
        TestClient client(Connect());
        std::vector<std::pair<int32_t, std::string>> under_way;
        for (int call = 0; call < 60; ++call) {
          constexpr std::array<const char*, 3> kPaths = {"/echo", "/thread", "/never"};
          const size_t path = blackbox::Below(random, kPaths.size());
          std::string text(blackbox::Below(random, 3000), 'x');
          const int32_t id = client.Begin(kPaths[path], TestClient::Framed(text), true);
          if (path == 2 || blackbox::OneIn(random, 4)) {
            client.Reset(id);
          } else {
            under_way.emplace_back(id, std::move(text));
          }
        }
        if (blackbox::OneIn(random, 3)) continue;  // gone without a word
        for (const auto& [id, text] : under_way) {
          EXPECT_EQ(client.Wait(id).code(), "0");
          EXPECT_EQ(client.answer(id).messages(), std::vector<std::string>{text});
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

}  // namespace
}  // namespace dnc
