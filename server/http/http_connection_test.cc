#include "server/http/http_connection.h"

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "server/base/str_cat.h"
#include "server/http/test_front.h"

namespace dnc {
namespace {

constexpr char kHost[] = "Host: localhost\r\n";
constexpr size_t kEchoBytes = 1 << 20;
constexpr size_t kLongBytes = 32 << 20;

HttpAnswer Text(std::string body) {
  HttpAnswer answer;
  answer.content_type = "text/plain";
  answer.body = std::move(body);
  return answer;
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// `POST /echo` with a body.
std::string Post(std::string_view body, std::string_view fields = "") {
  return StrCat("POST /echo HTTP/1.1\r\n", kHost, fields, "Content-Length: ", body.size(),
                "\r\n\r\n", body);
}
// The same to `POST /breaks`.
std::string OnBreaking(std::string request) {
  return request.replace(0, std::string_view("POST /echo").size(), "POST /breaks");
}
std::string Get(std::string_view path) {
  return StrCat("GET ", path, " HTTP/1.1\r\n", kHost, "\r\n");
}

class HttpConnectionTest : public testing::Test {
 protected:
  HttpConnectionTest() {
    Router& router = front_.router();
    router.Add({"POST", "/echo", kEchoBytes, [](const HttpCallPtr& call, const PathParts&) {
                  const HttpRequest& request = call->request();
                  HttpAnswer answer = Text(request.body);
                  for (const HttpField& field : request.headers) {
                    answer.headers.push_back({"x-had-" + field.name, field.value});
                  }
                  call->Answer(std::move(answer));
                }});
    router.Add({"GET", "/hello/{name}", 0, [](const HttpCallPtr& call, const PathParts& parts) {
                  call->Answer(
                      Text(StrCat("hello ", parts.at(0).second, " ", call->request().query)));
                }});
    router.Add({"POST", "/breaks", kEchoBytes,
                [](const HttpCallPtr& call, const PathParts&) { call->Answer(Text("whole")); },
                true});
    router.Add({"GET", "/late", 0, [this](const HttpCallPtr& call, const PathParts&) {
                  const absl::MutexLock lock(&mutex_);
                  waiting_.push_back(call);
                }});
    router.Add({"GET", "/dropped", 0, [](const HttpCallPtr&, const PathParts&) {}});
    router.Add({"GET", "/broken", 0, [](const HttpCallPtr& call, const PathParts&) {
                  call->Break();
                  call->Answer(Text("too late"));
                }});
    router.Add({"GET", "/none", 0, [](const HttpCallPtr& call, const PathParts&) {
                  HttpAnswer answer;
                  answer.status = 204;
                  call->Answer(std::move(answer));
                }});
    router.Add({"GET", "/long", 0, [](const HttpCallPtr& call, const PathParts&) {
                  call->Answer(Text(std::string(kLongBytes, 'x')));
                }});
    router.Add({"GET", "/split", 0, [](const HttpCallPtr& call, const PathParts&) {
                  HttpAnswer answer = Text("x");
                  answer.headers.push_back({"Location", "/a\r\nSet-Cookie: b"});
                  call->Answer(std::move(answer));
                }});
  }

  // Waits for calls of /late and takes one.
  HttpCallPtr TakeLate() {
    const absl::MutexLock lock(&mutex_);
    const auto there = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !waiting_.empty(); };
    mutex_.Await(absl::Condition(&there));
    HttpCallPtr call = waiting_.back();
    waiting_.pop_back();
    return call;
  }
  // Waits until no connection is left.
  bool AllClosed() { return front_.front().WaitUntilClosed(absl::Seconds(60)); }
  static HttpOptions Hasty() {
    HttpOptions options;
    options.header = options.body = options.idle = absl::Milliseconds(300);
    return options;
  }
  // The answer to one request on a connection of its own.
  std::string Ask(std::string_view request) {
    TestPeer peer = front_.Connect();
    peer.Send(request);
    return peer.Answer();
  }

  absl::Mutex mutex_;
  std::vector<HttpCallPtr> waiting_ ABSL_GUARDED_BY(mutex_);
  TestFront front_;
};

TEST_F(HttpConnectionTest, AnswersOnAKeptConnection) {
  front_.Start();
  TestPeer peer = front_.Connect();
  for (int i = 0; i < 3; ++i) {
    peer.Send(Get("/hello/w%6Frld?a=b"));
    const std::string answer = peer.Answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nhello world a=b")) << answer;
    EXPECT_FALSE(Has(answer, "Connection:"));
  }
  peer.Send("GET /hello/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(Has(peer.Answer(), "Connection: close\r\n"));
  EXPECT_EQ(peer.Rest(), "");
}

// A cache in between would answer with an old verdict, or with another tenant's.
TEST_F(HttpConnectionTest, NoCacheKeepsAnAnswerUnlessItsHandlerSaysSo) {
  front_.router().Add({"GET", "/kept", 0, [](const HttpCallPtr& call, const PathParts&) {
                         HttpAnswer answer = Text("x");
                         answer.headers.push_back({"cache-control", "no-cache"});
                         call->Answer(std::move(answer));
                       }});
  front_.Start();
  TestPeer peer = front_.Connect();
  for (const char* const path : {"/hello/x", "/none", "/dropped", "/nowhere"}) {
    peer.Send(Get(path));
    EXPECT_TRUE(Has(peer.Answer(), "\r\nCache-Control: no-store\r\n")) << path;
  }
  peer.Send(Get("/kept"));
  const std::string kept = peer.Answer();
  EXPECT_TRUE(Has(kept, "\r\ncache-control: no-cache\r\n"));
  EXPECT_FALSE(Has(kept, "no-store"));
}

TEST_F(HttpConnectionTest, Http10ClosesUnlessAskedNotTo) {
  front_.Start();
  TestPeer peer = front_.Connect();
  peer.Send("GET /hello/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(Has(peer.Answer(), "Connection: keep-alive\r\n"));
  peer.Send("GET /hello/x HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(Has(peer.Answer(), "Connection: close\r\n"));
  EXPECT_EQ(peer.Rest(), "");
}

TEST_F(HttpConnectionTest, TakesPiecesOfOneByte) {
  front_.Start();
  TestPeer peer = front_.Connect();
  const std::string chunked = StrCat("POST /echo HTTP/1.1\r\n", kHost,
                                     "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n"
                                     "2\r\nde\r\n0\r\n\r\n");
  for (const std::string& request : {Post("some body"), chunked, Get("/hello/x")}) {
    for (const char byte : request) {
      ASSERT_TRUE(peer.Send({&byte, 1}));
      std::this_thread::yield();
    }
  }
  EXPECT_TRUE(peer.Answer().ends_with("some body"));
  EXPECT_TRUE(peer.Answer().ends_with("abcde"));
  EXPECT_TRUE(peer.Answer().ends_with("hello x "));
}

TEST_F(HttpConnectionTest, PipelinedRequestsAreAnsweredInOrder) {
  front_.Start();
  TestPeer peer = front_.Connect();
  std::string all;
  for (int i = 0; i < 50; ++i) all += Get(StrCat("/hello/", i)) + "\r\n" + Post(StrCat("b", i));
  peer.Send(all);
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(peer.Answer().ends_with(StrCat("hello ", i, " ")));
    EXPECT_TRUE(peer.Answer().ends_with(StrCat("b", i)));
  }
}

TEST_F(HttpConnectionTest, TrailersAreNoHeaders) {
  front_.Start();
  const std::string answer =
      Ask(StrCat("POST /echo HTTP/1.1\r\n", kHost,
                 "Transfer-Encoding: chunked\r\nAuthorization: Bearer first\r\n\r\n"
                 "1\r\na\r\n0\r\nAuthorization: Bearer other\r\nEvil: 1\r\n\r\n"));
  EXPECT_TRUE(Has(answer, "x-had-authorization: Bearer first\r\n")) << answer;
  EXPECT_FALSE(Has(answer, "other")) << answer;
  EXPECT_FALSE(Has(answer, "evil")) << answer;
}

TEST_F(HttpConnectionTest, HeadAndNoContentHaveNoBody) {
  front_.Start();
  TestPeer peer = front_.Connect();
  peer.Send(StrCat("HEAD /hello/x HTTP/1.1\r\n", kHost, "\r\n", Get("/none")));
  EXPECT_TRUE(Has(peer.Answer(/*bodyless=*/true), "Content-Length: 8\r\n"));
  const std::string none = peer.Answer();
  EXPECT_TRUE(none.starts_with("HTTP/1.1 204 ")) << none;
  EXPECT_FALSE(Has(none, "Content-Length")) << none;
}

TEST_F(HttpConnectionTest, SaysContinueToThoseWhoWaitForIt) {
  front_.Start();
  TestPeer peer = front_.Connect();
  peer.Send(StrCat("POST /echo HTTP/1.1\r\n", kHost,
                   "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(peer.Answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.Send("ok");
  EXPECT_TRUE(peer.Answer().ends_with("ok"));
  // Who is refused by the head need not send the body.
  peer.Send(StrCat("POST /echo HTTP/1.1\r\n", kHost,
                   "Content-Length: 2000000\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_TRUE(peer.Answer().starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(Ask(Post("a", "Expect: wonders\r\n")).starts_with("HTTP/1.1 417 "));
}

TEST_F(HttpConnectionTest, RefusesWhatIsAmbiguous) {
  front_.Start();
  const struct {
    std::string request;
    int status;
  } kCases[] = {
      {StrCat("POST /echo HTTP/1.1\r\n", kHost,
              "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
       400},
      {StrCat("POST /echo HTTP/1.1\r\n", kHost,
              "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
       400},
      {StrCat("POST /echo HTTP/1.1\r\n", kHost,
              "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
       400},
      {StrCat("POST /echo HTTP/1.1\r\n", kHost,
              "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
       400},
      {StrCat("POST /echo HTTP/1.1\r\n", kHost,
              "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
       400},
      {StrCat("POST /echo HTTP/1.1\r\n", kHost, "Content-Length: 3, 3\r\n\r\nabc"), 400},
      {StrCat("POST /echo HTTP/1.1\r\n", kHost, "Content-Length: -3\r\n\r\nabc"), 400},
      {StrCat("POST /echo HTTP/1.1\r\n", kHost,
              "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
       501},
      {StrCat("POST /echo HTTP/1.1\r\n", kHost, "Transfer-Encoding: identity\r\n\r\n"), 501},
      {StrCat("POST /echo HTTP/1.0\r\n", kHost, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
       400},
      {StrCat("POST /echo HTTP/1.1\r\n", kHost, "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 400},
      {"GET /hello/x HTTP/1.1\r\n\r\n", 400},
      {"GET /hello/x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {StrCat("GET hello HTTP/1.1\r\n", kHost, "\r\n"), 400},
      {StrCat("GET /hello/x HTTP/1.1\r\n", kHost, "Bad Name: x\r\n\r\n"), 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"\x16\x03\x01\x02 this is TLS\r\n\r\n", 400},
      {StrCat("GET /hello/x HTTP/1.1\r\n", kHost, "Long: ", std::string(20'000, 'x')), 431},
      {StrCat("GET /", std::string(20'000, 'x')), 431},
      {Post(std::string(kEchoBytes + 1, 'x')), 413},
      {StrCat("POST /echo HTTP/1.1\r\n", kHost, "Transfer-Encoding: chunked\r\n\r\n200000\r\n",
              std::string(0x200000, 'x')),
       413},
  };
  for (const auto& [request, status] : kCases) {
    TestPeer peer = front_.Connect();
    peer.Send(request);
    const std::string answer = peer.Answer();
    EXPECT_TRUE(answer.starts_with(StrCat("HTTP/1.1 ", status, " ")))
        << request.substr(0, 100) << "\n"
        << answer;
    EXPECT_TRUE(Has(answer, "Connection: close\r\n")) << answer;
    EXPECT_TRUE(Has(answer, "application/problem+json")) << answer;
    peer.FinishSending();
    EXPECT_EQ(peer.Rest(), "");
  }
  EXPECT_TRUE(AllClosed());
}

TEST_F(HttpConnectionTest, PathsThatAreNotServedKeepTheConnection) {
  front_.Start();
  TestPeer peer = front_.Connect();
  peer.Send(Get("/nothing") + Get("/echo") + Get("/hello/x"));
  EXPECT_TRUE(peer.Answer().starts_with("HTTP/1.1 404 "));
  const std::string refused = peer.Answer();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 405 ")) << refused;
  EXPECT_TRUE(Has(refused, "Allow: POST\r\n")) << refused;
  EXPECT_TRUE(peer.Answer().starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpConnectionTest, AbsoluteTargetsNameTheHost) {
  front_.Start();
  TestPeer peer = front_.Connect();
  peer.Send("GET http://other:80/hello/x?y HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(peer.Answer().ends_with("hello x y"));
  peer.Send("POST http://other:80/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(Has(peer.Answer(), "x-had-host: other:80\r\n"));
}

TEST_F(HttpConnectionTest, CallsAreAnsweredFromAnyThreadOnce) {
  front_.Start();
  TestPeer peer = front_.Connect();
  peer.Send(Get("/late"));
  HttpCallPtr call = TakeLate();
  std::thread other([call] { call->Answer(Text("first")); });
  other.join();
  call->Answer(Text("second"));
  call->Break();
  EXPECT_TRUE(peer.Answer().ends_with("first"));
  peer.Send(Get("/hello/x"));
  EXPECT_TRUE(peer.Answer().ends_with("hello x "));
  EXPECT_FALSE(call->gone());
}

TEST_F(HttpConnectionTest, ACallThatIsDroppedIsADefect) {
  front_.Start();
  const std::string answer = Ask(Get("/dropped"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
  EXPECT_TRUE(Has(Ask(Get("/split")), "HTTP/1.1 500 "));
  EXPECT_FALSE(Has(Ask(Get("/split")), "Set-Cookie"));
}

TEST_F(HttpConnectionTest, ABrokenCallClosesWithoutAWord) {
  front_.Start();
  TestPeer peer = front_.Connect();
  peer.Send(Get("/broken"));
  EXPECT_EQ(peer.Rest(), "");
}

TEST_F(HttpConnectionTest, WhoHasFinishedSendingGetsTheAnswer) {
  front_.Start();
  TestPeer peer = front_.Connect();
  peer.Send(Get("/late"));
  peer.FinishSending();
  const HttpCallPtr call = TakeLate();
  absl::SleepFor(absl::Milliseconds(50));
  call->Answer(Text("still there"));
  EXPECT_TRUE(peer.Answer().ends_with("still there"));
  EXPECT_EQ(peer.Rest(), "");
  EXPECT_TRUE(AllClosed());
}

TEST_F(HttpConnectionTest, HalfARequestEnds) {
  front_.Start(Hasty());
  TestPeer head = front_.Connect();
  head.Send("GET /hello/x HT");
  TestPeer body = front_.Connect();
  body.Send(Post("ten bytes.").substr(0, Post("ten bytes.").size() - 1));
  TestPeer quiet = front_.Connect();
  EXPECT_TRUE(head.Answer().starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(body.Answer().starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(quiet.Rest(), "");
  // A byte now and then makes it no longer.
  TestPeer slow = front_.Connect();
  for (const char byte : std::string("GET /hello/x HTTP/1.1\r\nHost: localhost\r\n")) {
    if (!slow.Send({&byte, 1})) break;
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_TRUE(slow.Answer().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpConnectionTest, AnIdleConnectionEnds) {
  front_.Start(Hasty());
  TestPeer peer = front_.Connect();
  peer.Send(Get("/hello/x"));
  EXPECT_TRUE(peer.Answer().ends_with("hello x "));
  EXPECT_EQ(peer.Rest(), "");
}

TEST_F(HttpConnectionTest, WhoDoesNotReadIsNotReadAndEnds) {
  front_.Start(Hasty());
  TestPeer peer = front_.Connect();
  peer.Send(Get("/long"));
  EXPECT_TRUE(AllClosed());
  EXPECT_EQ(front_.front().free_bytes(), 64 << 20);
}

TEST_F(HttpConnectionTest, LongAnswersComeWhole) {
  front_.Start();
  TestPeer peer = front_.Connect();
  peer.Send(Get("/long") + Get("/hello/x"));
  EXPECT_GT(peer.Answer().size(), kLongBytes);
  EXPECT_TRUE(peer.Answer().ends_with("hello x "));
}

TEST_F(HttpConnectionTest, UnknownCallersHaveHalfOfTheRoom) {
  HttpOptions options;
  options.max_body_bytes = kEchoBytes;
  options.max_unfinished_bytes = 4 * kEchoBytes;
  front_.Start(options);
  const std::string most = StrCat("POST /echo HTTP/1.1\r\n", kHost, "Content-Length: ", kEchoBytes,
                                  "\r\n\r\n", std::string(kEchoBytes - 1, 'x'));
  constexpr int64_t kPooled = int64_t{kEchoBytes} - 1 - (64 << 10);
  std::vector<TestPeer> holding;
  for (int i = 1; i <= 2; ++i) {
    holding.push_back(front_.ConnectFrom(i == 1 ? "127.0.0.1" : "127.0.0.2"));
    holding.back().Send(most);
    while (front_.front().free_bytes() > 4 * int64_t{kEchoBytes} - i * kPooled) {
      std::this_thread::yield();
    }
    if (i > 1) continue;
    // There is room for one more, but not from the same network.
    TestPeer same = front_.ConnectFrom("127.0.0.1");
    same.Send(most);
    EXPECT_TRUE(same.Answer().starts_with("HTTP/1.1 503 "));
  }
  TestPeer unknown = front_.Connect();
  unknown.Send(most);
  EXPECT_TRUE(unknown.Answer().starts_with("HTTP/1.1 503 "));
  // A route may ask that its callers see a broken connection instead.
  TestPeer broken = front_.Connect();
  broken.Send(OnBreaking(most));
  EXPECT_EQ(broken.Rest(), "");
  TestPeer known = front_.Connect();
  known.Send(Post(std::string(kEchoBytes, 'y'), "Known: yes\r\n"));
  EXPECT_TRUE(known.Answer().starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpConnectionTest, AnswersBeyondTheRoomHaveNoTimeForSlowReaders) {
  HttpOptions options;
  options.max_body_bytes = kEchoBytes;
  options.max_unfinished_bytes = kLongBytes * 5 / 4;  // of which one connection may have half
  front_.Start(options);
  TestPeer slow = front_.Connect();
  slow.Send(Get("/long"));
  EXPECT_LT(slow.RestSlowly().size(), kLongBytes);
  EXPECT_TRUE(AllClosed());
  EXPECT_EQ(front_.front().free_bytes(), static_cast<int64_t>(options.max_unfinished_bytes));
}

TEST_F(HttpConnectionTest, AnswersBeyondTwiceTheRoomAreNotKept) {
  HttpOptions options;
  options.max_body_bytes = kEchoBytes;
  options.max_unfinished_bytes = kLongBytes / 2;
  front_.Start(options);
  TestPeer peer = front_.Connect();
  peer.Send(Get("/long"));
  EXPECT_TRUE(AllClosed());
  EXPECT_LT(peer.Rest().size(), kLongBytes);
  EXPECT_EQ(front_.front().free_bytes(), static_cast<int64_t>(options.max_unfinished_bytes));
}

TEST_F(HttpConnectionTest, ConnectionsAreCounted) {
  HttpOptions options;
  options.max_connections = 2;
  front_.Start(options);
  TestPeer first = front_.Connect();
  {
    TestPeer second = front_.Connect();
    TestPeer third = front_.Connect();
    EXPECT_EQ(third.Rest(), "");
    first.Send(Get("/hello/x"));
    EXPECT_TRUE(first.Answer().ends_with("hello x "));
  }
  while (front_.front().connections() > 1) std::this_thread::yield();
  TestPeer again = front_.Connect();
  again.Send(Get("/hello/x"));
  EXPECT_TRUE(again.Answer().ends_with("hello x "));
}

TEST_F(HttpConnectionTest, TheEndIsToldAndCallsAreFinished) {
  front_.Start();
  TestPeer busy = front_.Connect();
  busy.Send(Get("/late"));
  const HttpCallPtr call = TakeLate();
  TestPeer quiet = front_.Connect();
  TestPeer half = front_.Connect();
  half.Send(Post("abc").substr(0, Post("abc").size() - 1));
  TestPeer breaks = front_.Connect();
  breaks.Send(OnBreaking(Post("abc").substr(0, Post("abc").size() - 1)));
  TestPeer asking = front_.Connect();
  asking.Send(Get("/hello/x"));
  EXPECT_FALSE(Has(asking.Answer(), "Connection:"));
  front_.front().AnnounceEnd();
  asking.Send(Get("/hello/x"));
  EXPECT_TRUE(Has(asking.Answer(), "Connection: close\r\n"));
  front_.front().BeginEnd(StopSign::Clock::now() + std::chrono::seconds(30));
  EXPECT_EQ(quiet.Rest(), "");
  EXPECT_TRUE(half.Answer().starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(breaks.Rest(), "");
  call->Answer(Text("finished"));
  const std::string answer = busy.Answer();
  EXPECT_TRUE(answer.ends_with("finished")) << answer;
  EXPECT_TRUE(Has(answer, "Connection: close\r\n")) << answer;
  for (TestPeer* const peer : {&busy, &quiet, &half, &asking}) peer->Close();
  EXPECT_TRUE(AllClosed());
}

// What the fuzzer does at length (http_request_fuzz.cc).
TEST_F(HttpConnectionTest, DamagedRequestsGiveBackWhatTheyHeld) {
  front_.Start();
  const std::string chunked = StrCat("POST /echo HTTP/1.1\r\n", kHost,
                                     "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n"
                                     "0\r\nTrailer: x\r\n\r\n");
  const std::string all = Get("/hello/x") + chunked + Post("some body") + Get("/none");
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp,cert-msc32-c): each run is the same
  constexpr std::string_view kBytes("\r\n :;0aZ\0\xff%/", 13);
  constexpr int kTries = 3000;
  for (int i = 0; i < kTries; ++i) {
    std::string damaged = all;
    for (int change = 0; change < 3; ++change) {
      const size_t at = random() % damaged.size();
      if (random() % 3 == 0) {
        damaged.erase(at, random() % 20);
      } else {
        damaged[at] = kBytes[random() % kBytes.size()];
      }
    }
    TestPeer peer = front_.Connect();
    const size_t cut = random() % damaged.size();
    peer.Send(std::string_view(damaged).substr(0, cut));
    std::this_thread::yield();
    peer.Send(std::string_view(damaged).substr(cut));
    peer.FinishSending();
    peer.Rest();
    peer.Close();
    ASSERT_TRUE(AllClosed()) << damaged;
    ASSERT_EQ(front_.front().free_bytes(), 64 << 20) << damaged;
  }
}

TEST_F(HttpConnectionTest, CallsOutliveTheirConnections) {
  front_.Start();
  TestPeer peer = front_.Connect();
  peer.Send(Get("/late"));
  const HttpCallPtr call = TakeLate();
  front_.front().CloseAll();
  EXPECT_TRUE(call->gone());
  call->Answer(Text("to nobody"));
}

}  // namespace
}  // namespace dnc
