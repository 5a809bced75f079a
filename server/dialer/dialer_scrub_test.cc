// The dialers' call on a real loop, without sockets: whom it answers, what, and in which form.
#include "server/dialer/dialer_scrub.h"

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/dialer/dialer_letter.h"
#include "server/index/area_set.h"
#include "server/rpc/fake_registry.h"
#include "server/rpc/test_stores.h"
#include "tests/support/temp_dir.h"

namespace dnc {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// What came of a call.
struct Outcome {
  bool broken = false;
  HttpAnswer answer;
};

class FakeCall final : public HttpCall {
 public:
  FakeCall(EventLoop* loop, HttpRequest request, std::promise<Outcome>* outcome)
      : loop_(loop), request_(std::move(request)), outcome_(*outcome) {}
  ~FakeCall() override {
    if (!ended_) ADD_FAILURE() << "the call was let go of without an answer";
  }

  HttpRequest& request() override { return request_; }
  EventLoop* loop() const override { return loop_; }
  bool gone() const override { return false; }
  void Answer(HttpAnswer answer) override {
    if (!ended_.exchange(true)) outcome_.set_value({false, std::move(answer)});
  }
  void Break() override {
    if (!ended_.exchange(true)) outcome_.set_value({true, {}});
  }

 private:
  EventLoop* const loop_;
  HttpRequest request_;
  std::promise<Outcome>& outcome_;
  std::atomic<bool> ended_{false};
};

constexpr Number kFirst = 2015550100;

class DialerScrubTest : public testing::Test {
 protected:
  DialerScrubTest() {
    std::filesystem::create_directories(dir_.path() + "/stores");
    SetSnapshot(absl::Now() - absl::Hours(24));
    options_.max_dated_numbers = 5;
    loop_.Start();
  }
  ~DialerScrubTest() override {
    workers_.Stop();
    loop_.Stop();
  }

  // Area code 201 is covered. National: 2015550100 to 2015550109. state:NJ: 2015550105 to
  // 2015550114. Wireless: 2015550120 to 2015550129, and 2015550100.
  void SetSnapshot(absl::Time obtained_at, uint64_t revision = 5) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->revision = revision;
    const auto add = [&](const char* name, ListKind kind, ListEffect effect,
                         const std::vector<std::pair<int, int>>& ranges) {
      auto list = std::make_shared<SnapshotList>();
      list->name = name;
      list->kind = kind;
      list->effect = effect;
      list->release_id = revision;
      list->digest = std::string(32, 'd');
      list->areas[201] = {AreaState::kLoaded, obtained_at};
      AreaSetBuilder builder;
      for (const auto& [begin, end] : ranges) {
        for (int line = begin; line < end; ++line)
          builder.Add(static_cast<uint32_t>(5550000 + line));
      }
      list->numbers.set_area(201, std::move(builder).Build());
      snapshot->lists.push_back(std::move(list));
    };
    add("national", ListKind::kNational, ListEffect::kDeny, {{100, 110}});
    add("state:NJ", ListKind::kState, ListEffect::kDeny, {{105, 115}});
    add("wireless", ListKind::kWireless, ListEffect::kWireless, {{100, 101}, {120, 130}});
    registry_.SetSnapshot(snapshot);
    stores_.order().StartFrom(std::max(stores_.order().last(), revision));
  }

  void MakeList(const std::string& id, TenantListKind kind, const std::string& scope = "") {
    TenantList list;
    list.id = id;
    list.kind = kind;
    list.scope = scope;
    ASSERT_TRUE(stores_.directory().CreateList("default", list, "test").ok());
  }
  void Write(const std::string& list, Number number,
             absl::Time last_event_at = absl::Now() - absl::Hours(1)) {
    RecordWrite write;
    write.tenant = stores_.directory().LocalCaller().tenant;
    write.list = write.tenant->lists.at(list);
    TenantRecord record;
    record.number = number;
    record.channel = Channel::kCall;
    record.made_at = std::min(last_event_at, absl::Now() - absl::Hours(1));
    if (write.list.kind == TenantListKind::kEbr) {
      record.ebr_kind = EbrKind::kTransaction;
      record.last_event_at = last_event_at;
    }
    write.items.push_back({record, ""});
    std::promise<absl::StatusOr<WriteReply>> done;
    stores_.tenant_records().Submit(
        std::move(write), [&done](absl::StatusOr<WriteReply> reply) { done.set_value(reply); });
    ASSERT_TRUE(done.get_future().get().ok());
  }

