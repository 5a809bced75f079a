#include "server/rest/method_run.h"

#include <memory>

#include "dnc/v1/scrub_service.pb.h"
#include "gtest/gtest.h"
#include "server/http/problem.h"
#include "server/http/test_call.h"
#include "server/rpc/test_stores.h"
#include "server/service/request_errors.h"
#include "tests/support/temp_dir.h"

namespace dnc {
namespace {

using google::protobuf::Message;

// A loop and workers, and a method that answers with how many numbers were asked.
class MethodRunTest : public testing::Test {
 protected:
  MethodRunTest() {
    method_.name = Method::kScrub;
    method_.permission = Permission::kScrub;
    method_.request = &v1::ScrubRequest::default_instance();
    method_.response = &v1::ScrubResponse::default_instance();
    method_.weighed = true;
    method_.is_fast = [](const Caller&, const Message& request) {
      return static_cast<const v1::ScrubRequest&>(request).detail() == v1::DETAIL_COLUMNS;
    };
    method_.handle = [this](const Caller& caller, const Message& in, Message* out) {
      EXPECT_NE(caller.tenant, nullptr);
      ++handled_;
      on_loop_ = loop_.InThread();
      waiting_ = on_loop_ ? loop_.work().waiting() : 0;
      for (int i = 0; i < static_cast<const v1::ScrubRequest&>(in).numbers_size(); ++i) {
        static_cast<v1::ScrubResponse*>(out)->add_verdicts(v1::VERDICT_LISTED);
      }
      return absl::OkStatus();
    };
    context_ = {&rpc_, &access_, nullptr};
    loop_.Start();
  }
  ~MethodRunTest() override {
    live_.WaitUntilNone([] {});
    workers_.Stop();
    loop_.Stop();
  }

  static HttpRequest Request() {
    HttpRequest request;
    request.method = "POST";
    request.headers = {{"host", "localhost"}};
    request.body = "{}";
    return request;
  }

  // Runs the method on the loop.
  std::shared_ptr<TestCall> Run(v1::Detail detail, HttpRequest request = Request()) {
    const auto call = std::make_shared<TestCall>(std::move(request), &loop_);
    Begin(call, detail);
    return call;
  }
  void Begin(const std::shared_ptr<TestCall>& call, v1::Detail detail) {
    MethodRun run;
    run.method = &method_;
    run.read = [this, detail](const HttpRequest& /*call*/, Message* out) {
      ++read_;
      static_cast<v1::ScrubRequest*>(out)->set_detail(detail);
      static_cast<v1::ScrubRequest*>(out)->add_numbers(1);
      return read_error_;
    };
    run.before = before_;
    run.tell = [](const absl::Status& status, const Message& response) {
      if (!status.ok()) return ProblemAnswer(status);
      HttpAnswer answer;
      answer.body = std::to_string(static_cast<const v1::ScrubResponse&>(response).verdicts_size());
      return answer;
    };
    loop_.Post([this, run = std::move(run), call] { RunMethod(&context_, run, call); });
  }
  // What is posted has run.
  void Drain() {
    const auto done = std::make_shared<TestCall>(Request());
    loop_.Post([done] { done->Answer({}); });
    done->Wait();
  }
  int64_t CallsOf(absl::StatusCode code) const {
    return metrics_.Sum().calls[static_cast<size_t>(Method::kScrub)][static_cast<size_t>(code)];
  }

