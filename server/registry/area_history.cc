#include "server/registry/area_history.h"

#include <algorithm>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

bool EventByNumber(const AreaEvent& a, const AreaEvent& b) { return a.subscriber < b.subscriber; }

absl::Span<const AreaEvent> OfNumber(const std::vector<AreaEvent>& events, uint32_t subscriber) {
  const auto [first, last] =
      std::equal_range(events.begin(), events.end(), AreaEvent{subscriber}, EventByNumber);
  return {events.data() + (first - events.begin()), static_cast<size_t>(last - first)};
}

}  // namespace

absl::Span<const AreaEvent> AreaHistory::Of(uint32_t subscriber) const {
  return OfNumber(events_, subscriber);
}

absl::Span<const AreaEvent> AreaHistory::RepeatedOf(uint32_t subscriber) const {
  return OfNumber(repeated_, subscriber);
}

bool AreaHistory::ListedAt(uint32_t subscriber, absl::Time moment, bool now) const {
  const absl::Span<const AreaEvent> events = Of(subscriber);
  if (events.empty()) return now;
  const int64_t micros = ToMicros(moment);
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->at_micros <= micros) return event->added;
  }
  return !events.front().added;
}

absl::StatusOr<AreaHistoryPtr> HistoryCache::Get(const RegistryState& state, const ListState& list,
                                                 int area_code) {
  const Key key{list.list_id, area_code, list.head.id()};
  {
    const absl::MutexLock lock(&mutex_);
    const auto it = entries_.find(key);
    if (it != entries_.end()) {
      used_.splice(used_.begin(), used_, it->second.used);
      return it->second.history;
    }
  }
  DNC_ASSIGN_OR_RETURN(const AreaHistoryPtr history, Read(state, list, area_code));
  const absl::MutexLock lock(&mutex_);
  if (entries_.find(key) != entries_.end()) return history;
  used_.push_front(key);
  entries_[key] = {history, used_.begin()};
  bytes_ += history->memory_bytes();
  while (bytes_ > max_bytes_ && used_.size() > 1) {
    const auto oldest = entries_.find(used_.back());
    bytes_ -= oldest->second.history->memory_bytes();
    entries_.erase(oldest);
    used_.pop_back();
  }
  return history;
}

absl::StatusOr<uint64_t> HistoryCache::ChangesUpTo(uint64_t release_id, int area_code) const {
  DNC_ASSIGN_OR_RETURN(const storage::Seals seals, store_->ReadSeals(release_id));
  for (const storage::Seal& seal : seals.seals()) {
    if (static_cast<int>(seal.area_code()) == area_code) return seal.history_changes();
  }
  return 0;
}

absl::StatusOr<AreaHistoryPtr> HistoryCache::Read(const RegistryState& state, const ListState& list,
                                                  int area_code) const {
  std::vector<AreaEvent> events;
  std::vector<AreaEvent> repeated;
  const auto seal = list.seals.find(area_code);
  if (seal != list.seals.end()) {
    const storage::Seal& now = seal->second;
    DNC_ASSIGN_OR_RETURN(std::vector<uint64_t> lineage, WholeLineage(state, list));
    std::reverse(lineage.begin(), lineage.end());
    // If history was cut off, the oldest release left is the base, and its own changes are gone.
    uint64_t cut_off = 0;
    uint64_t from = now.first_release();
    if (from < lineage.front()) {
      from = lineage.front() + 1;
      DNC_ASSIGN_OR_RETURN(cut_off, ChangesUpTo(lineage.front(), area_code));
    }
    for (const uint64_t release_id : lineage) {
      if (release_id < from) continue;
      DNC_ASSIGN_OR_RETURN(const std::vector<StoredChange> changes,
                           store_->ReadChanges(list.list_id, release_id, area_code));
      for (const StoredChange& change : changes) {
        (change.repeated ? repeated : events)
            .push_back({change.subscriber, change.added, change.exact, change.at_micros, release_id,
                        change.repeated});
      }
    }
    const uint64_t read = events.size() + repeated.size();
    if (now.has_history_changes() && now.history_changes() != cut_off + read) {
      return Error(reason::kStorageDamaged,
                   StrCat("the stored history of list ", list.name, ", area code ", area_code,
                          ", has ", read, " changes instead of ", now.history_changes() - cut_off,
                          "; restore the data folder from a copy, or retire the list and load it "
                          "again"));
    }
    std::stable_sort(events.begin(), events.end(), EventByNumber);
    std::stable_sort(repeated.begin(), repeated.end(), EventByNumber);
  }
  return std::make_shared<const AreaHistory>(std::move(events), std::move(repeated));
}

}  // namespace dnc
