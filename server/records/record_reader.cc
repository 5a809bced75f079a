#include "server/records/record_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "server/base/check.h"
#include "server/base/error.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/records/change_log.h"
#include "server/records/record_change.h"
#include "server/records/record_keys.h"
#include "server/records/record_meaning.h"
#include "server/scrub/tenant_terms.h"

namespace dnc {
namespace {

// What a record, or all blocks together, say of the number at a place, and when.
struct FactSpan {
  uint32_t place = 0;
  uint8_t fact = kNoRecord;
  CountSpan counts;
};

// Where a span begins or ends.
struct FactEdge {
  absl::Time at;
  uint8_t fact = kNoRecord;
  bool begins = false;
};

struct Scratch {
  std::vector<uint32_t> marks;
  std::vector<std::pair<StorePrefix, uint32_t>> sought;  // and the number's place
  std::vector<StorePrefix> prefixes;
  std::vector<AskedList> lists;  // ascending by number
  std::vector<FactSpan> spans;
  std::vector<FactEdge> edges;
};

void AddBlocks(const TenantView& tenant, std::string_view scope, absl::Span<const Number> numbers,
               absl::Span<uint8_t> facts) {
  if (tenant.blocks.empty()) return;
  const AskedScope asked(tenant, scope);
  for (const TenantView::Blocks& blocks : tenant.blocks) {
    if (!asked.Counts(TenantListKind::kInternal, blocks.scope)) continue;
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] < kNumberLimit && Holds(blocks, numbers[i])) facts[i] |= kRecordDoNotCall;
    }
  }
}

void FillLists(const TenantView& tenant, std::string_view scope, std::vector<AskedList>& lists) {
  lists.clear();
  const AskedScope asked(tenant, scope);
  for (const auto& [id, list] : tenant.lists) lists.emplace_back(asked, list);
  std::sort(lists.begin(), lists.end(),
            [](const AskedList& a, const AskedList& b) { return a.number() < b.number(); });
}

// What a stored record says, and when; a damaged one, or one of a list that the view does not know,
// says that nothing is certain.
FactSpan FactOfRecord(const std::vector<AskedList>& lists, const AcceptedClock& accepted,
                      uint32_t place, std::string_view key, std::string_view value) {
  const FactSpan unknown{place, kRecordUnknown, CountSpan()};
  const absl::StatusOr<RecordKey> record_key = DecodeRecordKey(key);
  const absl::StatusOr<TenantRecord> record = DecodeTenantRecord(key, value);
  if (!record_key.ok() || !record.ok()) return unknown;
  const auto list = std::lower_bound(
      lists.begin(), lists.end(), record_key->list,
      [](const AskedList& asked, ListNumber number) { return asked.number() < number; });
  if (list == lists.end() || list->number() != record_key->list) return unknown;
  return {place, list->fact(), list->SpanOf(*record, accepted)};
}

// The facts of a number, as spans of it begin and end.
class FactCounter {
 public:
  void Change(uint8_t fact, bool begins) {
    for (size_t bit = 0; bit < counts_.size(); ++bit) {
      if ((fact >> bit & 1) != 0) counts_[bit] += begins ? 1 : -1;
    }
  }
  uint8_t facts() const {
    uint8_t facts = kNoRecord;
    for (size_t bit = 0; bit < counts_.size(); ++bit) {
      if (counts_[bit] > 0) facts = static_cast<uint8_t>(facts | 1U << bit);
    }
    return facts;
  }

 private:
  std::array<int, 4> counts_{};
};

// When the facts of one number, whose spans these are, change after `now`.
void AddChanges(absl::Span<const FactSpan> spans, absl::Time now, std::vector<FactEdge>& edges,
                std::vector<FactChange>& changes) {
  edges.clear();
  FactCounter counter;
  for (const FactSpan& span : spans) {
    if (span.counts.At(now)) counter.Change(span.fact, true);
    if (span.counts.until <= span.counts.from) continue;
    if (span.counts.from > now) edges.push_back({span.counts.from, span.fact, true});
    const bool ends = span.counts.until > now && span.counts.until != absl::InfiniteFuture();
    if (ends) edges.push_back({span.counts.until, span.fact, false});
  }
  std::sort(edges.begin(), edges.end(),
            [](const FactEdge& a, const FactEdge& b) { return a.at < b.at; });
  uint8_t facts = counter.facts();
  for (size_t i = 0; i < edges.size(); ++i) {
    counter.Change(edges[i].fact, edges[i].begins);
    const bool last_of_moment = i + 1 == edges.size() || edges[i + 1].at != edges[i].at;
    if (!last_of_moment || counter.facts() == facts) continue;
    facts = counter.facts();
    changes.push_back({spans.front().place, edges[i].at, facts});
  }
}

