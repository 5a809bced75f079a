#include "server/records/record_stats.h"

#include "server/base/error.h"
#include "server/records/record_keys.h"
#include "server/records/records_fixture.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

constexpr Number kNumber = 2'015'550'123;

class RecordStatsTest : public TenantRecordsTest {
 protected:
  uint64_t Outcomes(WriteOutcome outcome) const {
    return lists_->stats().records_by_outcome[static_cast<size_t>(outcome)];
  }
  uint64_t Failures(WriteFailure failure) const {
    return lists_->stats().failed_writes[static_cast<size_t>(failure)];
  }
};

TEST_F(RecordStatsTest, CountsWritesByOutcome) {
  Open();
  RecordWrite first = Write(one_, "internal", {kNumber, kNumber + 1});
  first.items.push_back({TenantRecord(), "no number"});
  first.request_id = "once";
  for (int i = 0; i < 2; ++i) {  // the second is told the first's answer
    const auto reply = Do(first);
    ASSERT_TRUE(reply.ok()) << reply.status();
  }
  EXPECT_EQ(Outcomes(WriteOutcome::kAdded), 2U);
  EXPECT_EQ(Outcomes(WriteOutcome::kRefused), 1U);
  DoOne(Write(one_, "internal", {kNumber}));
  DoOne(Write(one_, "internal", {kNumber}, /*remove=*/true));
  DoOne(Write(one_, "internal", {kNumber}, /*remove=*/true));
  const TenantRecordsStats stats = lists_->stats();
  EXPECT_EQ(Outcomes(WriteOutcome::kAlreadyThere), 1U);
  EXPECT_EQ(Outcomes(WriteOutcome::kRemoved), 1U);
  EXPECT_EQ(Outcomes(WriteOutcome::kNotThere), 1U);
  EXPECT_EQ(stats.records, 1U);
  EXPECT_EQ(stats.writes, 5U);
  EXPECT_EQ(stats.commits, 2U);  // of those that changed something
  EXPECT_GT(stats.commit_time, absl::ZeroDuration());
  EXPECT_EQ(stats.revision, order_->last());
  EXPECT_EQ(stats.failed_writes, (std::array<uint64_t, kWriteFailureCount>{}));
}

TEST_F(RecordStatsTest, CountsRefusalsForTheQuotaOfRecords) {
  Open();
  RecordWrite write = Write(one_, "internal", {kNumber, kNumber + 1, kNumber + 2});
  write.max_records = 1;
  ASSERT_TRUE(Do(write).ok());
  EXPECT_EQ(lists_->stats().quota_refusals, 2U);
  EXPECT_EQ(Outcomes(WriteOutcome::kAdded), 1U);
}

TEST_F(RecordStatsTest, CountsWhatPassesTheFilter) {
  Open();
  std::vector<Number> numbers;  // so many that one deletion doesn't wear the filter
  for (Number i = 0; i < 20; ++i) numbers.push_back(kNumber - i);
  ASSERT_TRUE(Do(Write(one_, "internal", numbers)).ok());
  const TenantRecordsStats before = lists_->stats();
  EXPECT_EQ(before.filter_false, 0U);
  Facts(one_, kNumber);
  Facts(one_, kNumber + 1);
  const TenantRecordsStats known = lists_->stats();
  EXPECT_EQ(known.filter_asked, before.filter_asked + 2);
  EXPECT_EQ(known.filter_passed, before.filter_passed + 1);
  EXPECT_EQ(known.store_reads, before.store_reads + 1);
  EXPECT_EQ(known.filter_false, 0U);
  // A deleted number stays in the filter: for a scrub, and for a write.
  DoOne(Write(one_, "internal", {kNumber}, /*remove=*/true));
  Facts(one_, kNumber);
  EXPECT_EQ(lists_->stats().filter_false, 1U);
  DoOne(Write(one_, "internal", {kNumber}));
  EXPECT_EQ(lists_->stats().filter_false, 2U);
}

