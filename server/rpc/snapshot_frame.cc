#include "server/rpc/snapshot_frame.h"

#include <algorithm>

#include "server/rpc/translate_time.h"

namespace dnc {
namespace {

// A Timestamp as a field: tag, length, two varints with a tag of one byte each.
constexpr size_t kMostTimestampBytes = 2 + 11 + 11;

}  // namespace

size_t SnapshotFrame::MostBytes(const SnapshotPtr& snapshot) {
  Prepare(snapshot);
  constexpr size_t kMostRevisionBytes = 11;
  // Of each list two times, which may also make its own length a byte or two longer.
  constexpr size_t kMostListBytes = 2 * kMostTimestampBytes + 4;
  // Of the whole the moment and the end.
  return message_.ByteSizeLong() + kMostRevisionBytes + 2 * kMostTimestampBytes +
         ages_.size() * kMostListBytes;
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
    const absl::Time oldest = OldestData(list, ages_[l], asked);
    if (oldest == ages_[l].told) continue;
    ages_[l].told = oldest;
    v1::ListSnapshot* entry = message_.mutable_lists(static_cast<int>(l));
    entry->clear_obtained_at();
    entry->clear_valid_until();
    if (IsMoment(oldest)) {
      *entry->mutable_obtained_at() = ToTimestamp(oldest);
      *entry->mutable_valid_until() = ToTimestamp(oldest + list.max_age);
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
    std::vector<uint16_t>& by_age = ages_.emplace_back().by_age;
    for (uint16_t area = 0; area < kAreaCodes; ++area) {
      if (list->areas[area].state == AreaState::kLoaded) by_age.push_back(area);
    }
    std::stable_sort(by_age.begin(), by_age.end(), [&list](uint16_t a, uint16_t b) {
      return list->areas[a].obtained_at < list->areas[b].obtained_at;
    });
  }
}

absl::Time SnapshotFrame::OldestData(const SnapshotList& list, const Ages& ages,
                                     const AskedAreas& asked) {
  for (const uint16_t area : ages.by_age) {
    if (asked.Has(area)) return list.areas[area].obtained_at;
  }
  return absl::InfiniteFuture();
}

}  // namespace dnc