  Outcome Ask(HttpRequest request) {
    if (request.method.empty()) request.method = "GET";
    if (!request.Header("host").has_value()) {
      request.headers.push_back({"host", "127.0.0.1:8061"});
    }
    const Router::Found found = router_.Find(request.method, "/app/main/rpc/scrub");
    EXPECT_NE(found.route, nullptr);
    std::promise<Outcome> outcome;
    auto result = outcome.get_future();
    loop_.Post([&] {
      found.route->handle(std::make_shared<FakeCall>(&loop_, std::move(request), &outcome), {});
    });
    Outcome got = result.get();
    // The call's objects are gone when the loop has done what it had to do.
    std::promise<void> idle;
    loop_.Post([&idle] { idle.set_value(); });
    idle.get_future().wait();
    return got;
  }
  Outcome Ask(const std::string& query) {
    HttpRequest request;
    request.query = query;
    return Ask(std::move(request));
  }
  // The letters of numbers asked about by CSV.
  std::string Letters(const std::string& list, const std::string& more = "") {
    std::string letters;
    for (const std::string& line : Lines(Ask(StrCat("phoneList=", list, more)).answer.body)) {
      letters += std::vector<std::string>(absl::StrSplit(line, ','))[1];
    }
    return letters;
  }
  static std::vector<std::string> Lines(const std::string& body) {
    std::vector<std::string> lines = absl::StrSplit(body, '\n');
    EXPECT_EQ(lines.back(), "") << "the last line has its end";
    lines.pop_back();
    return lines;
  }
  // Of an error's body, which is one line and does not begin with a digit.
  static std::string ReasonOf(const Outcome& outcome) {
    EXPECT_FALSE(outcome.broken);
    EXPECT_NE(outcome.answer.status, 200);
    EXPECT_THAT(outcome.answer.body, StartsWith("{"));
    EXPECT_EQ(outcome.answer.body.find('\n'), std::string::npos);
    EXPECT_EQ(outcome.answer.content_type, "application/problem+json");
    return nlohmann::json::parse(outcome.answer.body)["reason"];
  }

  const blackbox::TempDir dir_;
  const Clock clock_;
  Metrics metrics_;
  FakeRegistry registry_{dir_.path() + "/uploads"};
  TestStores stores_{dir_.path() + "/stores", &clock_};
  Decider decider_{{.max_batch = 3}, stores_.Sources(&registry_, &metrics_)};
  const Authorizer authorizer_{&stores_.directory(), &stores_.order(), /*keys_required=*/false};
  const HttpAccess access_{&authorizer_, /*keys_required=*/false};
  WorkerPool workers_{1, 10};
  LiveCalls live_;
  StopSign stop_;
  AdmissionControl gate_{{}};
  RpcContext rpc_{&workers_, &metrics_, &live_, &stop_, &authorizer_, &gate_};
  const HttpContext context_{&rpc_, &access_, &decider_};
  HttpOptions options_;
  EventLoop loop_{std::chrono::nanoseconds(0)};
  Router router_ = MakeRouter();

 private:
  Router MakeRouter() {
    Router router;
    HttpOptions options;
    options.max_scrub_numbers = 20'000;
    options.max_dated_numbers = 5;
    AddDialerScrub(&context_, options, &router);
    return router;
  }
};

