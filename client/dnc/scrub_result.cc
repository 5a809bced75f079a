#include "dnc/scrub_result.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dnc {
namespace {

v1::Verdict KnownVerdict(int value) {
  return v1::Verdict_IsValid(value) ? static_cast<v1::Verdict>(value) : v1::VERDICT_UNSPECIFIED;
}

}  // namespace

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

absl::Status ScrubResult::AddBatch(size_t asked, const v1::ScrubResponse& response) {
  const auto verdicts = static_cast<size_t>(response.verdicts_size());
  const auto reasons = static_cast<size_t>(response.reasons_size());
  if (verdicts != asked || reasons != asked || asked > size() - answered_) {
    return absl::InternalError(
        absl::StrCat("the server answered ", verdicts, " verdicts and ", reasons, " reasons for ",
                     asked, " numbers; do not call them, and check the server's version"));
  }
  std::transform(response.verdicts().begin(), response.verdicts().end(),
                 verdicts_.begin() + static_cast<std::ptrdiff_t>(answered_),
                 [](int value) { return static_cast<uint8_t>(KnownVerdict(value)); });
  std::copy(response.reasons().begin(), response.reasons().end(),
            reasons_.begin() + static_cast<std::ptrdiff_t>(answered_));
  answered_ += asked;
  snapshots_.push_back(response.snapshot());
  return absl::OkStatus();
}

}  // namespace dnc
