// Checks that the server accepts a generated data folder as its own: it opens it, compares all
// records with the ledger, and answers from it.
#include "tools/dncgen/tenant_store.h"

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/records/tenant_records.h"
#include "server/storage/tenant_columns.h"
#include "server/tenants/tenant_directory.h"
#include "tools/dncgen/tenant_plan.h"

namespace dnc {
namespace {

class TenantStoreTest : public testing::Test {
 protected:
  TenantStoreTest() {
    std::filesystem::remove_all(options_.data_dir);
    options_.tenants = 20;
    options_.records = 30'000;
    options_.seed = 11;
    options_.threads = 2;
  }
  ~TenantStoreTest() override {
    lists_.reset();
    directory_.reset();
    store_.reset();
    std::filesystem::remove_all(options_.data_dir);
  }

  void OpenAll() {
    StoreOptions store;
    store.path = options_.data_dir + "/tenants";
    store.columns = TenantColumns();
    auto opened = Store::Open(store);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
    TenantRecordsOptions own;
    own.data_dir = options_.data_dir;
    auto lists = TenantRecords::Open(own, store_.get(), &order_, &clock_);
    ASSERT_TRUE(lists.ok()) << lists.status();
    lists_ = *std::move(lists);
    auto directory = TenantDirectory::Open(store_.get(), &order_, &clock_, {});
    ASSERT_TRUE(directory.ok()) << directory.status();
    directory_ = *std::move(directory);
  }

  TenantStoreOptions options_{
      .data_dir = fmt::format("{}/dncgen_tenants_{}", testing::TempDir(), getpid())};
  Clock clock_;
  RevisionOrder order_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<TenantRecords> lists_;
  std::unique_ptr<TenantDirectory> directory_;
};

TEST_F(TenantStoreTest, IsWholeAndAnswersAsPlanned) {
  const auto written = WriteTenantStore(options_);
  ASSERT_TRUE(written.ok()) << written.status();
  OpenAll();
  ASSERT_NE(lists_, nullptr);
  EXPECT_EQ(lists_->stats().records, options_.records);
  for (const TenantPlan& plan : PlanTenants(options_.tenants, options_.records, options_.seed)) {
    const auto tenant = directory_->Find(plan.id);
    ASSERT_TRUE(tenant.ok()) << tenant.status();
    EXPECT_EQ(lists_->Records((*tenant)->tenant.number), plan.records);
    const TenantNumbers numbers(plan, options_.seed);
    std::vector<Number> asked;
    for (uint64_t i = 0; i < std::min<uint64_t>(plan.records, 300); ++i) {
      asked.push_back(numbers.Nth(i));
      asked.push_back(numbers.Nth(i) + 1);
    }
    std::vector<uint8_t> facts(asked.size());
    std::vector<FactChange> changes;
    lists_->FindFacts(**tenant, "", clock_.Now(), asked, absl::MakeSpan(facts), &changes);
    for (size_t i = 0; i < asked.size(); ++i) {
      const auto index = numbers.IndexOf(asked[i]);
      const bool internal = index.has_value() && numbers.ListOf(*index) == PlannedList::kInternal;
      EXPECT_EQ((facts[i] & kRecordDoNotCall) != 0, internal) << plan.id << " " << i;
      EXPECT_TRUE(index.has_value() || facts[i] == kNoRecord) << plan.id << " " << i;
    }
  }
}

TEST_F(TenantStoreTest, TakesNoFolderThatHasRecords) {
  ASSERT_TRUE(WriteTenantStore(options_).ok());
  EXPECT_EQ(WriteTenantStore(options_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(TenantStoreTest, ChangesBeginAfterIt) {
  const auto written = WriteTenantStore(options_);
  ASSERT_TRUE(written.ok()) << written.status();
  OpenAll();
  ASSERT_NE(lists_, nullptr);
  const auto none = [](const RecordChange&) { return true; };
  EXPECT_EQ(lists_->Changes(2, 0, none).code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(lists_->Changes(2, written->revision, none).ok());
}

}  // namespace
}  // namespace dnc
