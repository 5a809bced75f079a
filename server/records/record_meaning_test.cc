// A match is told exactly if its fact is set: the scrub's fast path (FindFacts) and the matches of
// an answer (Counts, BlockCounts) agree for random lists, scopes, records, blocks and moments, and
// so do the moments at which facts change. DNC_SEED repeats a run.
#include "server/records/record_meaning.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "server/records/records_fixture.h"
#include "server/tenants/directory_view.h"

namespace dnc {
namespace {

class RecordMeaningTest : public TenantRecordsTest {
 protected:
  RecordMeaningTest() {
    const char* const given = std::getenv("DNC_SEED");
    const unsigned seed = given == nullptr ? std::random_device()() : std::stoul(given);
    std::printf("DNC_SEED=%u\n", seed);
    random_.seed(seed);
  }

  uint64_t Below(uint64_t most) {
    return std::uniform_int_distribution<uint64_t>(0, most - 1)(random_);
  }
  template <typename T>
  const T& OneOf(const std::vector<T>& values) {
    return values[Below(values.size())];
  }
  // Within `most` before or after.
  absl::Time Near(absl::Time time, absl::Duration most) {
    const auto seconds = static_cast<uint64_t>(absl::ToInt64Seconds(most));
    return time - most + absl::Seconds(static_cast<int64_t>(Below(2 * seconds)));
  }

  TenantViewPtr RandomTenant(TenantNumber number) {
    std::map<std::string, TenantList> lists;
    const uint64_t count = 1 + Below(8);
    for (uint64_t i = 1; i <= count; ++i) {
      TenantList list;
      list.number = static_cast<ListNumber>(i);
      list.id = StrCat("list-", i);
      list.kind = static_cast<TenantListKind>(1 + Below(3));
      list.scope = OneOf(scopes_);
      if (list.kind == TenantListKind::kInternal) {
        for (uint64_t block = Below(3); block > 0; --block) {
          const std::string digits = std::to_string(OneOf(numbers_));
          list.blocks.push_back(digits.substr(0, Below(2) == 0 ? 3 : 6));
        }
      }
      lists[list.id] = list;
    }
    Tenant tenant;
    tenant.number = number;
    tenant.id = StrCat("tenant-", number);
    return MakeTenantView(std::move(tenant), std::move(lists));
  }

  // Some of these are refused; what is there is read back.
  void WriteRandomRecords(const TenantViewPtr& tenant) {
    for (uint64_t i = Below(40); i > 0; --i) {
      const std::string list = StrCat("list-", 1 + Below(tenant->lists.size()));
      RecordWrite write = Write(tenant, list, {OneOf(numbers_)});
      TenantRecord& record = write.items[0].record;
      record.made_at = Near(clock_.now, absl::Hours(20)) - absl::Hours(24 * 365 * Below(7));
      if (Below(2) == 0) {
        const bool kept = write.list.kind == TenantListKind::kInternal;
        record.expires_at = Near(clock_.now, kept ? absl::Hours(24 * 366 * 6) : absl::Hours(48));
      }
      if (write.list.kind == TenantListKind::kEbr) {
        record.ebr_kind = static_cast<EbrKind>(1 + Below(2));
        record.last_event_at = Near(clock_.now - absl::Hours(24 * 300), absl::Hours(24 * 300));
      }
      ASSERT_TRUE(Do(write).ok());
    }
  }

  // By what is told as matches.
  uint8_t Expected(const TenantView& tenant, std::string_view scope, Number number,
                   absl::Time now) {
    const auto found = lists_->Find(tenant.tenant.number, number);
    EXPECT_TRUE(found.ok()) << found.status();
    const AskedScope asked(tenant, scope);
    uint8_t facts = kNoRecord;
    for (const auto& [id, list] : tenant.lists) {
      bool any = BlockCounts(asked, list, number);
      for (const TenantRecords::Found& entry : *found) {
        any = any || (entry.list == list.number &&
                      Counts(asked, list, entry.record, now, clock_.accepted()));
      }
      if (any) facts = static_cast<uint8_t>(facts | FactOf(list.kind));
    }
    return facts;
  }

