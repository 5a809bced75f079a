#include "tools/dncctl/scrub_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "tools/cli/names.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"

namespace dnc::cli {
namespace {

double Rate(uint64_t rows, absl::Duration took) {
  return static_cast<double>(rows) / std::max(absl::ToDoubleSeconds(took), 1e-6);
}

}  // namespace

void ScrubSummary::AddSnapshot(const v1::Snapshot& snapshot) {
  if (first_revision_ == 0) first_revision_ = snapshot.revision();
  last_snapshot_ = snapshot;
}

void ScrubSummary::CountNumber(const std::string& text, const v1::NumberResult& result) {
  if (text.empty()) return;
  ++numbers_;
  if (result.verdict() != v1::VERDICT_INVALID) return;
  if (unreadable_++ == 0) first_unreadable_ = result.explanation();
}

absl::Status ScrubSummary::CheckReadable() const {
  const uint64_t readable = numbers_ - unreadable_;
  if (rows() == 0 || readable * 10 >= std::max<uint64_t>(numbers_, 1)) return absl::OkStatus();
  if (numbers_ == 0) {
    return absl::InvalidArgumentError(
        "no row has anything in the column of the numbers; is it the right one? Name another with "
        "--column. If it is meant so: --allow-unreadable");
  }
  return absl::InvalidArgumentError(fmt::format(
      "only {} of {} numbers can be read ({}); is it the right column? Name another with --column. "
      "If it is meant so: --allow-unreadable",
      WithCommas(readable), WithCommas(numbers_), Printable(first_unreadable_)));
}

uint64_t ScrubSummary::rows() const {
  uint64_t rows = 0;
  for (const auto& [verdict, count] : verdicts_) rows += count;
  return rows;
}

void ScrubSummary::Print(const std::string& output, absl::Duration took) const {
  const Style style(stderr);
  fmt::print(stderr, "{} rows in {:.1f} s ({}/s), written to {}\n",
             style.Strong(WithCommas(rows())), absl::ToDoubleSeconds(took),
             WithCommas(static_cast<uint64_t>(Rate(rows(), took))), Printable(output));
  for (const auto& [verdict, count] : verdicts_) {
    const std::string name = fmt::format("{:<11}", EnumName(v1::Verdict_descriptor(), verdict));
    fmt::print(stderr, "  {}  {:>13}  {:5.1f} %\n",
               verdict == v1::VERDICT_CLEAR ? style.Good(name) : name, WithCommas(count),
               100.0 * static_cast<double>(count) / static_cast<double>(rows()));
  }
  if (!last_snapshot_.has_decided_at()) return;
  std::string revision = std::to_string(last_snapshot_.revision());
  if (first_revision_ != last_snapshot_.revision()) {
    revision = fmt::format("{} to {} (lists changed meanwhile)", first_revision_, revision);
  }
  fmt::print(stderr, "  revision {}", revision);
  for (const v1::ListSnapshot& list : last_snapshot_.lists()) {
    fmt::print(
        stderr, "; {} {}", Printable(list.list()),
        list.release_id() == 0 ? "not loaded" : fmt::format("release {}", list.release_id()));
  }
  fmt::print(stderr, "\n");
}

nlohmann::ordered_json ScrubSummary::ToJson(const std::string& output, absl::Duration took) const {
  nlohmann::ordered_json verdicts = nlohmann::ordered_json::object();
  for (const auto& [verdict, count] : verdicts_) {
    verdicts[EnumName(v1::Verdict_descriptor(), verdict)] = count;
  }
  return {{"output", output},
          {"rows", rows()},
          {"blank_lines", blank_lines_},
          {"verdicts", verdicts},
          {"seconds", absl::ToDoubleSeconds(took)},
          {"rows_per_second", Rate(rows(), took)},
          {"first_revision", first_revision_},
          {"snapshot", cli::ToJson(last_snapshot_)}};
}

namespace {

using Results = absl::Span<const v1::NumberResult* const>;
using google::protobuf::Timestamp;

// These go from the mildest to the strictest; a verdict that is not here is stricter than all.
constexpr std::array kByStrictness = {v1::VERDICT_CLEAR,       v1::VERDICT_WIRELESS,
                                      v1::VERDICT_INVALID,     v1::VERDICT_STALE,
                                      v1::VERDICT_NOT_COVERED, v1::VERDICT_LISTED};

void TakeEarlier(const Timestamp& time, const Timestamp** earliest) {
  if (*earliest == nullptr || ToTime(time) < ToTime(**earliest)) *earliest = &time;
}

std::string TextOf(const Timestamp* time) { return time == nullptr ? "" : IsoTime(*time); }

// Returns the earliest entry among those that count against a call.
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

}  // namespace dnc::cli
