#include "dnc/connection.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "absl/time/clock.h"
#include "dnc/rpc_status.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace dnc {
namespace {

// Answers with the given statuses, then with OK.
class ScriptedStub : public ScrubStub {
 public:
  ScriptedStub(std::deque<absl::Status> script, int* calls)
      : script_(std::move(script)), calls_(calls) {}

  absl::Status Scrub(absl::Time /*deadline*/, const v1::ScrubRequest& /*request*/,
                     v1::ScrubResponse* response) override {
    response->add_verdicts(v1::VERDICT_CLEAR);
    return Next();
  }
  absl::Status CheckNumber(absl::Time /*deadline*/, const v1::CheckNumberRequest& /*request*/,
                           v1::CheckNumberResponse* /*response*/) override {
    return Next();
  }

 private:
  absl::Status Next() {
    ++*calls_;
    if (script_.empty()) return absl::OkStatus();
    absl::Status status = script_.front();
    script_.pop_front();
    return status;
  }

  std::deque<absl::Status> script_;
  int* calls_;
};

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() { policy_.deadline = absl::Minutes(1); }

  absl::Status Scrub(std::deque<absl::Status> script) {
    Connection connection(std::make_unique<ScriptedStub>(std::move(script), &calls_), policy_,
                          [this](absl::Duration wait) { waits_.push_back(wait); });
    return connection.Scrub(v1::ScrubRequest(), &response_);
  }

  RetryPolicy policy_;
  int calls_ = 0;
  std::vector<absl::Duration> waits_;
  v1::ScrubResponse response_;
};

// Makes the refusal of a server that is too busy.
absl::Status Crowded(int milliseconds) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(milliseconds * 1'000'000);
  google::rpc::Status details;
  details.add_details()->PackFrom(retry);
  return FromGrpcStatus(
      {grpc::StatusCode::RESOURCE_EXHAUSTED, "crowded", details.SerializeAsString()});
}

TEST_F(ConnectionTest, ComesAgainWhenTheServerSays) {
  EXPECT_TRUE(Scrub({Crowded(20), Crowded(40)}).ok());
  ASSERT_EQ(waits_.size(), 2u);
  EXPECT_GE(waits_[0], absl::Milliseconds(20));
  EXPECT_LE(waits_[0], absl::Milliseconds(40));
  EXPECT_GE(waits_[1], absl::Milliseconds(40));
  EXPECT_LE(waits_[1], absl::Milliseconds(80));
}

TEST_F(ConnectionTest, DoesNotRepeatARefusalWithoutATime) {
  EXPECT_FALSE(Scrub({absl::ResourceExhaustedError("a quota")}).ok());
  EXPECT_EQ(calls_, 1);
}

TEST_F(ConnectionTest, RetriesUnavailable) {
  EXPECT_TRUE(Scrub({absl::UnavailableError("a"), absl::UnavailableError("b")}).ok());
  EXPECT_EQ(calls_, 3);
  EXPECT_EQ(response_.verdicts_size(), 1);  // nothing is left of the failed attempts
}

// A server's gRPC cuts off calls that come while it stops; the caller itself never cancels one.
TEST_F(ConnectionTest, RetriesWhatAStoppingServerCutOff) {
  EXPECT_TRUE(Scrub({absl::CancelledError("cut off")}).ok());
  EXPECT_EQ(calls_, 2);
}

TEST_F(ConnectionTest, WaitsLongerEachTime) {
  ASSERT_TRUE(
      Scrub({absl::UnavailableError("a"), absl::UnavailableError("b"), absl::UnavailableError("c")})
          .ok());
  ASSERT_EQ(waits_.size(), 3u);
  for (size_t i = 0; i < waits_.size(); ++i) {
    const absl::Duration backoff = policy_.first_backoff * (1 << i);
    EXPECT_GE(waits_[i], backoff / 2);
    EXPECT_LE(waits_[i], backoff);
  }
}

TEST_F(ConnectionTest, GivesUpAfterTheLastAttempt) {
  policy_.max_attempts = 2;
  EXPECT_TRUE(absl::IsUnavailable(Scrub(std::deque(9, absl::UnavailableError("gone")))));
  EXPECT_EQ(calls_, 2);
}

TEST_F(ConnectionTest, DoesNotWaitPastTheDeadline) {
  policy_.deadline = absl::Milliseconds(10);
  EXPECT_TRUE(absl::IsUnavailable(Scrub(std::deque(9, absl::UnavailableError("gone")))));
  EXPECT_EQ(calls_, 1);
  EXPECT_TRUE(waits_.empty());
}

TEST_F(ConnectionTest, DoesNotRepeatOtherErrors) {
  for (const absl::Status& status :
       {absl::DeadlineExceededError("late"), absl::InternalError("bad"),
        absl::ResourceExhaustedError("full"), absl::InvalidArgumentError("wrong")}) {
    calls_ = 0;
    EXPECT_EQ(Scrub({status}), status);
    EXPECT_EQ(calls_, 1);
  }
}

}  // namespace
}  // namespace dnc