  // Whether a business relationship with the number that counted for the scope is over.
  bool HasEnded(const TenantView& tenant, std::string_view scope, Number number, absl::Time now) {
    const auto found = lists_->Find(tenant.tenant.number, number);
    EXPECT_TRUE(found.ok()) << found.status();
    const AskedScope asked(tenant, scope);
    for (const auto& [id, list] : tenant.lists) {
      if (list.kind != TenantListKind::kEbr) continue;
      for (const TenantRecords::Found& entry : *found) {
        if (entry.list != list.number) continue;
        const CountSpan span = AskedList(asked, list).SpanOf(entry.record, clock_.accepted());
        if (span.from < span.until && span.until <= now) return true;
      }
    }
    return false;
  }

  void Compare(const TenantView& tenant, std::string_view scope, absl::Time now) {
    std::vector<uint8_t> facts(numbers_.size());
    std::vector<FactChange> changes;
    lists_->FindFacts(tenant, scope, now, numbers_, absl::MakeSpan(facts), &changes);
    // At moments around those that are told, and at others.
    std::vector<absl::Time> moments = {now, Near(now + absl::Hours(100), absl::Hours(100)),
                                       now + absl::Hours(24 * 3660)};
    for (const FactChange& change : changes) {
      EXPECT_GT(change.at, now);
      moments.push_back(change.at);
      moments.push_back(change.at - absl::Microseconds(1));
    }
    for (size_t i = 0; i < numbers_.size(); ++i) {
      ASSERT_EQ((facts[i] & kRecordEbrEnded) != 0, HasEnded(tenant, scope, numbers_[i], now))
          << numbers_[i] << " for the scope `" << scope << "` at " << now;
      for (const absl::Time moment : moments) {
        auto told = static_cast<uint8_t>(facts[i] & ~kRecordEbrEnded);
        for (const FactChange& change : changes) {
          if (change.index == i && change.at <= moment) told = change.facts;
        }
        ASSERT_EQ(told, Expected(tenant, scope, numbers_[i], moment))
            << numbers_[i] << " for the scope `" << scope << "` at " << moment << ", asked at "
            << now;
      }
    }
  }

  std::mt19937_64 random_;
  const std::vector<std::string> scopes_ = {"", "acme", "acme/spring", "acme/fall", "other"};
  // Of states with rules of their own, of others, and of an area code that no table knows.
  const std::vector<Number> numbers_ = {2'015'550'100, 2'015'550'101, 2'015'550'102, 5'125'550'100,
                                        5'125'550'101, 5'735'550'100, 3'895'550'100};
};

TEST_F(RecordMeaningTest, AMatchIsToldExactlyIfItsFactIsSet) {
  Open();
  for (TenantNumber round = 1; round <= 40; ++round) {
    const TenantViewPtr tenant = RandomTenant(round);
    WriteRandomRecords(tenant);
    AcceptedClock accepted;
    if (Below(2) == 0) {
      // Among the tenant's own records, some before and some after.
      accepted.revision = order_->last() - Below(std::min<uint64_t>(order_->last(), 20));
      accepted.accepted_at = clock_.now;
      accepted.stores_time = clock_.now + absl::Hours(Below(48));
    }
    clock_.SetAccepted(accepted);
    for (int i = 0; i < 6; ++i) {
      const std::string scope = Below(4) == 0 ? "unheard-of" : OneOf(scopes_);
      ASSERT_NO_FATAL_FAILURE(Compare(*tenant, scope, Near(clock_.now, absl::Hours(72))));
    }
    clock_.SetAccepted({});
    clock_.now += absl::Hours(1);
  }
}

}  // namespace
}  // namespace dnc
