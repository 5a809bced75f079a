#include "dnc/scrub_result.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dnc/wire_time.h"

namespace dnc {
namespace {

v1::Verdict KnownVerdict(int value) {
  return v1::Verdict_IsValid(value) ? static_cast<v1::Verdict>(value) : v1::VERDICT_UNSPECIFIED;
}

// Returns until when the answers of a batch hold that do not end earlier. The lists' ends tell,
// unless one of them has passed. Such an end may belong to an area code whose numbers are STALE, or
// to a list that only informs; the other answers then hold until the end of the whole batch.
absl::Time EndOf(const v1::ScrubResponse& response) {
  const v1::Snapshot& snapshot = response.snapshot();
  if (response.earlier_ends().empty() && snapshot.has_valid_until()) {
    return ToTime(snapshot.valid_until());
  }
  absl::Time end = absl::InfiniteFuture();
  for (const v1::ListSnapshot& list : snapshot.lists()) {
    if (list.has_valid_until()) end = std::min(end, ToTime(list.valid_until()));
  }
  const bool over = end < ToTime(snapshot.decided_at());
  return over && snapshot.has_valid_until() ? ToTime(snapshot.valid_until()) : end;
}

}  // namespace

absl::Status CheckSnapshot(bool has_snapshot, const v1::Snapshot& snapshot, bool clear,
                           const Wanted& wanted) {
  if (has_snapshot && !clear) return absl::OkStatus();
  if (!has_snapshot || snapshot.revision() == 0 || !snapshot.has_decided_at()) {
    return absl::InternalError(
        "the answer does not say which state of the lists it rests on, and for which moment; do "
        "not call the numbers, and look at what stands at that address");
  }
  const absl::Time decided = ToTime(snapshot.decided_at());
  if (wanted.moment != absl::InfiniteFuture()) {
    // As the request has it: without what is finer than a nanosecond.
    if (decided == ToTime(ToTimestamp(wanted.moment))) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("the answer is for ", absl::FormatTime(decided),
                                            ", and was asked for ", absl::FormatTime(wanted.moment),
                                            "; do not call the numbers"));
  }
  if (absl::AbsDuration(decided - wanted.now) > wanted.max_clock_difference) {
    return absl::InternalError(absl::StrCat(
        "the answer is for ", absl::FormatTime(decided), ", and here it is ",
        absl::FormatTime(wanted.now), ", which is more than ",
        absl::FormatDuration(wanted.max_clock_difference),
        " apart; do not call the numbers, and check the clocks of the server and of this machine, "
        "and that no cache stands between them"));
  }
  return snapshot.has_valid_until() ? CheckEnd(snapshot.valid_until(), snapshot, wanted)
                                    : absl::OkStatus();
}

absl::Status CheckEnd(const google::protobuf::Timestamp& end, const v1::Snapshot& snapshot,
                      const Wanted& wanted) {
  const absl::Time decided = ToTime(snapshot.decided_at());
  if (wanted.moment != absl::InfiniteFuture() || ToTime(end) > decided) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "the answer is CLEAR until ", absl::FormatTime(ToTime(end)), ", and is for ",
      absl::FormatTime(decided),
      ", when that was over; do not call the numbers, and look at what stands at that address"));
}

v1::Verdict ScrubResult::verdict(size_t i) const {
  return i < verdicts_.size() ? static_cast<v1::Verdict>(verdicts_[i]) : v1::VERDICT_UNSPECIFIED;
}

std::vector<v1::Reason> ScrubResult::reasons(size_t i) const {
  std::vector<v1::Reason> found;
  const uint32_t bits = reason_bits(i);
  for (int value = 1; value < 32; ++value) {
    if ((bits >> value & 1U) != 0) found.push_back(static_cast<v1::Reason>(value));
  }
  return found;
}

absl::Time ScrubResult::valid_until(size_t i) const {
  const v1::Verdict known = verdict(i);
  if (known == v1::VERDICT_UNSPECIFIED || known == v1::VERDICT_INVALID ||
      known == v1::VERDICT_NOT_COVERED) {
    return absl::InfinitePast();
  }
  if (const auto earlier = earlier_ends_.find(i); earlier != earlier_ends_.end()) {
    return earlier->second;
  }
  const auto next =
      std::upper_bound(batch_ends_.begin(), batch_ends_.end(), i,
                       [](size_t index, const auto& batch) { return index < batch.first; });
  return next == batch_ends_.begin() ? absl::InfinitePast() : std::prev(next)->second;
}

absl::Status ScrubResult::AddBatch(size_t asked, const v1::ScrubResponse& response,
                                   const Wanted& wanted) {
  const auto verdicts = static_cast<size_t>(response.verdicts_size());
  const auto reasons = static_cast<size_t>(response.reasons_size());
  if (verdicts != asked || reasons != asked || asked > size() - answered_) {
    return absl::InternalError(
        absl::StrCat("the server answered ", verdicts, " verdicts and ", reasons, " reasons for ",
                     asked, " numbers; do not call them, and check the server's version"));
  }
  const bool clear = std::any_of(response.verdicts().begin(), response.verdicts().end(),
                                 [](int value) { return value == v1::VERDICT_CLEAR; });
  absl::Status checked = CheckSnapshot(response.has_snapshot(), response.snapshot(), clear, wanted);
  for (const v1::EarlierEnd& end : response.earlier_ends()) {
    if (end.index() >= asked || !end.has_valid_until()) {
      checked.Update(absl::InternalError(
          "the answer tells an end without a time, or of a number that was not asked about; do not "
          "call the numbers, and check the server's version"));
    } else if (response.verdicts(static_cast<int>(end.index())) == v1::VERDICT_CLEAR) {
      checked.Update(CheckEnd(end.valid_until(), response.snapshot(), wanted));
    }
  }
  if (!checked.ok()) return checked;
  std::transform(response.verdicts().begin(), response.verdicts().end(),
                 verdicts_.begin() + static_cast<std::ptrdiff_t>(answered_),
                 [](int value) { return static_cast<uint8_t>(KnownVerdict(value)); });
  std::copy(response.reasons().begin(), response.reasons().end(),
            reasons_.begin() + static_cast<std::ptrdiff_t>(answered_));
  for (const v1::EarlierEnd& end : response.earlier_ends()) {
    earlier_ends_[answered_ + end.index()] = ToTime(end.valid_until());
  }
  batch_ends_.emplace_back(answered_, EndOf(response));
  answered_ += asked;
  snapshots_.push_back(response.snapshot());
  return absl::OkStatus();
}

}  // namespace dnc