// The changes of all numbers that have any.
void FindChanges(absl::Time now, std::vector<FactSpan>& spans, std::vector<FactEdge>& edges,
                 std::vector<FactChange>& changes) {
  std::stable_sort(spans.begin(), spans.end(),
                   [](const FactSpan& a, const FactSpan& b) { return a.place < b.place; });
  for (size_t begin = 0; begin < spans.size();) {
    size_t end = begin;
    while (end < spans.size() && spans[end].place == spans[begin].place) ++end;
    AddChanges(absl::MakeConstSpan(spans).subspan(begin, end - begin), now, edges, changes);
    begin = end;
  }
}

// Where the store has what the tenant knows of the numbers that are marked, in the store's order.
void FindPrefixes(TenantNumber id, absl::Span<const Number> numbers, Scratch& scratch) {
  scratch.sought.clear();
  scratch.prefixes.clear();
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (scratch.marks[i] == 0 || numbers[i] >= kNumberLimit) continue;
    scratch.sought.emplace_back(PrefixOf(id, numbers[i]), static_cast<uint32_t>(i));
  }
  // Compared as unsigned bytes, as the store has them.
  std::sort(scratch.sought.begin(), scratch.sought.end(), [](const auto& a, const auto& b) {
    return std::memcmp(a.first.data(), b.first.data(), kStorePrefixBytes) < 0;
  });
  for (const auto& [prefix, place] : scratch.sought) scratch.prefixes.push_back(prefix);
}

// What is not on a do-not-call list is not certain: the record that says so may be the missing one.
void MarkUnproven(const std::vector<std::pair<StorePrefix, uint32_t>>& sought,
                  absl::Span<uint8_t> facts) {
  for (const auto& [prefix, place] : sought) {
    if ((facts[place] & kRecordDoNotCall) == 0) facts[place] |= kRecordUnknown;
  }
}

}  // namespace

void RecordReader::FindFacts(const TenantView& tenant, std::string_view scope, absl::Time now,
                             absl::Span<const Number> numbers, absl::Span<uint8_t> facts,
                             std::vector<FactChange>* changes) const {
  DNC_CHECK(numbers.size() == facts.size(), "every number is answered");
  changes->clear();
  thread_local Scratch scratch;
  const TenantNumber id = tenant.tenant.number;
  // Before the store is read: what a reading of all records finds meanwhile is in the next answer.
  const RecordHealth::OfTenant health = parts_.health.Of(id);
  RecordCounters& counters = parts_.counters;
  std::fill(facts.begin(), facts.end(), uint8_t{health.damaged ? kRecordUnknown : kNoRecord});
  if (health.damaged) {
    counters.unknown_numbers.fetch_add(numbers.size(), std::memory_order_relaxed);
  }
  AddBlocks(tenant, scope, numbers, facts);
  scratch.marks.assign(numbers.size(), 0);
  if (parts_.filter.MayContainBatch(id, numbers, 0, absl::MakeSpan(scratch.marks)) == 0) return;
  FillLists(tenant, scope, scratch.lists);
  FindPrefixes(id, numbers, scratch);
  scratch.spans.clear();
  const AcceptedClock& accepted = parts_.clock->accepted();
  bool any_changes = false;
  size_t found = 0;
  size_t last_found = SIZE_MAX;
  const absl::Status status = parts_.store->ReadPrefixes(
      scratch.prefixes, [&](size_t index, std::string_view key, std::string_view value) {
        const uint32_t place = scratch.sought[index].second;
        if (index != last_found) {
          ++found;
          // What blocks say of the number.
          if (facts[place] != kNoRecord) scratch.spans.push_back({place, facts[place], {}});
        }
        last_found = index;
        const FactSpan span = FactOfRecord(scratch.lists, accepted, place, key, value);
        scratch.spans.push_back(span);
        any_changes = any_changes || span.counts.from > now ||
                      (span.counts.until > now && span.counts.until != absl::InfiniteFuture());
        if (span.counts.At(now)) {
          facts[place] |= span.fact;
        } else if (span.fact == kRecordEbr && span.counts.from < span.counts.until &&
                   span.counts.until <= now) {
          facts[place] |= kRecordEbrEnded;
        }
        return absl::OkStatus();
      });
  if (any_changes) FindChanges(now, scratch.spans, scratch.edges, *changes);
  // While nobody knows that no record is missing, a number that the filter let through is not clear
  // because the store has nothing.
  if (!health.proven) MarkUnproven(scratch.sought, facts);
  if (!status.ok()) {
    for (const auto& [prefix, place] : scratch.sought) facts[place] |= kRecordUnknown;
    LogError("tenants' records cannot be read: {}", std::string(status.message()));
  }
  const auto unknown = std::count_if(
      scratch.sought.begin(), scratch.sought.end(),
      [&](const auto& sought) { return (facts[sought.second] & kRecordUnknown) != 0; });
  if (unknown > 0 && !health.damaged) {
    counters.unknown_numbers.fetch_add(static_cast<uint64_t>(unknown), std::memory_order_relaxed);
  }
  counters.reads.fetch_add(scratch.sought.size(), std::memory_order_relaxed);
  if (status.ok()) parts_.filter.NoteFalsePositives(scratch.sought.size() - found);
}

