// Long batches that another loop computes than the one that the caller's connection belongs to.
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/rpc/test_server.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

constexpr int kLongBatch = 100'000;

// The clock is asked by the loop that takes a call in, and by the one that computes it. So it sees
// which those are, and can hold up one that is not the connection's.
class LoopClock final : public Clock {
 public:
  absl::Time Now() const override {
    const absl::MutexLock lock(&mutex_);
    const std::thread::id self = std::this_thread::get_id();
    if (!home_.has_value()) home_ = self;
    if (self != *home_) {
      taken_ = true;
      mutex_.Await(absl::Condition(this, &LoopClock::Released));
    }
    return Clock::Now();
  }
  // The next thread that asks counts as the connection's.
  void ForgetHome() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    home_.reset();
    taken_ = false;
  }
  void Hold(bool hold) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    holding_ = hold;
  }
  // Whether another loop has taken a batch since.
  bool taken() const ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    return taken_;
  }

 private:
  bool Released() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !holding_; }

  mutable absl::Mutex mutex_;
  mutable std::optional<std::thread::id> home_ ABSL_GUARDED_BY(mutex_);
  mutable bool taken_ ABSL_GUARDED_BY(mutex_) = false;
  bool holding_ ABSL_GUARDED_BY(mutex_) = false;
};

v1::ScrubRequest Batch(int count) {
  v1::ScrubRequest request;
  request.mutable_numbers()->Resize(count, 2015550101);
  return request;
}

// Calls under way on the test's channel.
class Calls {
 public:
  explicit Calls(v1::ScrubService::Stub* stub) : stub_(*stub) {}

  void Begin(const v1::ScrubRequest& request) {
    Call& call = calls_.emplace_back();
    call.reader = stub_.AsyncScrub(&call.context, request, &queue_);
    call.reader->Finish(&call.response, &call.status, &call);
    ++open_;
  }
  void CancelAll() {
    for (Call& call : calls_) call.context.TryCancel();
  }
  int open() const { return open_; }
  // Takes what ends within the time.
  void Take(std::chrono::milliseconds time) {
    void* tag = nullptr;
    bool ok = false;
    const auto end = std::chrono::system_clock::now() + time;
    while (open_ > 0 && queue_.AsyncNext(&tag, &ok, end) == grpc::CompletionQueue::GOT_EVENT) {
      --open_;
      const auto& call = *static_cast<Call*>(tag);
      if (!call.status.ok()) {
        failures_.push_back(call.status.error_code());
        continue;
      }
      EXPECT_EQ(call.response.verdicts_size(), kLongBatch);
      for (const int verdict : call.response.verdicts()) EXPECT_EQ(verdict, v1::VERDICT_LISTED);
    }
  }
  const std::vector<grpc::StatusCode>& failures() const { return failures_; }

 private:
  struct Call {
    grpc::ClientContext context;
    v1::ScrubResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::ScrubResponse>> reader;
  };
  v1::ScrubService::Stub& stub_;
  grpc::CompletionQueue queue_;
  std::deque<Call> calls_;
  std::vector<grpc::StatusCode> failures_;
  int open_ = 0;
};

class LongBatchTest : public ServerTest {
 protected:
  LongBatchTest() {
    options_.limits.max_batch = kLongBatch;
    options_.limits.numbers_under_way = 100 * kLongBatch;    // nobody is refused,
    options_.limits.max_wait = absl::FromChrono(kPatience);  // however slow the machine is
    options_.rpc.threads = 2;
    Publish(TestSnapshot(5, absl::Now() - absl::Hours(24)));
    ServerParts parts = stores_.Parts(&registry_, &metrics_);
    parts.clock = &loop_clock_;
    auto server = Server::Start(options_, parts);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    scrub_ = v1::ScrubService::NewStub(channel_);
    loop_clock_.ForgetHome();
    EXPECT_TRUE(AskOne().ok());
  }
  ~LongBatchTest() override {
    loop_clock_.Hold(false);
    server_.reset();
  }

  grpc::Status AskOne() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    v1::ScrubResponse response;
    return scrub_->Scrub(&context, Batch(1), &response);
  }
  // Sends bursts of long batches until another loop has taken one, and holds that up.
  void HoldOne(Calls* calls) {
    loop_clock_.Hold(true);
    const v1::ScrubRequest request = Batch(kLongBatch);
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!loop_clock_.taken() && std::chrono::steady_clock::now() < end) {
      while (calls->open() < 8) calls->Begin(request);
      calls->Take(std::chrono::milliseconds(1));
    }
    ASSERT_TRUE(loop_clock_.taken()) << "no loop took a batch over";
  }
  static void TakeAll(Calls* calls) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (calls->open() > 0 && std::chrono::steady_clock::now() < end) {
      calls->Take(std::chrono::milliseconds(100));
    }
    EXPECT_EQ(calls->open(), 0) << "calls that never ended";
  }

  LoopClock loop_clock_;
};

// The batch does not end before the small call does.
TEST_F(LongBatchTest, ASmallCallOvertakesABatchThatAnotherLoopComputes) {
  Calls calls(scrub_.get());
  HoldOne(&calls);
  const grpc::Status small = AskOne();
  EXPECT_TRUE(small.ok()) << small.error_message();
  EXPECT_GT(calls.open(), 0);
  loop_clock_.Hold(false);
  TakeAll(&calls);
  EXPECT_TRUE(calls.failures().empty());
  EXPECT_TRUE(AskOne().ok());
}

TEST_F(LongBatchTest, ABatchIsCancelledWhileAnotherLoopComputesIt) {
  Calls calls(scrub_.get());
  HoldOne(&calls);
  calls.CancelAll();
  TakeAll(&calls);
  EXPECT_FALSE(calls.failures().empty());
  EXPECT_TRUE(AskOne().ok());
  loop_clock_.Hold(false);
  EXPECT_TRUE(AskOne().ok());
}

TEST_F(LongBatchTest, TheServerStopsWhileAnotherLoopComputes) {
  Calls calls(scrub_.get());
  HoldOne(&calls);
  std::thread releaser([this] {
    absl::SleepFor(absl::Milliseconds(50));
    loop_clock_.Hold(false);
  });
  server_->Stop();
  releaser.join();
  TakeAll(&calls);
  for (const grpc::StatusCode code : calls.failures()) EXPECT_EQ(code, grpc::UNAVAILABLE);
}

// Two streams on one connection hold each other up, until another loop takes batches over.
TEST_F(LongBatchTest, BatchesOfStreamsAreTakenOver) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const auto stream = [this, end] {
    grpc::ClientContext context;
    const auto calls = scrub_->ScrubStream(&context);
    v1::ScrubStreamRequest request;
    v1::ScrubStreamResponse response;
    for (int i = 0; !loop_clock_.taken() && std::chrono::steady_clock::now() < end; ++i) {
      const int count = kLongBatch - i % 100;
      *request.mutable_scrub() = Batch(count);
      ASSERT_TRUE(calls->Write(request));
      ASSERT_TRUE(calls->Read(&response));
      EXPECT_EQ(response.scrub().verdicts_size(), count);
      EXPECT_EQ(response.scrub().verdicts(count - 1), v1::VERDICT_LISTED);
    }
    calls->WritesDone();
    EXPECT_TRUE(calls->Finish().ok());
  };
  std::thread other(stream);
  stream();
  other.join();
  EXPECT_TRUE(loop_clock_.taken()) << "no loop took a batch over";
}

}  // namespace
}  // namespace dnc
