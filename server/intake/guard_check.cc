#include "server/intake/guard_check.h"

#include <algorithm>

#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr size_t kToldFindings = 3;  // in the message of a refusal; all are in the load's record

}  // namespace

GuardCheck::GuardCheck(GuardLimits limits, std::vector<std::string> allow)
    : limits_(limits), allow_(allow.begin(), allow.end()) {}

bool GuardCheck::Allows(Guard guard, std::string_view target) const {
  return allow_.count(AllowFor(guard, target)) != 0;
}

bool GuardCheck::Note(std::string_view target, GuardFinding finding) {
  finding.allow = AllowFor(finding.guard, target);
  finding.overridden = allow_.count(finding.allow) != 0;
  if (findings_.size() == kMaxFindings) {
    ++not_kept_;
    return false;
  }
  if (finding.overridden) used_.insert(finding.allow);
  findings_.push_back(std::move(finding));
  return findings_.back().overridden;
}

bool GuardCheck::NoteArea(int area_code, GuardFinding finding) {
  finding.area_code = area_code;
  return Note(StrCat(area_code), std::move(finding));
}

bool GuardCheck::NoteFile(const std::string& file, GuardFinding finding) {
  finding.file = file;
  return Note(file, std::move(finding));
}

absl::Status GuardCheck::CheckUnused() const {
  for (const std::string& allow : allow_) {
    if (used_.count(allow) != 0) continue;
    return Error(reason::kInvalidRequest,
                 StrCat("--allow ", allow,
                        " overrides nothing that was found in this load; leave it out, or look "
                        "whether it names the right area code, file or list"));
  }
  return absl::OkStatus();
}

absl::Status GuardCheck::Outcome() const {
  std::vector<const GuardFinding*> open;
  for (const GuardFinding& finding : findings_) {
    if (!finding.overridden) open.push_back(&finding);
  }
  if (open.empty() && not_kept_ == 0) return CheckUnused();
  const uint64_t count = open.size() + not_kept_;
  std::string message;
  std::string allow;
  for (size_t i = 0; i < std::min(open.size(), kToldFindings); ++i) {
    const GuardFinding& finding = *open[i];
    message += StrCat(i == 0 ? "" : "; ", GuardName(finding.guard), ": ", finding.message);
    if (finding.becomes_callable > 0) {
      message += StrCat(" (overridden, ", finding.becomes_callable, " numbers become callable)");
    }
    allow += StrCat(" --allow ", finding.allow);
  }
  if (count > kToldFindings) {
    message += StrCat("; and ", count - kToldFindings, " more findings, ", count,
                      " in all, which `dncctl loads --json` tells");
  }
  message += StrCat(". If this is right, load again with", allow,
                    count > kToldFindings ? " and the others' own overrides" : "");
  const Guard guard = open.empty() ? findings_.front().guard : open.front()->guard;
  return GuardError(GuardName(guard), message);
}

std::vector<Guard> GuardCheck::overridden() const {
  std::vector<Guard> guards;
  for (const GuardFinding& finding : findings_) {
    const bool told = std::find(guards.begin(), guards.end(), finding.guard) != guards.end();
    if (finding.overridden && !told) guards.push_back(finding.guard);
  }
  return guards;
}

}  // namespace dnc
