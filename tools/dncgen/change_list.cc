#include "tools/dncgen/change_list.h"

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "tools/dncgen/file_name.h"
#include "tools/dncgen/generated_file.h"
#include "tools/dncgen/random.h"

namespace dnc {
namespace {

constexpr uint64_t kLineBytes = sizeof("2015550123,2026-08-05T14:07:31,A\n") - 1;
constexpr int kTries = 1'000'000;

struct Change {
  int64_t time = 0;  // seconds since 1970
  Number number = 0;
  bool added = false;
};

// The time span of changes: from the base's date to the end of the change list's date, and never
// later than now. A full list may be from the end of its day, so a deletion on that day would not
// be believed (docs/internals/dates-and-guards.md).
struct Span {
  int64_t first = 0;           // of additions
  int64_t first_deletion = 0;  // of deletions; after `last` if there can be none
  int64_t last = 0;
};

absl::Status Refuse(std::string_view message) { return Error(reason::kInvalidRequest, message); }

absl::StatusOr<Span> TimeSpan(absl::CivilDay base, absl::CivilDay day) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  Span span;
  span.first = absl::ToUnixSeconds(absl::FromCivil(base, utc)) + 1;
  span.first_deletion = absl::ToUnixSeconds(absl::FromCivil(base + 1, utc));
  span.last = std::min(absl::ToUnixSeconds(absl::FromCivil(day + 1, utc)) - 1,
                       absl::ToUnixSeconds(absl::Now()));
  if (day >= base && span.first <= span.last) return span;
  return Refuse(
      fmt::format("a change list of {} for a base of {} would hold times before the base "
                  "or in the future; choose another --date",
                  DayText(day), DayText(base)));
}

// Returns a number that the base does not have, from an exchange that it has.
absl::StatusOr<Number> UnlistedNumber(const BaseSet& base, const absl::flat_hash_set<Number>& used,
                                      Random& random) {
  for (int i = 0; i < kTries; ++i) {
    const Number listed = base.NthListed(random.Below64(base.numbers()));
    const Number number = listed - listed % kNumbersPerExchange + random.Below(kNumbersPerExchange);
    if (!base.Contains(number) && !used.contains(number)) return number;
  }
  return Refuse("the base has no room for so many additions; choose fewer --adds");
}

absl::StatusOr<std::vector<Change>> ChooseChanges(const BaseSet& base,
                                                  const ChangeListOptions& options, Span span) {
  if (options.adds + options.deletes == 0) return Refuse("no changes; give --adds or --deletes");
  if (options.deletes > base.numbers()) {
    return Refuse(fmt::format("the base has {} numbers; choose fewer --deletes", base.numbers()));
  }
  if (options.deletes > 0 && span.first_deletion > span.last) {
    return Refuse(
        "deletions of the base's own day would not be believed, and there is no time after it yet; "
        "give the base an earlier --date, the change list a later one, or no --deletes");
  }
  Random random(options.seed, Purpose::kChanges, {options.adds, options.deletes});
  absl::flat_hash_set<Number> used;
  std::vector<Change> changes;
  const auto add = [&](Number number, bool added) {
    const int64_t first = added ? span.first : span.first_deletion;
    const auto length = static_cast<uint64_t>(span.last - first + 1);
    const auto time = first + static_cast<int64_t>(random.Below64(length));
    used.insert(number);
    changes.push_back({time, number, added});
  };
  while (changes.size() < options.deletes) {
    const Number number = base.NthListed(random.Below64(base.numbers()));
    if (!used.contains(number)) add(number, false);
  }
  while (changes.size() < options.deletes + options.adds) {
    DNC_ASSIGN_OR_RETURN(const Number number, UnlistedNumber(base, used, random));
    add(number, true);
  }
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    return std::tie(a.time, a.number) < std::tie(b.time, b.number);
  });
  return changes;
}

std::string Line(const Change& change) {
  const absl::CivilSecond time =
      absl::ToCivilSecond(absl::FromUnixSeconds(change.time), absl::UTCTimeZone());
  return fmt::format("{:010},{:04}-{:02}-{:02}T{:02}:{:02}:{:02},{}\n", change.number, time.year(),
                     time.month(), time.day(), time.hour(), time.minute(), time.second(),
                     change.added ? 'A' : 'D');
}

}  // namespace

absl::StatusOr<std::string> WriteChangeList(const BaseSet& base, const ChangeListOptions& options) {
  const absl::CivilDay day = options.day.value_or(std::min(base.day() + 1, Today()));
  DNC_ASSIGN_OR_RETURN(const Span span, TimeSpan(base.day(), day));
  DNC_ASSIGN_OR_RETURN(const auto changes, ChooseChanges(base, options, span));
  const std::string name = RegistryFileName(day, "changes", options.seed, "txt.zip");
  const std::string path =
      options.path.empty() ? (std::filesystem::path(options.folder) / name).string() : options.path;
  GeneratedFile::Options file_options;
  file_options.bytes = kLineBytes * changes.size();
  file_options.time = absl::FromCivil(day, absl::UTCTimeZone());
  DNC_ASSIGN_OR_RETURN(auto file, GeneratedFile::Create(path, file_options));
  std::string buffer;
  for (const Change& change : changes) {
    buffer += Line(change);
    if (buffer.size() < (1 << 16)) continue;
    DNC_RETURN_IF_ERROR(file->Append(buffer));
    buffer.clear();
  }
  DNC_RETURN_IF_ERROR(file->Append(buffer));
  DNC_RETURN_IF_ERROR(file->Close());
  return path;
}

}  // namespace dnc
