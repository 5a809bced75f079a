#include "tools/dncctl/load_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "tools/dncctl/names.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

// More area codes are told as a sum; --json has all.
constexpr int kAreasTold = 20;

std::string KindOf(const v1::Load& load) {
  std::map<std::string, int> kinds;
  for (const v1::FileReport& file : load.files()) {
    if (file.kind() == v1::FILE_KIND_FULL) ++kinds["full list"];
    if (file.kind() == v1::FILE_KIND_CHANGE) ++kinds["change list"];
  }
  std::string text;
  for (const auto& [kind, count] : kinds) {
    text +=
        fmt::format("{}{} {}{}", text.empty() ? "" : " and ", count, kind, count == 1 ? "" : "s");
  }
  return text.empty() ? "no list" : text;
}

std::string AreaText(const v1::AreaPlan& area) {
  const auto answered = [](bool does) { return does ? "answered" : "not answered"; };
  return fmt::format(
      "{} -> {} numbers (+{} -{}), {}", WithCommas(area.numbers_before()),
      WithCommas(area.numbers_after()), WithCommas(area.added()), WithCommas(area.lost()),
      area.answered_before() == area.answers_after()
          ? answered(area.answers_after())
          : fmt::format("{} before and {} afterwards", answered(area.answered_before()),
                        answered(area.answers_after())));
}

}  // namespace

bool HasFirstData(const v1::LoadPlan& plan) {
  const auto begins = [](const v1::AreaPlan& area) {
    return area.answers_after() && !area.answered_before();
  };
  return plan.first() || std::any_of(plan.area_codes().begin(), plan.area_codes().end(), begins);
}

void PrintCallable(const v1::LoadPlan& plan, FILE* stream) {
  const Style style(stream);
  fmt::print(stream, "  becomes callable: {}; no longer callable: {}\n",
             plan.becomes_callable() == 0
                 ? std::string("no number")
                 : style.Warn(WithCommas(plan.becomes_callable()) + " numbers"),
             plan.no_longer_callable() == 0 ? std::string("no number")
                                            : WithCommas(plan.no_longer_callable()) + " numbers");
}

void PrintPlan(const v1::Load& load, FILE* stream) {
  const v1::LoadPlan& plan = load.plan();
  fmt::print(stream, "{}{}: {}\n", Printable(load.list()), plan.first() ? ", its first data" : "",
             KindOf(load));
  for (int i = 0; i < std::min(plan.area_codes_size(), kAreasTold); ++i) {
    const v1::AreaPlan& area = plan.area_codes(i);
    fmt::print(stream, "  area code {}: {}\n", area.area_code(), AreaText(area));
  }
  if (plan.area_codes_size() > kAreasTold) {
    fmt::print(stream, "  and {} area codes more; --json tells all\n",
               plan.area_codes_size() - kAreasTold);
  }
  PrintCallable(plan, stream);
}

void PrintFindings(const v1::Load& load, bool overridden, FILE* stream) {
  const Style style(stream);
  for (const v1::GuardFinding& finding : load.findings()) {
    if (finding.overridden() != overridden) continue;
    const std::string guard = GuardName(finding.guard());
    fmt::print(stream, "  {} {}\n",
               overridden ? style.Warn("overridden:") : style.Strong("finding:"),
               Printable(finding.message().empty() ? guard : guard + ": " + finding.message()));
    if (finding.allow().empty()) {
      fmt::print(stream, "    nothing overrides it\n");
    } else if (!overridden) {
      fmt::print(stream,
                 "    if it is right all the same: --allow {}, which makes {} numbers "
                 "callable\n",
                 Printable(finding.allow()), WithCommas(finding.becomes_callable()));
    }
  }
}

bool HasRefusals(const v1::Load& load) {
  return std::any_of(load.findings().begin(), load.findings().end(),
                     [](const v1::GuardFinding& finding) { return !finding.overridden(); });
}

}  // namespace dnc::ctl
