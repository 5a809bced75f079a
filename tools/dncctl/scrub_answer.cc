#include "tools/dncctl/scrub_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tools/dncctl/names.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

using Results = absl::Span<const v1::NumberResult* const>;
using google::protobuf::Timestamp;

// From the mildest to the strictest; one that is not here is stricter than all.
constexpr std::array kByStrictness = {v1::VERDICT_CLEAR,       v1::VERDICT_WIRELESS,
                                      v1::VERDICT_INVALID,     v1::VERDICT_STALE,
                                      v1::VERDICT_NOT_COVERED, v1::VERDICT_LISTED};

void TakeEarlier(const Timestamp& time, const Timestamp** earliest) {
  if (*earliest == nullptr || ToTime(time) < ToTime(**earliest)) *earliest = &time;
}

std::string TextOf(const Timestamp* time) { return time == nullptr ? "" : IsoTime(*time); }

// The earliest entry of those that count against a call.
std::string ListedSince(Results results) {
  const Timestamp* earliest = nullptr;
  for (const v1::NumberResult* result : results) {
    for (const v1::Match& match : result->matches()) {
      if (match.effect() == v1::LIST_EFFECT_INFORM || !match.has_listed_since()) continue;
      TakeEarlier(match.listed_since(), &earliest);
    }
  }
  return TextOf(earliest);
}

std::string Reasons(Results results) {
  std::vector<int> reasons;
  for (const v1::NumberResult* result : results) {
    reasons.insert(reasons.end(), result->reasons().begin(), result->reasons().end());
  }
  std::sort(reasons.begin(), reasons.end());
  reasons.erase(std::unique(reasons.begin(), reasons.end()), reasons.end());
  return fmt::format("{}", fmt::join(ReasonNames(reasons), ";"));
}

std::string ValidUntil(Results results) {
  const Timestamp* earliest = nullptr;
  for (const v1::NumberResult* result : results) {
    if (result->has_valid_until()) TakeEarlier(result->valid_until(), &earliest);
  }
  return TextOf(earliest);
}

}  // namespace

v1::Verdict StrictestVerdict(Results results) {
  const auto strictness = [](const v1::NumberResult* result) {
    return std::find(kByStrictness.begin(), kByStrictness.end(), result->verdict());
  };
  const auto strictest = std::max_element(
      results.begin(), results.end(),
      [&](const auto* one, const auto* other) { return strictness(one) < strictness(other); });
  return strictest == results.end() ? v1::VERDICT_UNSPECIFIED : (*strictest)->verdict();
}

std::vector<std::string> AddedColumns(const ScrubRow& row, size_t number_columns, Results results) {
  std::vector<std::string> columns = {Name(StrictestVerdict(results)), Reasons(results),
                                      ListedSince(results), ValidUntil(results)};
  if (number_columns == 1) return columns;
  size_t next = 0;
  for (size_t i = 0; i < number_columns; ++i) {
    const bool asked = (row.asked >> i & 1U) != 0;
    columns.push_back(asked && next < results.size() ? Name(results[next++]->verdict()) : "");
  }
  return columns;
}

}  // namespace dnc::ctl
