#include "server/registry/area_draft.h"

#include <algorithm>
#include <map>

namespace dnc {
namespace {

// A start replays the changes since an area code was last written whole, so both their number
// and the number of releases they came with stay small. The limit differs between area codes, so
// that they are not all rewritten by the same release.
constexpr uint32_t kMaxChain = 24;
constexpr uint32_t kChainSpread = 16;
constexpr uint64_t kMaxChangedShare = 8;  // one in so many numbers

}  // namespace

void AreaDraft::ReplaceBy(AreaSetPtr numbers, int64_t obtained_at, uint64_t release_id) {
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
  }
  numbers_ = std::move(numbers);
  seal_.set_obtained_at(obtained_at);
  seal_.set_full_obtained_at(obtained_at);
}

uint64_t AreaDraft::Apply(absl::Span<const TimedChange> changes) {
  std::vector<Change> plain;
  plain.reserve(changes.size());
  std::vector<TimedChange> last(changes.begin(), changes.end());
  for (const TimedChange& change : changes) plain.push_back({change.subscriber, change.added});
  ChangeResult result = WithChanges(numbers_, plain);
  numbers_ = std::move(result.set);
  // The time of a change is that of the number's last one; both are in order of numbers.
  std::stable_sort(last.begin(), last.end(), [](const TimedChange& a, const TimedChange& b) {
    return a.subscriber < b.subscriber;
  });
  auto source = last.begin();
  for (const Change& change : result.effective) {
    while (source->subscriber != change.subscriber) ++source;
    while (source + 1 != last.end() && (source + 1)->subscriber == change.subscriber) ++source;
    changes_.push_back({change.subscriber, change.added, /*exact=*/true, source->at_micros});
    ++(change.added ? added_ : deleted_);
  }
  for (const TimedChange& change : changes) {
    seal_.set_last_event_at(std::max<int64_t>(seal_.last_event_at(), change.at_micros));
  }
  return result.no_effect;
}

bool AreaDraft::WritesWhole() const {
  const uint64_t changed = seal_.chain_changes() + changes_.size();
  return fresh_ || changed > numbers_->size() / kMaxChangedShare + 64 ||
         seal_.chain_length() >= kMaxChain + seal_.area_code() % kChainSpread;
}

void AreaDraft::Finish(uint64_t release_id, ReleaseContent& content) {
  const int area_code = static_cast<int>(seal_.area_code());
  seal_.set_count(numbers_->size());
  seal_.set_digest_high(numbers_->digest().high);
  seal_.set_digest_low(numbers_->digest().low);
  if (!fresh_ && changes_.empty()) {
    if (before_ != nullptr) numbers_ = before_;  // equal, and shared with the release before
    return;
  }
  if (!fresh_) {
    // A release may bring a full list and a change list; a number then has several changes.
    std::stable_sort(
        changes_.begin(), changes_.end(),
        [](const StoredChange& a, const StoredChange& b) { return a.subscriber < b.subscriber; });
    content.changes[area_code] = changes_;
  }
  seal_.set_changed_by(release_id);
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
