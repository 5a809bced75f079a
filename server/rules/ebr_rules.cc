#include "server/rules/ebr_rules.h"

#include <algorithm>
#include <optional>

#include "server/rules/area_codes.h"

namespace dnc {
namespace {

constexpr absl::CivilDay kAlways(1900, 1, 1);

// Returns the same day `months` months later, or the last day of that month if it has no such day:
// a relationship never lasts longer than the calendar says.
absl::CivilDay AddMonths(absl::CivilDay day, int months) {
  const absl::CivilMonth month = absl::CivilMonth(day) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return std::min(absl::CivilDay(month) + (day.day() - 1), last);
}

absl::CivilDay LastDay(const EbrRule& rule, absl::CivilDay event) {
  return rule.months > 0 ? AddMonths(event, rule.months) : event + rule.days;
}

}  // namespace

const std::vector<EbrRule>& EbrRules() {
  static const std::vector<EbrRule> rules = {
      {"", EbrKind::kTransaction, 18, 0, kAlways, "47 CFR 64.1200(f)(5)(i)"},
      {"", EbrKind::kInquiry, 3, 0, kAlways, "47 CFR 64.1200(f)(5)(i)"},
      {"TX", EbrKind::kTransaction, 12, 0, kAlways, "Texas, 12 months: secondary sources only"},
      {"MO", EbrKind::kTransaction, 0, 180, kAlways, "Missouri, 180 days: secondary sources only"},
  };
  return rules;
}

absl::Time EbrEnd(EbrKind kind, absl::Time last_event, int area_code) {
  if (kind == EbrKind::kNone || last_event == absl::InfinitePast() ||
      last_event == absl::InfiniteFuture()) {
    return absl::InfinitePast();
  }
  const std::string_view state = StateOfAreaCode(area_code);
  // The event's day is taken in American Samoa (UTC-11), where the previous day lasts longest.
  const absl::CivilDay event(absl::ToCivilSecond(last_event, absl::FixedTimeZone(-11 * 60 * 60)));
  std::optional<absl::CivilDay> end;
  for (const EbrRule& rule : EbrRules()) {
    const bool applies = rule.state.empty() || state.empty() || rule.state == state;
    if (!applies || rule.kind != kind || event < rule.effective) continue;
    const absl::CivilDay last = LastDay(rule, event);
    end = std::min(end.value_or(last), last);
  }
  if (!end.has_value()) return absl::InfinitePast();  // without a rule there is no relationship
  // The last day counts until it ends, and it ends first in Guam (UTC+10).
  return absl::FromCivil(absl::CivilSecond(*end + 1), absl::FixedTimeZone(10 * 60 * 60));
}

}  // namespace dnc