  const blackbox::TempDir dir_;
  Clock clock_;
  Metrics metrics_;
  TestStores stores_{dir_.path() + "/stores", &clock_};
  EventLoop loop_{std::chrono::nanoseconds(0)};
  WorkerPool workers_{1, 1};
  LiveCalls live_;
  StopSign stop_;
  const Authorizer authorizer_{&stores_.directory(), &stores_.order(), /*keys_required=*/false};
  AdmissionControl gate_{{1'000, std::chrono::milliseconds(3)}};
  RpcContext rpc_{&workers_, &metrics_, &live_, &stop_, &authorizer_, &gate_};
  const HttpAccess access_{&authorizer_, /*keys_required=*/false};
  HttpContext context_;
  UnaryHandler method_;
  absl::Status read_error_;
  decltype(MethodRun::before) before_;
  std::atomic<int> handled_{0};
  std::atomic<int> read_{0};
  std::atomic<bool> on_loop_{false};
  std::atomic<int64_t> waiting_{0};
};

TEST_F(MethodRunTest, ASmallFastScrubIsAnsweredOnItsLoop) {
  EXPECT_EQ(Run(v1::DETAIL_COLUMNS)->Wait()->body, "1");
  EXPECT_TRUE(on_loop_);
  EXPECT_GT(waiting_, 0) << "it is at the gate meanwhile";
  Drain();
  EXPECT_EQ(loop_.work().waiting(), 0) << "and has left it";
  EXPECT_EQ(CallsOf(absl::StatusCode::kOk), 1);
}

TEST_F(MethodRunTest, WhatMustWaitGoesToAWorkerAndIsReadOnce) {
  EXPECT_EQ(Run(v1::DETAIL_FULL)->Wait()->body, "1");
  EXPECT_FALSE(on_loop_);
  EXPECT_EQ(read_, 1);
  HttpRequest long_one = Request();
  long_one.body.assign(100'000, ' ');
  EXPECT_EQ(Run(v1::DETAIL_COLUMNS, std::move(long_one))->Wait()->body, "1");
  EXPECT_FALSE(on_loop_) << "to read much takes long";
  Drain();
  EXPECT_EQ(loop_.work().waiting(), 0);
}

TEST_F(MethodRunTest, WithoutRoomItIsRefusedBeforeAnythingIsRead) {
  const auto first = std::make_shared<TestCall>(Request(), &loop_);
  loop_.Post([this] { loop_.work().Add(1'000); });
  Begin(first, v1::DETAIL_COLUMNS);
  const HttpAnswer refused = *first->Wait();
  EXPECT_EQ(refused.status, 503);
  ASSERT_EQ(refused.headers.size(), 1);
  EXPECT_EQ(refused.headers[0].name, "Retry-After");
  EXPECT_EQ(read_, 0);
  EXPECT_EQ(CallsOf(absl::StatusCode::kResourceExhausted), 1);
  loop_.Post([this] { loop_.work().Remove(1'000); });
  Drain();
}

TEST_F(MethodRunTest, WhoIsGoneIsNotAnswered) {
  for (const v1::Detail detail : {v1::DETAIL_COLUMNS, v1::DETAIL_FULL}) {
    const auto call = std::make_shared<TestCall>(Request(), &loop_);
    call->set_gone();
    Begin(call, detail);
    call->Wait();
  }
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(CallsOf(absl::StatusCode::kCancelled), 2);
  Drain();
  EXPECT_EQ(loop_.work().waiting(), 0);
}

TEST_F(MethodRunTest, ErrorsAreAnswersAndLeaveTheGate) {
  read_error_ = InvalidRequest("not so");
  EXPECT_EQ(Run(v1::DETAIL_COLUMNS)->Wait()->status, 400);
  method_.permission = Permission::kOperate;
  EXPECT_EQ(Run(v1::DETAIL_COLUMNS)->Wait()->status, 401);
  method_.permission = Permission::kScrub;
  HttpRequest foreign = Request();
  foreign.headers = {{"host", "dialer.example"}};
  EXPECT_GE(Run(v1::DETAIL_COLUMNS, std::move(foreign))->Wait()->status, 400);
  EXPECT_EQ(handled_, 0);
  Drain();
  EXPECT_EQ(loop_.work().waiting(), 0);
}

TEST_F(MethodRunTest, AWriteIsAnsweredWhenItIsDone) {
  std::function<void(absl::Status)> done;
  const auto submitted = std::make_shared<TestCall>(Request());
  method_.weighed = false;
  method_.handle = nullptr;
  method_.submit = [&](const Caller&, const Message&, Message* out, auto when) {
    static_cast<v1::ScrubResponse*>(out)->add_verdicts(v1::VERDICT_LISTED);
    done = std::move(when);
    submitted->Answer({});
  };
  const auto call = Run(v1::DETAIL_FULL);
  submitted->Wait();
  EXPECT_FALSE(call->ended());
  std::exchange(done, nullptr)(absl::OkStatus());
  EXPECT_EQ(call->Wait()->body, "1");
}

TEST_F(MethodRunTest, WhatIsLookedAtBeforeKeepsAMethodFromRunning) {
  method_.weighed = false;
  int looked = 0;
  absl::Status may = InvalidRequest("not to that list");
  before_ = [&](const Caller& caller, const Message& request) {
    EXPECT_NE(caller.tenant, nullptr);
    EXPECT_EQ(static_cast<const v1::ScrubRequest&>(request).numbers_size(), 1) << "it is read";
    EXPECT_EQ(handled_, 0);
    ++looked;
    return may;
  };
  EXPECT_EQ(Run(v1::DETAIL_FULL)->Wait()->status, 400);
  method_.submit = [&](const Caller&, const Message&, Message*, auto when) {
    ++handled_;
    when(absl::OkStatus());
  };
  EXPECT_EQ(Run(v1::DETAIL_FULL)->Wait()->status, 400) << "writes too";
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(CallsOf(absl::StatusCode::kInvalidArgument), 2);
  method_.submit = nullptr;
  may = absl::OkStatus();
  EXPECT_EQ(Run(v1::DETAIL_FULL)->Wait()->body, "1");
  EXPECT_EQ(looked, 3);
}

// Whoever has no key is no operator here, before a wait and after it.
TEST_F(MethodRunTest, AWaitForARevisionGivesNoScope) {
  RevisionWait revisions({}, {&stores_.order(), nullptr, &authorizer_});
  rpc_.revisions = &revisions;
  method_.at_least_revision = [this](const Message&) {
    // A change comes between the admission and this.
    RevisionOrder::Change change = stores_.order().Begin();
    change.Commit();
    return change.revision();
  };
  uint8_t scopes = 0;
  uint64_t revision = 0;
  method_.handle = [&](const Caller& caller, const Message&, Message*) {
    scopes = caller.scopes;
    revision = caller.revision;
    return absl::OkStatus();
  };
  EXPECT_EQ(Run(v1::DETAIL_FULL)->Wait()->status, 200);
  EXPECT_EQ(revision, stores_.order().last());
  EXPECT_NE(scopes & (1U << static_cast<int>(KeyScope::kScrub)), 0);
  EXPECT_EQ(scopes & (1U << static_cast<int>(KeyScope::kOperate)), 0);
}

}  // namespace
}  // namespace dnc