TEST_F(RecordStatsTest, CountsWritesThatWaitAndThoseTooMany) {
  options_.max_waiting_writes = 2;
  Open();
  std::promise<void> committing, go_on;
  lists_->Submit(Write(one_, "internal", {kNumber}), [&](const absl::StatusOr<WriteReply>&) {
    committing.set_value();
    go_on.get_future().wait();
  });
  committing.get_future().wait();
  std::atomic<int> refused{0};
  for (int i = 0; i < 3; ++i) {
    lists_->Submit(Write(one_, "internal", {kNumber}),
                   [&](const absl::StatusOr<WriteReply>& reply) { refused += reply.ok() ? 0 : 1; });
  }
  const TenantRecordsStats stats = lists_->stats();
  go_on.set_value();
  EXPECT_EQ(stats.waiting_writes, 2U);
  EXPECT_EQ(stats.max_waiting_writes, 2U);
  EXPECT_EQ(Failures(WriteFailure::kTooManyWaiting), 1U);
  Close();
  EXPECT_EQ(refused, 1);
}

TEST_F(RecordStatsTest, CountsNumbersOfDamagedRecords) {
  options_.image_min_records = 0;
  Open();
  DoOne(Write(one_, "internal", {kNumber}));
  DoOne(Write(two_, "internal", {kNumber}));
  StoreBatch batch;
  batch.Put(Column::kRecords, EncodeRecordKey({1, kNumber, 1}), "nonsense of some length");
  ASSERT_TRUE(store_->Write(batch).ok());
  EXPECT_EQ(lists_->stats().damaged_tenants, 0U) << "nobody has read it yet";
  EXPECT_EQ(Facts(one_, kNumber), kRecordUnknown);
  EXPECT_EQ(lists_->stats().unknown_numbers, 1U);
  // With the filter's image the records are read beside the answers.
  Reopen();
  EXPECT_TRUE(WaitUntil(
      [this] { return lists_->stats().verified && lists_->stats().damaged_tenants > 0; }));
  EXPECT_EQ(lists_->stats().damaged_tenants, 1U);
  EXPECT_EQ(Facts(one_, kNumber + 1), kRecordUnknown);
  EXPECT_EQ(Facts(one_, kNumber), kRecordUnknown);
  EXPECT_EQ(Facts(two_, kNumber), kRecordDoNotCall);
  EXPECT_EQ(lists_->stats().unknown_numbers, 2U);
  ASSERT_TRUE(lists_->Drop(1).ok());
  EXPECT_EQ(lists_->stats().damaged_tenants, 0U);
}

TEST_F(RecordStatsTest, TellsSinceWhenChangesAreKept) {
  Open();
  EXPECT_EQ(lists_->stats().oldest_change, absl::InfiniteFuture());
  DoOne(Write(one_, "internal", {kNumber}));
  const absl::Time first = clock_.now;
  clock_.now += absl::Hours(2);
  DoOne(Write(one_, "internal", {kNumber + 1}));
  EXPECT_EQ(lists_->stats().oldest_change, first);
  const uint64_t last = order_->last();
  clock_.now += options_.change_age + absl::Hours(3);
  Reopen();  // the first look after old changes comes at the start
  EXPECT_TRUE(WaitUntil([this] { return lists_->stats().changes_dropped_up_to > 0; }));
  EXPECT_EQ(lists_->stats().changes_dropped_up_to, last);
  EXPECT_EQ(lists_->stats().oldest_change, absl::InfiniteFuture());
}

TEST(RecordCountersTest, TellsFailuresApart) {
  RecordCounters counters;
  const auto fail = [&](const FailureReason& why, int times) {
    for (int i = 0; i < times; ++i) {
      counters.CountFailure(Error(why, "told"));
    }
  };
  fail(reason::kDiskFull, 1);
  fail(reason::kStorage, 2);
  fail(reason::kOwnListsDamaged, 3);
  for (int i = 0; i < 4; ++i) counters.CountFailure(WriteFailure::kTooManyWaiting);
  fail(reason::kLimitReached, 5);
  fail(reason::kInternal, 6);
  // No failures of the server.
  fail(reason::kRequestIdReused, 7);
  fail(reason::kStopping, 8);
  for (size_t i = 0; i < kWriteFailureCount; ++i) {
    EXPECT_EQ(counters.failed_writes[i], i + 1) << i;
  }
}

}  // namespace
}  // namespace dnc
