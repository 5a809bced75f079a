#include "server/rpc/snapshot_frame.h"

#include <algorithm>
#include <utility>

#include "server/rpc/translate_time.h"

namespace dnc {
namespace {

// A Timestamp as a field: tag, length, two varints with a tag of one byte each.
constexpr size_t kMaxTimestampBytes = 2 + 11 + 11;

}  // namespace

size_t SnapshotFrame::MostBytes(const SnapshotPtr& snapshot) {
  Prepare(snapshot);
  constexpr size_t kMaxRevisionBytes = 11;
  // Of each list three times, which may also make its own length a byte or two longer.
  constexpr size_t kMaxListBytes = 3 * kMaxTimestampBytes + 4;
  // Of the whole the moment and the end.
  return message_.ByteSizeLong() + kMaxRevisionBytes + 2 * kMaxTimestampBytes +
         ages_.size() * kMaxListBytes;
}

const v1::Snapshot& SnapshotFrame::Fill(const SnapshotPtr& snapshot, const Answered& answered,
                                        const AskedAreas& asked) {
  Prepare(snapshot);
  message_.set_revision(answered.revision);
  *message_.mutable_decided_at() = ToTimestamp(answered.now);
  message_.clear_valid_until();
  if (IsMoment(answered.valid_until)) {
    *message_.mutable_valid_until() = ToTimestamp(answered.valid_until);
  }
  for (size_t l = 0; l < ages_.size(); ++l) {
    const SnapshotList& list = *snapshot->lists[l];
    Ages& ages = ages_[l];
    const AreaCoverage* const first = FirstAsked(list, ages.by_age, asked);
    const AreaCoverage* const ends =
        ages.by_end.empty() ? first : FirstAsked(list, ages.by_end, asked);
    const absl::Time oldest = first == nullptr ? absl::InfiniteFuture() : first->obtained_at;
    const absl::Time aged_from = ends == nullptr ? absl::InfiniteFuture() : AgedFrom(*ends);
    const absl::Time silence = first == nullptr ? absl::InfinitePast() : first->known_by_silence_at;
    if (oldest == ages.told && aged_from == ages.told_end && silence == ages.told_silence) continue;
    ages.told = oldest;
    ages.told_end = aged_from;
    ages.told_silence = silence;
    v1::ListSnapshot* entry = message_.mutable_lists(static_cast<int>(l));
    entry->clear_obtained_at();
    entry->clear_valid_until();
    entry->clear_known_by_silence_at();
    if (IsMoment(silence)) *entry->mutable_known_by_silence_at() = ToTimestamp(silence);
    if (IsMoment(oldest)) *entry->mutable_obtained_at() = ToTimestamp(oldest);
    if (IsMoment(aged_from)) {
      *entry->mutable_valid_until() = ToTimestamp(aged_from + list.max_age);
    }
  }
  return message_;
}

void SnapshotFrame::Prepare(const SnapshotPtr& snapshot) {
  if (!snapshot_.owner_before(snapshot) && !snapshot.owner_before(snapshot_)) return;
  snapshot_ = snapshot;
  message_.Clear();
  ages_.clear();
  for (const auto& list : snapshot->lists) {
    v1::ListSnapshot* entry = message_.add_lists();
    entry->set_list(list->name);
    entry->set_release_id(list->release_id);
    entry->set_digest(list->digest);
    Ages& ages = ages_.emplace_back();
    std::vector<uint16_t>& by_age = ages.by_age;
    bool published_first = false;
    for (uint16_t area = 0; area < kAreaCodes; ++area) {
      const AreaCoverage& coverage = list->areas[area];
      if (coverage.state != AreaState::kLoaded) continue;
      by_age.push_back(area);
      published_first = published_first || coverage.published_at < coverage.obtained_at;
    }
    std::stable_sort(by_age.begin(), by_age.end(), [&list](uint16_t a, uint16_t b) {
      const AreaCoverage& left = list->areas[a];
      const AreaCoverage& right = list->areas[b];
      return std::pair(left.obtained_at, left.known_by_silence_at) <
             std::pair(right.obtained_at, right.known_by_silence_at);
    });
    if (!published_first) continue;
    ages.by_end = by_age;
    std::stable_sort(ages.by_end.begin(), ages.by_end.end(), [&list](uint16_t a, uint16_t b) {
      return AgedFrom(list->areas[a]) < AgedFrom(list->areas[b]);
    });
  }
}

const AreaCoverage* SnapshotFrame::FirstAsked(const SnapshotList& list,
                                              const std::vector<uint16_t>& areas,
                                              const AskedAreas& asked) {
  for (const uint16_t area : areas) {
    if (asked.Has(area)) return &list.areas[area];
  }
  return nullptr;
}

}  // namespace dnc