TEST_F(DialerScrubTest, AnswersALineANumberInTheOrderAsked) {
  const Outcome outcome =
      Ask("phoneList=2015550100,(201)%20555-0150|id-7,3035550100,12015550112,42,,2015550100");
  EXPECT_EQ(outcome.answer.status, 200);
  EXPECT_EQ(outcome.answer.content_type, "text/csv; charset=utf-8");
  EXPECT_EQ(outcome.answer.body,
            "2015550100,D,,National (USA);;;,NJ,US,,,,,,,,\n"
            "(201) 555-0150,C,id-7,;;;,NJ,US,,,,,,,,\n"
            "3035550100,B,,;;;;Blocked: this area code is not loaded,CO,US,,,,,,,,\n"
            "12015550112,D,,;State (NJ);;,NJ,US,,,,,,,,\n"
            "42,I,,;;;;Invalid: no number of ten digits,,,,,,,,,,\n"
            ",I,,;;;;Invalid: no number of ten digits,,,,,,,,,,\n"
            "2015550100,D,,National (USA);;;,NJ,US,,,,,,,,\n");
  EXPECT_EQ(metrics_.Sum().numbers[static_cast<size_t>(Verdict::kListed)], 3);
  EXPECT_EQ(metrics_.Sum().calls[static_cast<size_t>(Method::kHttpScrub)][0], 1);
}

TEST_F(DialerScrubTest, AnEmptyListGetsAnEmptyAnswer) {
  for (const char* const query : {"phoneList=", "phoneList=%0A&version=5"}) {
    const Outcome outcome = Ask(query);
    EXPECT_EQ(outcome.answer.status, 200) << outcome.answer.body;
    EXPECT_EQ(outcome.answer.body, "");
    EXPECT_EQ(outcome.answer.content_type, "");
  }
  EXPECT_EQ(Ask("phoneList=&output=json").answer.body, "[]\n");
}

TEST_F(DialerScrubTest, TheRecordsOfTheTenantGiveTheirLetters) {
  MakeList("consent", TenantListKind::kConsent);
  MakeList("ebr", TenantListKind::kEbr);
  Write("internal", kFirst);       // listed, wireless, and opted out
  Write("internal", kFirst + 50);  // opted out
  Write("consent", kFirst + 1);    // consent over a listing
  Write("consent", kFirst + 51);   // consent, on no list
  Write("ebr", kFirst + 2);        // relationship over a listing
  Write("ebr", kFirst + 52);       // relationship, on no list
  Write("ebr", kFirst + 20);       // relationship and wireless
  Write("consent", kFirst + 21);   // consent does not lift wireless by the default policy
  Write("ebr", kFirst + 53, absl::Now() - absl::Hours(24 * 800));  // it is over
  Write("ebr", kFirst + 3, absl::Now() - absl::Hours(24 * 800));   // over, and listed
  EXPECT_EQ(Letters("2015550100,2015550150,2015550101,2015550151,2015550102,2015550152,2015550120,"
                    "2015550121,2015550153,2015550103,2015550122,2015550160"),
            "PPXCOEGWRDWC");
}

TEST_F(DialerScrubTest, ScopesAreTheStrictestWhereNothingIsKnown) {
  MakeList("acme-consent", TenantListKind::kConsent, "acme");
  MakeList("spring", TenantListKind::kInternal, "acme/spring");
  Write("acme-consent", kFirst);
  Write("acme-consent", kFirst + 1);
  Write("spring", kFirst + 50);
  EXPECT_EQ(Letters("2015550101,2015550150", "&projId=acme"), "XP");
  EXPECT_EQ(Letters("2015550101,2015550150", "&projId=acme&campaignId=spring"), "XP");
  for (const char* const scope : {"", "&projId=nobody", "&projId=ACME", "&campaignId=spring",
                                  "&projId=a%2Fb", "&projId=acme&campaignId=_"}) {
    EXPECT_EQ(Letters("2015550101,2015550150", scope), "DP") << scope;
  }
}

