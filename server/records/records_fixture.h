// Tenants' records over a store in a folder of its own, for tests.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/base/str_cat.h"
#include "server/records/tenant_records.h"
#include "server/scrub/tenant_terms.h"
#include "server/storage/tenant_columns.h"

namespace dnc {

// A moment that a test sets while threads read it.
class SetTime {
 public:
  explicit SetTime(absl::Time time) : nanos_(absl::ToUnixNanos(time)) {}
  SetTime& operator=(absl::Time time) {
    nanos_ = absl::ToUnixNanos(time);
    return *this;
  }
  SetTime& operator+=(absl::Duration by) { return *this = *this + by; }
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for the moment.
  operator absl::Time() const { return absl::FromUnixNanos(nanos_); }

 private:
  std::atomic<int64_t> nanos_;
};

class SetClock : public Clock {
 public:
  absl::Time Now() const override { return now; }
  SetTime now{absl::FromUnixSeconds(1'790'000'000)};
};

// A tenant with a list of each kind for all, and one of each for brands: 1 internal, 2 ebr,
// 3 consent; 4 internal of `acme`, 5 internal of `acme/spring`, 6 consent of `acme`.
inline TenantViewPtr TestTenant(TenantNumber number) {
  auto view = std::make_shared<TenantView>();
  view->tenant.number = number;
  view->tenant.id = StrCat("tenant-", number);
  const auto add = [&view](ListNumber list, const std::string& id, TenantListKind kind,
                           std::string scope) {
    TenantList entry;
    entry.number = list;
    entry.id = id;
    entry.kind = kind;
    entry.scope = std::move(scope);
    if (!entry.scope.empty()) view->scopes.insert(entry.scope);
    view->lists[id] = entry;
  };
  add(1, "internal", TenantListKind::kInternal, "");
  add(2, "ebr", TenantListKind::kEbr, "");
  add(3, "consent", TenantListKind::kConsent, "");
  add(4, "acme", TenantListKind::kInternal, "acme");
  add(5, "spring", TenantListKind::kInternal, "acme/spring");
  add(6, "acme-consent", TenantListKind::kConsent, "acme");
  return view;
}

class TenantRecordsTest : public testing::Test {
 protected:
  TenantRecordsTest()
      : dir_(StrCat(testing::TempDir(), "/dnc_own_lists_",
                    testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    options_.data_dir = dir_;
    options_.filter_min_records = 1000;
    options_.maintenance_interval = absl::Hours(1);  // what must come at once comes without it
  }
  ~TenantRecordsTest() override {
    Close();
    std::filesystem::remove_all(dir_);
  }

  absl::Status TryOpen() {
    order_ = std::make_unique<RevisionOrder>();
    auto store = Store::Open({.path = dir_ + "/tenants", .columns = TenantColumns()});
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    auto lists = TenantRecords::Open(options_, store_.get(), order_.get(), &clock_);
    if (!lists.ok()) return lists.status();
    lists_ = *std::move(lists);
    return absl::OkStatus();
  }
  void Open() {
    const absl::Status status = TryOpen();
    ASSERT_TRUE(status.ok()) << status;
  }
  void Close() {
    lists_.reset();
    store_.reset();
  }
  void Reopen() {
    Close();
    Open();
  }

  static TenantRecord Record(Number number, absl::Time made_at) {
    TenantRecord record;
    record.number = number;
    record.made_at = made_at;
    record.made_by = "agent 7";
    record.channel = Channel::kCall;
    return record;
  }
  RecordWrite Write(const TenantViewPtr& tenant, const std::string& list,
                    const std::vector<Number>& numbers, bool remove = false) const {
    RecordWrite write;
    write.tenant = tenant;
    write.list = tenant->lists.at(list);
    write.remove = remove;
    write.remove_do_not_call = remove;
    for (const Number number : numbers) {
      TenantRecord record = Record(number, clock_.now);
      if (write.list.kind == TenantListKind::kEbr) {
        record.ebr_kind = EbrKind::kTransaction;
        record.last_event_at = clock_.now - absl::Hours(24);
      }
      write.items.push_back({record, ""});
    }
    return write;
  }
  absl::StatusOr<WriteReply> Do(RecordWrite write) {
    std::promise<absl::StatusOr<WriteReply>> done;
    auto reply = done.get_future();
    lists_->Submit(std::move(write), [&done](absl::StatusOr<WriteReply> result) {
      done.set_value(std::move(result));
    });
    return reply.get();
  }
  WriteOutcome DoOne(const RecordWrite& write) {
    const auto reply = Do(write);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? reply->results.at(0).outcome : WriteOutcome::kRefused;
  }
  uint8_t Facts(const TenantViewPtr& tenant, Number number, std::string_view scope = "") const {
    uint8_t fact = 0xFF;
    std::vector<FactChange> changes;
    lists_->FindFacts(*tenant, scope, clock_.now, {&number, 1}, {&fact, 1}, &changes);
    return fact;
  }
  std::vector<FactChange> FactChanges(const TenantViewPtr& tenant,
                                      const std::vector<Number>& numbers,
                                      std::string_view scope = "") const {
    std::vector<uint8_t> facts(numbers.size());
    std::vector<FactChange> changes;
    lists_->FindFacts(*tenant, scope, clock_.now, numbers, absl::MakeSpan(facts), &changes);
    return changes;
  }

  SetClock clock_;
  const std::string dir_;
  TenantRecordsOptions options_;
  std::unique_ptr<RevisionOrder> order_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<TenantRecords> lists_;
  const TenantViewPtr one_ = TestTenant(1);
  const TenantViewPtr two_ = TestTenant(2);
};

}  // namespace dnc
