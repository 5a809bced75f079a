#include "server/rpc/snapshot_frame.h"

#include "server/rpc/translate_time.h"

namespace dnc {
namespace {

// A Timestamp as a field: tag, length, two varints with a tag of one byte each.
constexpr size_t kMaxTimestampBytes = 2 + 11 + 11;

void FillAge(const ListAge& age, v1::ListSnapshot* out) {
  out->clear_obtained_at();
  out->clear_valid_until();
  out->clear_known_by_silence_at();
  if (IsMoment(age.obtained_at)) *out->mutable_obtained_at() = ToTimestamp(age.obtained_at);
  if (IsMoment(age.valid_until)) *out->mutable_valid_until() = ToTimestamp(age.valid_until);
  if (IsMoment(age.known_by_silence_at)) {
    *out->mutable_known_by_silence_at() = ToTimestamp(age.known_by_silence_at);
  }
}

}  // namespace

size_t SnapshotFrame::MostBytes(const ReleaseNames& releases) {
  Prepare(releases);
  constexpr size_t kMaxRevisionBytes = 11;
  // A list has three times, which may also make its own length a byte or two longer.
  constexpr size_t kMaxListBytes = 3 * kMaxTimestampBytes + 4;
  // The whole has two: its moment and its end.
  return message_.ByteSizeLong() + kMaxRevisionBytes + 2 * kMaxTimestampBytes +
         told_.size() * kMaxListBytes;
}

const v1::Snapshot& SnapshotFrame::Fill(const Evidence& evidence) {
  Prepare(evidence.releases);
  message_.set_revision(evidence.revision);
  *message_.mutable_decided_at() = ToTimestamp(evidence.decided_at);
  message_.clear_valid_until();
  if (IsMoment(evidence.valid_until)) {
    *message_.mutable_valid_until() = ToTimestamp(evidence.valid_until);
  }
  for (size_t l = 0; l < told_.size(); ++l) {
    if (told_[l] == evidence.ages[l]) continue;
    told_[l] = evidence.ages[l];
    FillAge(told_[l], message_.mutable_lists(static_cast<int>(l)));
  }
  return message_;
}

void SnapshotFrame::Prepare(const ReleaseNames& releases) {
  if (releases == releases_) return;
  releases_ = releases;
  message_.Clear();
  told_.clear();
  if (releases == nullptr) return;
  told_.resize(releases->size());  // as a message says it that has no times
  for (const ReleaseName& release : *releases) {
    v1::ListSnapshot* const entry = message_.add_lists();
    entry->set_list(release.list);
    entry->set_release_id(release.release_id);
    entry->set_digest(release.digest);
  }
}

}  // namespace dnc