TEST_F(DialerScrubTest, WhatIsStaleIsBlocked) {
  SetSnapshot(absl::Now() - absl::Hours(24 * 60), 6);
  const Outcome outcome = Ask("phoneList=2015550150,2015550100");
  EXPECT_EQ(outcome.answer.body,
            "2015550150,B,,;;;;Blocked: the data of this area code is too old,NJ,US,,,,,,,,\n"
            "2015550100,B,,National (USA);;;;Blocked: the data of this area code is too "
            "old,NJ,US,,,,,,,,\n");
}

TEST_F(DialerScrubTest, JsonHasTheSameLetters) {
  HttpRequest request;
  request.method = "POST";
  request.headers = {{"content-type", "application/json"}};
  request.body =
      R"({"phoneList":["2015550100","2015550150|x","42"],"version":"5","output":"json"})";
  const Outcome outcome = Ask(std::move(request));
  EXPECT_EQ(outcome.answer.content_type, "application/json");
  const nlohmann::json lines = nlohmann::json::parse(outcome.answer.body);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["ResultCode"], "D");
  EXPECT_EQ(lines[0]["LineType"], "Wireless");
  EXPECT_EQ(lines[1]["ResultCode"], "C");
  EXPECT_EQ(lines[1]["Reserved"], "x");
  EXPECT_EQ(lines[2]["ResultCode"], "I");
}

// A long list is answered in several parts in either form, and the parts join without a seam.
TEST_F(DialerScrubTest, ALongListHasTheSameLettersInJson) {
  std::string list;
  constexpr int kCount = 5'000;
  for (int i = 0; i < kCount; ++i) list += StrCat(i == 0 ? "" : ",", 2015550130 + i % 70);
  const std::vector<std::string> csv = Lines(Ask(StrCat("phoneList=", list)).answer.body);
  const nlohmann::json lines =
      nlohmann::json::parse(Ask(StrCat("phoneList=", list, "&output=json")).answer.body);
  ASSERT_EQ(csv.size(), kCount);
  ASSERT_EQ(lines.size(), kCount);
  for (size_t i = 0; i < kCount; ++i) {
    const std::string begin = StrCat(lines[i]["Phone"].get<std::string>(), ",",
                                     lines[i]["ResultCode"].get<std::string>(), ",");
    ASSERT_THAT(csv[i], StartsWith(begin));
  }
}

// Far more numbers than a batch may have, in several turns of the loop, while other snapshots come:
// all lines are of one of them.
TEST_F(DialerScrubTest, ALongListIsAnsweredFromOneSnapshot) {
  std::string list;
  constexpr int kCount = 15'000;
  for (int i = 0; i < kCount; ++i) list += StrCat(i == 0 ? "" : ",", 2015550100 + i % 200);
  std::atomic<bool> over{false};
  std::thread publisher([this, &over] {
    for (uint64_t revision = 10; !over; ++revision) {
      SetSnapshot(absl::Now() - absl::Hours(revision % 2 == 0 ? 24 : 24 * 90), revision);
    }
  });
  for (int round = 0; round < 20; ++round) {
    HttpRequest request;
    request.method = "POST";
    request.headers = {{"content-type", "application/x-www-form-urlencoded"}};
    request.body = StrCat("phoneList=", list);
    const Outcome outcome = Ask(std::move(request));
    ASSERT_EQ(outcome.answer.status, 200) << outcome.answer.body.substr(0, 300);
    const std::vector<std::string> lines = Lines(outcome.answer.body);
    ASSERT_EQ(lines.size(), kCount);
    const bool stale = lines[0].substr(11, 1) == "B";
    for (int i = 0; i < kCount; ++i) {
      const std::string& line = lines[static_cast<size_t>(i)];
      ASSERT_EQ(line.substr(0, 10), std::to_string(2015550100 + i % 200));
      ASSERT_EQ(line.substr(11, 1) == "B", stale) << line;
    }
  }
  over = true;
  publisher.join();
}

