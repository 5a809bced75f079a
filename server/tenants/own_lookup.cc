// What the tenants' lists say of numbers: the filter first, the store for what it lets through.
#include <algorithm>
#include <cstring>

#include "server/base/check.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/scrub/tenant_terms.h"
#include "server/tenants/own_change.h"
#include "server/tenants/own_keys.h"
#include "server/tenants/own_lists_impl.h"
#include "spdlog/spdlog.h"

namespace dnc {
namespace {

// What a list's records mean for one call.
struct ListMeaning {
  ListNumber number = 0;
  OwnListKind kind = OwnListKind::kInternal;
  uint8_t fact = kOwnNothing;  // nothing if its scope does not hold for the call
};

uint8_t FactOf(OwnListKind kind) {
  switch (kind) {
    case OwnListKind::kInternal:
      return kOwnDoNotCall;
    case OwnListKind::kEbr:
      return kOwnEbr;
    case OwnListKind::kConsent:
      break;
  }
  return kOwnConsent;
}

// Whether what has scope `wide` holds for a call of `scope`. A call that names none gets the
// strictest answer: every do-not-call list, and no exemption for a part of the tenant.
bool HoldsFor(OwnListKind kind, std::string_view wide, std::string_view scope) {
  return (kind == OwnListKind::kInternal && scope.empty()) || Covers(wide, scope);
}

struct Scratch {
  std::vector<uint32_t> marks;
  std::vector<std::pair<StorePrefix, uint32_t>> sought;  // and the number's place
  std::vector<StorePrefix> prefixes;
  std::vector<ListMeaning> lists;
};

void AddBlocks(const TenantView& tenant, std::string_view scope, absl::Span<const Number> numbers,
               absl::Span<uint8_t> facts) {
  for (const TenantView::Blocks& blocks : tenant.blocks) {
    if (!HoldsFor(OwnListKind::kInternal, blocks.scope, scope)) continue;
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] >= kNumberLimit) continue;
      const auto exchange = static_cast<uint32_t>(numbers[i] / kNumbersPerExchange);
      const bool blocked =
          blocks.area_codes[static_cast<size_t>(AreaCodeOf(numbers[i]))] ||
          std::binary_search(blocks.exchanges.begin(), blocks.exchanges.end(), exchange);
      if (blocked) facts[i] |= kOwnDoNotCall;
    }
  }
}

void FillMeanings(const TenantView& tenant, std::string_view scope,
                  std::vector<ListMeaning>& lists) {
  lists.clear();
  for (const auto& [id, list] : tenant.lists) {
    const bool holds = HoldsFor(list.kind, list.scope, scope);
    lists.push_back({list.number, list.kind, holds ? FactOf(list.kind) : uint8_t{kOwnNothing}});
  }
  std::sort(lists.begin(), lists.end(),
            [](const ListMeaning& a, const ListMeaning& b) { return a.number < b.number; });
}

// What a stored record says; a damaged one, or one of a list that the view does not know, says that
// nothing is certain.
uint8_t FactOfRecord(const std::vector<ListMeaning>& lists, const Clock& clock, absl::Time now,
                     std::string_view key, std::string_view value) {
  const absl::StatusOr<OwnKey> own_key = DecodeOwnKey(key);
  const absl::StatusOr<OwnRecord> record = DecodeOwnRecord(key, value);
  if (!own_key.ok() || !record.ok()) return kOwnUnknown;
  const auto list = std::lower_bound(
      lists.begin(), lists.end(), own_key->list,
      [](const ListMeaning& meaning, ListNumber number) { return meaning.number < number; });
  if (list == lists.end() || list->number != own_key->list) return kOwnUnknown;
  return CountsUntil(list->kind, *record) > clock.EndsAsOf(record->revision, now)
             ? list->fact
             : uint8_t{kOwnNothing};
}

// What is not on a do-not-call list is not certain.
void MarkUnproven(const std::vector<std::pair<StorePrefix, uint32_t>>& sought,
                  absl::Span<uint8_t> facts) {
  for (const auto& [prefix, place] : sought) {
    if ((facts[place] & kOwnDoNotCall) == 0) facts[place] |= kOwnUnknown;
  }
}

}  // namespace

bool OwnListsImpl::IsDamaged(TenantNumber tenant) const {
  if (!any_damaged_.load(std::memory_order_acquire)) return false;
  const std::lock_guard lock(damaged_mutex_);
  return damaged_.count(tenant) != 0;
}

