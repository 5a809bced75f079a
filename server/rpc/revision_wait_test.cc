// Answers that rest on a revision: those that waited for one, and those that changes overtake.
#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "server/rpc/test_server.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

using testing::ElementsAre;

class RevisionWaitTest : public ServerTest {
 protected:
  grpc::Status Scrub(const v1::ScrubRequest& request, v1::ScrubResponse* response) {
    grpc::ClientContext context;
    return scrub_->Scrub(&context, request, response);
  }
  static v1::ScrubRequest Numbers(const std::vector<uint64_t>& numbers) {
    v1::ScrubRequest request;
    request.mutable_numbers()->Add(numbers.begin(), numbers.end());
    return request;
  }
};

TEST_F(RevisionWaitTest, DoesNotWaitForEver) {
  Start();
  v1::ScrubRequest request = Numbers({2015550101});
  request.set_at_least_revision(6);
  v1::ScrubResponse response;
  const grpc::Status status = Scrub(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(status), "REVISION_NOT_REACHED");
}

// The wait ends with the caller's deadline, and says so as the caller's own gRPC does. A caller
// that has no timer of its own hears it from the server.
TEST_F(RevisionWaitTest, DoesNotOutliveTheDeadline) {
  options_.limits.revision_wait = absl::FromChrono(kPatience);
  Start();
  v1::ScrubRequest request = Numbers({2015550101});
  request.set_at_least_revision(6);
  v1::ScrubResponse response;
  grpc::ClientContext context;
  context.AddMetadata("grpc-timeout", "50m");
  const grpc::Status status = scrub_->Scrub(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(ReasonOf(status), "DEADLINE_PASSED");
}

// Of three places a tenant's calls take two.
TEST_F(RevisionWaitTest, ATenantLeavesAPlace) {
  options_.limits.revision_wait = absl::FromChrono(kPatience);
  options_.rpc.worker_threads = 4;
  Start();
  v1::ScrubRequest request = Numbers({2015550101});
  request.set_at_least_revision(6);
  std::atomic<int> refused{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      v1::ScrubResponse response;
      const grpc::Status status = Scrub(request, &response);
      if (status.ok()) return;
      EXPECT_EQ(ReasonOf(status), "LIMIT_REACHED");
      ++refused;
      Publish(TestSnapshot(6, absl::Now()));
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(refused, 1);
}

TEST_F(RevisionWaitTest, WaitsForARevision) {
  options_.limits.revision_wait = absl::FromChrono(kPatience);
  Start();
  v1::ScrubRequest request = Numbers({2015550101});
  request.set_at_least_revision(6);
  v1::ScrubResponse response;
  std::thread publisher([this] {
    absl::SleepFor(absl::Milliseconds(50));
    Publish(TestSnapshot(6, absl::Now()));
  });
  EXPECT_TRUE(Scrub(request, &response).ok());
  EXPECT_EQ(response.snapshot().revision(), 6);
  publisher.join();
}

// What a call waited for counts in its answer: a block, made while it waited, and who it is.
TEST_F(RevisionWaitTest, WhatItWaitedForCounts) {
  options_.limits.revision_wait = absl::FromChrono(kPatience);
  Start();
  v1::ScrubRequest request = Numbers({2015550123});
  request.set_at_least_revision(6);
  TenantDirectory& directory = stores_.directory();
  std::thread blocker([&directory] {
    absl::SleepFor(absl::Milliseconds(50));
    EXPECT_TRUE(directory.AddBlocks("default", "internal", {"201555"}, "test").ok());
  });
  v1::ScrubResponse response;
  EXPECT_TRUE(Scrub(request, &response).ok());
  blocker.join();
  EXPECT_THAT(response.verdicts(), ElementsAre(v1::VERDICT_LISTED));
  EXPECT_EQ(response.snapshot().revision(), 6);

  std::thread opener([&directory] {
    absl::SleepFor(absl::Milliseconds(50));
    EXPECT_TRUE(directory.RemoveBlocks("default", "internal", {"201555"}, "test").ok());
  });
  grpc::ClientContext context;
  const auto stream = scrub_->ScrubStream(&context);
  v1::ScrubStreamRequest part;
  *part.mutable_scrub() = request;
  part.mutable_scrub()->set_at_least_revision(7);
  v1::ScrubStreamResponse answer;
  EXPECT_TRUE(stream->Write(part));
  EXPECT_TRUE(stream->Read(&answer));
  opener.join();
  EXPECT_THAT(answer.scrub().verdicts(), ElementsAre(v1::VERDICT_CLEAR));
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());

  std::thread suspender([&directory] {
    absl::SleepFor(absl::Milliseconds(50));
    Tenant tenant = (*directory.Find("default"))->tenant;
    tenant.state = TenantState::kSuspended;
    EXPECT_TRUE(directory.Update(tenant, "test").ok());
  });
  v1::CheckNumberRequest check;
  check.set_number("2015550123");
  check.set_at_least_revision(8);
  v1::CheckNumberResponse nothing;
  grpc::ClientContext check_context;
  EXPECT_EQ(ReasonOf(scrub_->CheckNumber(&check_context, check, &nothing)), "TENANT_SUSPENDED");
  suspender.join();
}

// Blocks come while many ask: an answer that says it rests on a block's revision knows the block.
TEST_F(RevisionWaitTest, AnAnswerKnowsTheTermsOfItsRevision) {
  Start();
  constexpr int kRounds = 60;
  std::array<std::atomic<uint64_t>, kRounds> blocked_at{};
  std::atomic<bool> done{false};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      v1::ScrubRequest request;
      for (uint64_t round = 0; round < kRounds; ++round) {
        request.add_numbers(2012000000 + round * 10'000);
      }
      while (!done) {
        v1::ScrubResponse response;
        if (!Scrub(request, &response).ok()) continue;
        for (int round = 0; round < kRounds; ++round) {
          const uint64_t at = blocked_at[static_cast<size_t>(round)];
          if (at == 0 || response.snapshot().revision() < at) continue;
          EXPECT_EQ(response.verdicts(round), v1::VERDICT_LISTED) << round;
        }
      }
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    const auto revision = stores_.directory().AddBlocks("default", "internal",
                                                        {std::to_string(201200 + round)}, "test");
    ASSERT_TRUE(revision.ok()) << revision.status();
    blocked_at[static_cast<size_t>(round)] = *revision;
  }
  done = true;
  for (std::thread& caller : callers) caller.join();
}

}  // namespace
}  // namespace dnc