TEST_F(DialerScrubTest, ErrorsAreOneLineOfJson) {
  EXPECT_EQ(ReasonOf(Ask("")), reason::kInvalidRequest.name);
  EXPECT_EQ(ReasonOf(Ask("phoneList=2015550100%0A2015550101")), reason::kInvalidRequest.name);
  EXPECT_EQ(ReasonOf(Ask("phoneList=1&version=9")), reason::kInvalidRequest.name);
  const Outcome many = Ask(StrCat("phoneList=", std::string(20'000, ',')));
  EXPECT_EQ(ReasonOf(many), reason::kBatchTooLarge.name);
  EXPECT_THAT(many.answer.body, HasSubstr("20000"));
  const Outcome unknown = Ask("phoneList=1&loginId=dnck_00000000");
  EXPECT_EQ(ReasonOf(unknown), reason::kUnauthenticated.name);
  EXPECT_THAT(unknown.answer.body, testing::Not(HasSubstr("00000000")));
  HttpRequest foreign;
  foreign.query = "phoneList=1";
  foreign.headers = {{"host", "example.com"}};
  EXPECT_EQ(ReasonOf(Ask(std::move(foreign))), reason::kUnauthenticated.name);
  // An error in the last part leaves nothing of the first ones.
  std::string list = "phoneList=";
  for (int i = 0; i < 10'000; ++i) list += "2015550100,";
  const Outcome late = Ask(StrCat(list, "\"2015550100\""));
  EXPECT_EQ(ReasonOf(late), reason::kInvalidRequest.name);
  EXPECT_THAT(late.answer.body, HasSubstr("entry 10001"));
  stop_.BeginStop(StopSign::Clock::now());
  EXPECT_EQ(ReasonOf(Ask("phoneList=1")), reason::kStopping.name);
}

TEST_F(DialerScrubTest, AQuotaThatIsUsedUpIsAnError) {
  Tenant tenant = stores_.directory().LocalCaller().tenant->tenant;
  tenant.quotas.numbers_per_second = 10;
  ASSERT_TRUE(stores_.directory().Update(tenant, "test").ok());
  EXPECT_EQ(Letters("2015550150,2015550151,2015550152,2015550153,2015550154,2015550155,2015550156,"
                    "2015550157,2015550158,2015550159"),
            "CCCCCCCCCC");
  const Outcome outcome = Ask("phoneList=2015550150,2015550151,2015550152,2015550153");
  EXPECT_EQ(outcome.answer.status, 429);
  EXPECT_EQ(ReasonOf(outcome), reason::kQuotaExceeded.name);
}

// No text would be taken for an error by everybody.
TEST_F(DialerScrubTest, OverloadBreaksTheConnection) {
  EXPECT_FALSE(Ask("phoneList=2015550150").broken);
  std::promise<void> added;
  loop_.Post([&] {
    loop_.work().Add(1'000'000);
    added.set_value();
  });
  added.get_future().wait();
  EXPECT_TRUE(Ask("phoneList=2015550150").broken);
  std::promise<int64_t> left;
  loop_.Post([&] {
    loop_.work().Remove(1'000'000);
    left.set_value(loop_.work().waiting());
  });
  EXPECT_EQ(left.get_future().get(), 0) << "every call has left the gate";
  EXPECT_FALSE(Ask("phoneList=2015550150").broken);
}

HttpRequest Post(const std::string& type, std::string body, const std::string& host = "localhost") {
  HttpRequest request;
  request.method = "POST";
  request.headers = {{"host", host}, {"content-type", type}};
  request.body = std::move(body);
  return request;
}
constexpr char kForm[] = "application/x-www-form-urlencoded";
constexpr char kJson[] = "application/json";

TEST_F(DialerScrubTest, ABadKeyIsRefusedBeforeTheBodyIsRead) {
  const std::string unreadable = "{\"phoneList\":[,";
  EXPECT_EQ(ReasonOf(Ask(Post(kJson, unreadable))), reason::kInvalidRequest.name);
  HttpRequest query = Post(kJson, unreadable);
  query.query = "loginId=dnck_00000000";
  EXPECT_EQ(ReasonOf(Ask(std::move(query))), reason::kUnauthenticated.name);
  for (const auto& header : {HttpField{"loginid", "dnck_00000000"},
                             HttpField{"authorization", "Bearer dnck_00000000"}}) {
    HttpRequest request = Post(kJson, unreadable);
    request.headers.push_back(header);
    EXPECT_EQ(ReasonOf(Ask(std::move(request))), reason::kUnauthenticated.name) << header.name;
  }
  // A key in the body counts, and so does none.
  EXPECT_EQ(ReasonOf(Ask(Post(kForm, "phoneList=2015550150&loginId=dnck_00000000"))),
            reason::kUnauthenticated.name);
  EXPECT_EQ(ReasonOf(Ask(Post(kForm, "phoneList=2015550150", "example.com"))),
            reason::kUnauthenticated.name);
}

// What is long, and slow to read or a stranger's, is read by a worker, and answered the same.
TEST_F(DialerScrubTest, LongBodiesAreReadByWorkers) {
  std::string list;
  std::string entries;
  constexpr size_t kCount = 7'000;
  for (size_t i = 0; i < kCount; ++i) {
    list += StrCat(i == 0 ? "" : ",", 2015550150 + i % 50);
    entries += StrCat(i == 0 ? "\"" : ",\"", 2015550150 + i % 50, "\"");
  }
  const auto json = [&] { return Post(kJson, StrCat(R"({"phoneList":[)", entries, "]}")); };
  const auto form = [&](const std::string& host) {
    return Post(kForm, StrCat("phoneList=", list), host);
  };
  const Outcome by_form = Ask(form("localhost"));
  EXPECT_EQ(Lines(by_form.answer.body).size(), kCount);
  EXPECT_EQ(Ask(json()).answer.body, by_form.answer.body);
  EXPECT_EQ(ReasonOf(Ask(form("example.com"))), reason::kUnauthenticated.name);
  EXPECT_EQ(ReasonOf(Ask(Post(kJson, std::string(100'000, '[')))), reason::kInvalidRequest.name);

  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  std::promise<void> busy;
  ASSERT_TRUE(workers_.TryPost([gone, &busy] {
    busy.set_value();
    gone.wait();
  }));
  busy.get_future().wait();
  while (workers_.TryPost([] {})) {
  }
  EXPECT_TRUE(Ask(json()).broken);
  EXPECT_TRUE(Ask(form("example.com")).broken);
  EXPECT_FALSE(Ask(form("localhost")).broken) << "the loop reads a known caller's form";
  HttpRequest bad_key = form("localhost");
  bad_key.query = "loginId=dnck_00000000";
  EXPECT_EQ(ReasonOf(Ask(std::move(bad_key))), reason::kUnauthenticated.name);
  go.set_value();
  std::promise<int64_t> left;
  loop_.Post([&] { left.set_value(loop_.work().waiting()); });
  EXPECT_EQ(left.get_future().get(), 0) << "every call has left the gate";
}

// Workers may have no room for those who want dates.
TEST_F(DialerScrubTest, FullWorkersBreakTheConnectionToo) {
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  // One keeps the worker busy, and only then the others fill its queue.
  std::promise<void> busy;
  ASSERT_TRUE(workers_.TryPost([gone, &busy] {
    busy.set_value();
    gone.wait();
  }));
  busy.get_future().wait();
  while (workers_.TryPost([] {})) {
  }
  EXPECT_TRUE(Ask("phoneList=2015550100").broken);
  EXPECT_FALSE(Ask("phoneList=2015550150").broken) << "it is on no list, and has no date";
  go.set_value();
}

}  // namespace
}  // namespace dnc