void OwnListsImpl::FindFacts(const TenantView& tenant, std::string_view scope, absl::Time now,
                             absl::Span<const Number> numbers, absl::Span<uint8_t> facts) const {
  DNC_CHECK(numbers.size() == facts.size(), "every number is answered");
  thread_local Scratch scratch;
  const TenantNumber id = tenant.tenant.number;
  // Before it is asked which tenants are damaged: the reading names them, and then it is done.
  const bool proven = proven_.load(std::memory_order_acquire);
  std::fill(facts.begin(), facts.end(), uint8_t{kOwnNothing});
  const bool damaged = IsDamaged(id);
  if (damaged) {
    std::fill(facts.begin(), facts.end(), uint8_t{kOwnUnknown});
    counters_.unknown_numbers.fetch_add(numbers.size(), std::memory_order_relaxed);
  }
  AddBlocks(tenant, scope, numbers, facts);
  scratch.marks.assign(numbers.size(), 0);
  const size_t passed = filter_.MarkPossible(id, numbers, 0, absl::MakeSpan(scratch.marks));
  if (passed == 0) return;
  FillMeanings(tenant, scope, scratch.lists);
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
  size_t found = 0;
  size_t last_found = SIZE_MAX;
  const absl::Status status = store_->ReadPrefixes(
      scratch.prefixes, [&](size_t index, std::string_view key, std::string_view value) {
        found += index != last_found ? 1 : 0;
        last_found = index;
        facts[scratch.sought[index].second] |=
            FactOfRecord(scratch.lists, *clock_, now, key, value);
        return absl::OkStatus();
      });
  // While nobody knows that no record is missing, a number that the filter let through is not clear
  // because the store has nothing.
  if (!proven) MarkUnproven(scratch.sought, facts);
  if (!status.ok()) {
    for (const auto& [prefix, place] : scratch.sought) facts[place] |= kOwnUnknown;
    spdlog::error("tenants' records cannot be read: {}", std::string(status.message()));
  }
  const auto unknown =
      std::count_if(scratch.sought.begin(), scratch.sought.end(),
                    [&](const auto& sought) { return (facts[sought.second] & kOwnUnknown) != 0; });
  if (unknown > 0 && !damaged) {
    counters_.unknown_numbers.fetch_add(static_cast<uint64_t>(unknown), std::memory_order_relaxed);
  }
  counters_.reads.fetch_add(scratch.sought.size(), std::memory_order_relaxed);
  if (status.ok()) filter_.NoteFalsePositives(scratch.sought.size() - found);
}

absl::StatusOr<std::vector<OwnLists::Found>> OwnListsImpl::Find(TenantNumber tenant,
                                                                Number number) const {
  std::vector<Found> all;
  const StorePrefix prefix = PrefixOf(tenant, number);
  counters_.reads.fetch_add(1, std::memory_order_relaxed);
  DNC_RETURN_IF_ERROR(store_->ReadPrefixes(
      {&prefix, 1}, [&all](size_t, std::string_view key, std::string_view value) -> absl::Status {
        DNC_ASSIGN_OR_RETURN(const OwnKey own_key, DecodeOwnKey(key));
        DNC_ASSIGN_OR_RETURN(OwnRecord record, DecodeOwnRecord(key, value));
        all.push_back({own_key.list, std::move(record)});
        return absl::OkStatus();
      }));
  return all;
}

absl::StatusOr<uint64_t> OwnListsImpl::Scan(
    TenantNumber tenant, ListNumber list, Number from,
    absl::FunctionRef<bool(ListNumber, const OwnRecord&)> fn) const {
  const std::unique_ptr<StoreSnapshot> store = store_->Snapshot();
  DNC_ASSIGN_OR_RETURN(const uint64_t revision, StoredRevision(*store));
  const absl::Status end = absl::CancelledError();
  const absl::Status status =
      store->Scan(Column::kRecords, EncodeOwnKey({tenant, from, 0}), EndOfTenant(tenant),
                  [&](std::string_view key, std::string_view value) -> absl::Status {
                    DNC_ASSIGN_OR_RETURN(const OwnKey own_key, DecodeOwnKey(key));
                    if (list != 0 && own_key.list != list) return absl::OkStatus();
                    DNC_ASSIGN_OR_RETURN(const OwnRecord record, DecodeOwnRecord(key, value));
                    return fn(own_key.list, record) ? absl::OkStatus() : end;
                  });
  if (!status.ok() && status != end) return status;
  return revision;
}

absl::Status OwnListsImpl::Changes(TenantNumber tenant, uint64_t after_revision,
                                   absl::FunctionRef<bool(const OwnChange&)> fn) const {
  const std::unique_ptr<StoreSnapshot> store = store_->Snapshot();
  OwnChangeLog log;
  DNC_RETURN_IF_ERROR(log.Read(*store));
  if (after_revision < log.dropped_up_to()) {
    return Error(absl::StatusCode::kOutOfRange, reason::kChangesTooOld,
                 StrCat("changes up to revision ", log.dropped_up_to(),
                        " are no longer kept; export the lists and watch from the export's "
                        "revision on"));
  }
  const absl::Status end = absl::CancelledError();
  const absl::Status status = store->Scan(
      Column::kOwnChanges, ChangeKey(tenant, after_revision + 1, 0), EndOfTenant(tenant),
      [&](std::string_view key, std::string_view value) -> absl::Status {
        DNC_ASSIGN_OR_RETURN(const std::vector<OwnChange> changes, DecodeOwnChanges(key, value));
        const bool all = std::all_of(changes.begin(), changes.end(), fn);
        return all ? absl::OkStatus() : end;
      });
  return status == end ? absl::OkStatus() : status;
}

}  // namespace dnc
