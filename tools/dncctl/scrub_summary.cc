#include "tools/dncctl/scrub_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "tools/dncctl/names.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
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
          {"snapshot", ctl::ToJson(last_snapshot_)}};
}

}  // namespace dnc::ctl