absl::StatusOr<std::vector<TenantRecords::Found>> RecordReader::Find(TenantNumber tenant,
                                                                     Number number) const {
  std::vector<TenantRecords::Found> all;
  const StorePrefix prefix = PrefixOf(tenant, number);
  parts_.counters.reads.fetch_add(1, std::memory_order_relaxed);
  DNC_RETURN_IF_ERROR(parts_.store->ReadPrefixes(
      {&prefix, 1}, [&all](size_t, std::string_view key, std::string_view value) -> absl::Status {
        DNC_ASSIGN_OR_RETURN(const RecordKey record_key, DecodeRecordKey(key));
        DNC_ASSIGN_OR_RETURN(TenantRecord record, DecodeTenantRecord(key, value));
        all.push_back({record_key.list, std::move(record)});
        return absl::OkStatus();
      }));
  return all;
}

absl::StatusOr<uint64_t> RecordReader::Scan(
    TenantNumber tenant, ListNumber list, Number from,
    absl::FunctionRef<bool(ListNumber, const TenantRecord&)> fn) const {
  const std::unique_ptr<StoreSnapshot> store = parts_.store->Snapshot();
  DNC_ASSIGN_OR_RETURN(uint64_t revision, StoredRevision(*store));
  // What was lost is not in the scan; who watches from it on must not be told to scan again.
  ChangeLog log;
  DNC_RETURN_IF_ERROR(log.Read(*store));
  revision = std::max(revision, log.dropped_up_to());
  const absl::Status end = absl::CancelledError();
  const absl::Status status =
      store->Scan(Column::kRecords, EncodeRecordKey({tenant, from, 0}), EndOfTenant(tenant),
                  [&](std::string_view key, std::string_view value) -> absl::Status {
                    DNC_ASSIGN_OR_RETURN(const RecordKey record_key, DecodeRecordKey(key));
                    if (list != 0 && record_key.list != list) return absl::OkStatus();
                    DNC_ASSIGN_OR_RETURN(const TenantRecord record, DecodeTenantRecord(key, value));
                    return fn(record_key.list, record) ? absl::OkStatus() : end;
                  });
  if (!status.ok() && status != end) return status;
  return revision;
}

absl::Status RecordReader::Changes(TenantNumber tenant, uint64_t after_revision,
                                   absl::FunctionRef<bool(const RecordChange&)> fn) const {
  const std::unique_ptr<StoreSnapshot> store = parts_.store->Snapshot();
  ChangeLog log;
  DNC_RETURN_IF_ERROR(log.Read(*store));
  if (after_revision < log.dropped_up_to()) {
    return Error(reason::kChangesTooOld,
                 StrCat("changes up to revision ", log.dropped_up_to(),
                        " are no longer kept; export the lists and watch from the export's "
                        "revision on"));
  }
  const absl::Status end = absl::CancelledError();
  const absl::Status status = store->Scan(
      Column::kRecordChanges, ChangeKey(tenant, after_revision + 1, 0), EndOfTenant(tenant),
      [&](std::string_view key, std::string_view value) -> absl::Status {
        DNC_ASSIGN_OR_RETURN(const std::vector<RecordChange> changes,
                             DecodeRecordChanges(key, value));
        const bool all = std::all_of(changes.begin(), changes.end(), fn);
        return all ? absl::OkStatus() : end;
      });
  return status == end ? absl::OkStatus() : status;
}

}  // namespace dnc
