#include "server/rpc/call_queue.h"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/alarm.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "server/base/str_cat.h"
#include "server/rpc/health_service.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

using std::chrono::milliseconds;

// A queue with the health service on it, and a stub to call that.
class CallQueueTest : public testing::Test {
 protected:
  void Start(int threads) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(health_.service());
    queue_ = std::make_unique<CallQueue>(builder.AddCompletionQueue(), threads,
                                         std::chrono::microseconds(50));
    server_ = builder.BuildAndStart();
    rpc_ = RpcContext{queue_->queue(), &workers_,    &metrics_, &live_, &stop_,
                      &authorizer_,    queue_.get(), &gate_,    nullptr};
    board_.Set("", true);
    health_.Arm(rpc_, 4);
    queue_->Start();
    stub_ = grpc::health::v1::Health::NewStub(
        grpc::CreateChannel(StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
  }

  ~CallQueueTest() override {
    server_->Shutdown(std::chrono::system_clock::now() + milliseconds(100));
    live_.WaitUntilNone([] {});
    queue_->Stop();
  }

  grpc::Status Check() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    grpc::health::v1::HealthCheckResponse response;
    return stub_->Check(&context, {}, &response);
  }

  HealthBoard board_;
  HealthService health_{&board_, 16};
  WorkerPool workers_{1, 10};
  Metrics metrics_;
  LiveCalls live_;
  AdmissionControl gate_{{.numbers_under_way = 1'000}};
  StopLine stop_;
  Authorizer authorizer_{nullptr, nullptr, false};  // health is open to all
  RpcContext rpc_;
  std::unique_ptr<CallQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<grpc::health::v1::Health::Stub> stub_;
};

// Happens again as soon as it has happened, until it is told to end.
class EndlessEvent final : public QueueEvent {
 public:
  explicit EndlessEvent(grpc::CompletionQueue* queue) : queue_(queue) { Again(); }

  void End() {
    const absl::MutexLock lock(&mutex_);
    ending_ = true;
    mutex_.Await(absl::Condition(&over_));
  }

 private:
  void Again() { alarm_.Set(queue_, gpr_inf_past(GPR_CLOCK_REALTIME), tag()); }

  void Run(bool /*ok*/) override {
    const absl::MutexLock lock(&mutex_);
    if (!ending_) {
      Again();
      return;
    }
    over_ = true;
  }

  grpc::CompletionQueue* const queue_;
  grpc::Alarm alarm_;
  absl::Mutex mutex_;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
};

// Returns when all of its kind have come so far.
class MeetingEvent final : public QueueEvent {
 public:
  struct Meeting {
    bool AllHere() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return missing == 0; }
    bool AllLeft() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return left == 4; }

    absl::Mutex mutex;
    int missing ABSL_GUARDED_BY(mutex) = 4;  // so many threads must be at it at the same time
    int left ABSL_GUARDED_BY(mutex) = 0;
  };

  MeetingEvent(grpc::CompletionQueue* queue, Meeting* meeting) : meeting_(meeting) {
    alarm_.Set(queue, gpr_inf_past(GPR_CLOCK_REALTIME), tag());
  }

 private:
  void Run(bool /*ok*/) override {
    const absl::MutexLock lock(&meeting_->mutex);
    --meeting_->missing;
    meeting_->mutex.Await(absl::Condition(meeting_, &Meeting::AllHere));
    ++meeting_->left;
  }

  Meeting* const meeting_;
  grpc::Alarm alarm_;
};

TEST_F(CallQueueTest, AnswersNewCallersWhileTheQueueIsNeverEmpty) {
  Start(1);
  std::vector<std::unique_ptr<EndlessEvent>> events;
  for (int i = 0; i < 20; ++i) events.push_back(std::make_unique<EndlessEvent>(queue_->queue()));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Check().ok());
  for (const auto& event : events) event->End();
}

TEST_F(CallQueueTest, AnswersNewCallersWhileSeveralThreadsAreNeverDone) {
  Start(3);
  std::vector<std::unique_ptr<EndlessEvent>> events;
  for (int i = 0; i < 60; ++i) events.push_back(std::make_unique<EndlessEvent>(queue_->queue()));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Check().ok());
  for (const auto& event : events) event->End();
}

// Whether there is a flood.
class StuckQueueTest : public CallQueueTest, public testing::WithParamInterface<bool> {};

TEST_P(StuckQueueTest, OtherThreadsStepInForOneThatIsStuck) {
  Start(4);
  if (GetParam()) queue_->NoteFlood();
  MeetingEvent::Meeting meeting;
  std::vector<std::unique_ptr<MeetingEvent>> events;
  for (int i = 0; i < 4; ++i) {
    events.push_back(std::make_unique<MeetingEvent>(queue_->queue(), &meeting));
  }
  const absl::MutexLock lock(&meeting.mutex);
  EXPECT_TRUE(meeting.mutex.AwaitWithTimeout(
      absl::Condition(&meeting, &MeetingEvent::Meeting::AllLeft), absl::FromChrono(kPatience)));
}

INSTANTIATE_TEST_SUITE_P(BesideAFloodOrNot, StuckQueueTest, testing::Bool());

TEST_F(CallQueueTest, IdleThreadsCostNothing) {
  Start(8);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Check().ok());
  const auto used = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto microseconds = [](const timeval& time) {
      return time.tv_sec * 1'000'000 + time.tv_usec;
    };
    return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
  };
  // 3 %; a sanitizer costs, and the client's threads count too. They may be idle a little later.
  EXPECT_TRUE(WaitUntil([&] {
    const auto before = used();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    return used() - before < 30'000;
  }));
}

}  // namespace
}  // namespace dnc
