#include "tools/dncctl/list_warnings.h"

#include <fmt/format.h>

#include "tools/dncctl/terminal.h"

namespace dnc::ctl {

std::vector<ListWarning> ListWarnings(const v1::ListStatus& list) {
  const std::string name = Printable(list.list());
  std::vector<ListWarning> warnings;
  if (list.damaged() > 0) {
    warnings.push_back(
        {fmt::format("{}: {} area codes are damaged and answer NOT_COVERED; load them again", name,
                     list.damaged()),
         true});
  }
  if (list.stale() > 0 && list.effect() != v1::LIST_EFFECT_INFORM) {
    const std::string where = list.release().area_codes() == 0
                                  ? "all area codes"
                                  : fmt::format("{} area codes", list.stale());
    warnings.push_back(
        {fmt::format("{}: data of {} is older than {} days, and its numbers answer STALE; load a "
                     "current list",
                     name, where, list.max_age_days())});
  }
  if (!list.has_release() && list.required()) {
    warnings.push_back({fmt::format("{}: required and not loaded; no number is CLEAR", name)});
  }
  return warnings;
}

}  // namespace dnc::ctl
