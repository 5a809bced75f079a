// Reading all records in parts, by several threads: every record once, none of them missed.
#include "server/records/full_read.h"

#include <numeric>

#include "server/index/growing_filter.h"
#include "server/records/record_keys.h"
#include "server/records/records_fixture.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

class FullReadTest : public TenantRecordsTest {
 protected:
  // One tenant with many records, some with few; two lists.
  void Fill() {
    Open();
    std::vector<Number> many(5'000);
    std::iota(many.begin(), many.end(), 2'015'550'000);
    for (size_t i = 0; i < many.size(); ++i) many[i] += i % 7 * 1'000'000'000;
    ASSERT_TRUE(Do(Write(one_, "internal", many)).ok());
    ASSERT_TRUE(Do(Write(one_, "ebr", {many[0], many[1]})).ok());
    ASSERT_TRUE(Do(Write(two_, "internal", {many[0]})).ok());
    for (const Number number : many) keys_.push_back({1, number});
    keys_.push_back({2, many[0]});
  }

  std::vector<BloomKey> keys_;
};

TEST_F(FullReadTest, ReadsEveryRecordWhateverTheParts) {
  Fill();
  for (const uint64_t records_per_part : {1, 10, 1'000, 4'999, 1'000'000}) {
    GrowingFilter filter({});
    auto rebuild = filter.BeginRebuild(10'000);
    ASSERT_TRUE(rebuild.ok()) << rebuild.status();
    const auto damaged =
        ReadAllRecords(*store_->Snapshot(),
                       {.threads = 3, .rebuild = &*rebuild, .records_per_part = records_per_part});
    ASSERT_TRUE(damaged.ok()) << damaged.status();
    EXPECT_TRUE(damaged->empty());
    // About: a key whose bits others set at the same moment does not count.
    EXPECT_NEAR(static_cast<double>(rebuild->keys()), static_cast<double>(keys_.size()), 10)
        << records_per_part;
    rebuild->Finish();
    for (const BloomKey& key : keys_) ASSERT_TRUE(filter.MayContain(key));
  }
}

TEST_F(FullReadTest, NoticesARecordThatIsGone) {
  Fill();
  StoreBatch batch;
  batch.Delete(Column::kRecords, EncodeRecordKey({1, keys_[4'321].number, 1}));
  ASSERT_TRUE(store_->Write(batch).ok());
  const auto damaged = ReadAllRecords(*store_->Snapshot(), {.threads = 2, .records_per_part = 100});
  ASSERT_TRUE(damaged.ok()) << damaged.status();
  EXPECT_EQ(*damaged, std::set<TenantNumber>{1});
}

TEST_F(FullReadTest, NoticesARecordThatIsChanged) {
  Fill();
  StoreBatch batch;
  batch.Put(Column::kRecords, EncodeRecordKey({2, keys_.back().number, 1}), "not a record");
  ASSERT_TRUE(store_->Write(batch).ok());
  const auto damaged = ReadAllRecords(*store_->Snapshot(), {.threads = 2, .records_per_part = 100});
  ASSERT_TRUE(damaged.ok()) << damaged.status();
  EXPECT_EQ(*damaged, std::set<TenantNumber>{2});
}

TEST_F(FullReadTest, EndsWhenItIsStopped) {
  Fill();
  const std::atomic<bool> stop{true};
  const auto damaged = ReadAllRecords(*store_->Snapshot(), {.stop = &stop});
  EXPECT_EQ(damaged.status().code(), absl::StatusCode::kCancelled);
}

TEST_F(FullReadTest, AFilterThatIsFullIsMadeAnewAtOnce) {
  options_.filter_min_records = 100;
  Fill();  // fifty times what the filter was made for
  EXPECT_TRUE(WaitUntil([this] { return lists_->stats().filter_rebuilds >= 2; }));
  for (const BloomKey& key : keys_) {
    ASSERT_EQ(Facts(key.tenant == 1 ? one_ : two_, key.number) & kRecordDoNotCall,
              kRecordDoNotCall);
  }
}

}  // namespace
}  // namespace dnc
