// This picture shows what a release stores of an area code that it changes:
//
//   release 10    12        15        16               40
//   all blocks    changes   changes   changes   ...    all blocks
//   [##########]  ++        +         +++              [############]
//    generation   |------------ the chain ----------|   generation, and a new chain
//
// Changes are short (12 bytes each), but a start replays the whole chain onto the blocks. So the
// area code is written whole when it is covered for the first time, when one number in eight has
// changed since, when the chain has grown long, or when its releases are about to be cut off.
// Blocks and changes stay until no release that is kept needs them (ListWriter::TidyUp).
#include "server/registry/area_builder.h"

#include <algorithm>

#include "server/registry/change_time.h"
#include "server/registry/stored_values.h"

namespace dnc {
namespace {

// A start replays the changes since an area code was last written whole, so both their number and
// the number of their releases must stay small. The limit differs between area codes, so that one
// release does not rewrite them all.
constexpr uint32_t kMaxChain = 24;
constexpr uint32_t kChainSpread = 16;
constexpr uint64_t kMaxChangedShare = 8;  // one number in so many

bool ByNumber(const StoredChange& a, const StoredChange& b) { return a.subscriber < b.subscriber; }

}  // namespace

void AreaBuilder::ReplaceBy(AreaSetPtr numbers, int64_t obtained_at, uint64_t release_id) {
  if (covered_) {
    ForEachDifference(numbers_.get(), numbers.get(), [this, obtained_at](Change change) {
      changes_.push_back({change.subscriber, change.added, /*exact=*/false, obtained_at});
      ++(change.added ? added_ : deleted_);
    });
  } else {
    fresh_ = true;
    covered_ = true;
    seal_.set_first_release(release_id);
    seal_.set_history_since(obtained_at);
    seal_.clear_last_event_at();
    seal_.clear_known_until();
    seal_.clear_told_until();
    seal_.clear_known_by_silence_at();
    seal_.set_history_changes(0);
  }
  numbers_ = std::move(numbers);
  // An older full list takes away what was learned since, but not what change lists told.
  const bool older = obtained_at < seal_.full_obtained_at();
  seal_.set_known_until(older ? obtained_at : std::max<int64_t>(seal_.known_until(), obtained_at));
  const int64_t told = ToMicros(EndOfMoment(FromMicros(obtained_at)));
  seal_.set_told_until(older ? told : std::max<int64_t>(seal_.told_until(), told));
  // What silent change lists showed applies only to the data that was loaded then.
  if (older || seal_.known_by_silence_at() <= obtained_at) seal_.clear_known_by_silence_at();
  seal_.set_obtained_at(obtained_at);
  seal_.set_full_obtained_at(obtained_at);
}

AppliedChanges AreaBuilder::Apply(absl::Span<const TimedChange> changes) {
  std::vector<TimedChange> ordered(changes.begin(), changes.end());
  std::stable_sort(ordered.begin(), ordered.end(), [](const TimedChange& a, const TimedChange& b) {
    return a.subscriber < b.subscriber;
  });
  std::vector<Change> plain;
  plain.reserve(ordered.size());
  AppliedChanges applied;
  // A number may come and go within one list. History reports each time, although only the last
  // change counts from now on.
  for (auto change = ordered.begin(); change != ordered.end();) {
    const uint32_t subscriber = change->subscriber;
    bool listed = numbers_->Contains(subscriber);
    bool moved = false;
    for (; change != ordered.end() && change->subscriber == subscriber; ++change) {
      seal_.set_last_event_at(std::max<int64_t>(seal_.last_event_at(), change->at_micros));
      plain.push_back({subscriber, change->added});
      if (change->added && listed) {
        changes_.push_back(
            {subscriber, true, /*exact=*/true, change->at_micros, /*repeated=*/true});
      }
      if (change->added == listed) continue;
      listed = change->added;
      moved = true;
      changes_.push_back({subscriber, listed, /*exact=*/true, change->at_micros});
    }
    ++applied.numbers;
    if (!moved) ++applied.no_effect;
  }
  // They are out of order after the second change list of a load.
  if (!std::is_sorted(changes_.begin(), changes_.end(), ByNumber)) {
    std::stable_sort(changes_.begin(), changes_.end(), ByNumber);
  }
  ChangeResult result = WithChanges(numbers_, plain);
  numbers_ = std::move(result.set);
  for (const Change& change : result.effective) ++(change.added ? added_ : deleted_);
  return applied;
}

bool AreaBuilder::IsSuperseded(uint32_t subscriber, bool added, int64_t at_micros) const {
  const auto [first, last] =
      std::equal_range(changes_.begin(), changes_.end(), StoredChange{subscriber}, ByNumber);
  return std::any_of(first, last, [=](const StoredChange& change) {
    return change.exact && Supersedes(change.added, change.at_micros, added, at_micros);
  });
}

bool AreaBuilder::WritesWhole() const {
  const uint64_t changed = seal_.chain_changes() + changes_.size();
  return fresh_ || rebase_ || changed > numbers_->size() / kMaxChangedShare + 64 ||
         seal_.chain_length() >= kMaxChain + seal_.area_code() % kChainSpread;
}

void AreaBuilder::Finish(uint64_t release_id, ReleaseContent& content) {
  const int area_code = static_cast<int>(seal_.area_code());
  seal_.set_count(numbers_->size());
  seal_.set_digest_high(numbers_->digest().high);
  seal_.set_digest_low(numbers_->digest().low);
  const bool unchanged = !fresh_ && changes_.empty();
  // Equal, and shared with the release before.
  if (unchanged && before_ != nullptr) numbers_ = before_;
  if (unchanged && !rebase_) return;
  if (!changes_.empty()) content.changes[area_code] = changes_;
  if (seal_.has_history_changes()) {
    seal_.set_history_changes(seal_.history_changes() + changes_.size());
  }
  if (!unchanged) seal_.set_changed_by(release_id);
  if (WritesWhole()) {
    seal_.set_generation(release_id);
    seal_.set_chain_length(0);
    seal_.set_chain_changes(0);
    content.blocks[area_code] = numbers_;
  } else {
    seal_.set_chain_length(seal_.chain_length() + 1);
    seal_.set_chain_changes(seal_.chain_changes() + changes_.size());
  }
}

}  // namespace dnc
