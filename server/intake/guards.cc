#include "server/intake/guards.h"

#include <array>

#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {
constexpr std::array<std::string_view, kGuardCount> kNames = {"",
                                                              "shrink",
                                                              "vanished",
                                                              "outside-label",
                                                              "older-date",
                                                              "future-date",
                                                              "same-file",
                                                              "misfit",
                                                              "change-gap",
                                                              "archive-size",
                                                              "outside-base",
                                                              "unterminated",
                                                              "few-numbers",
                                                              "lost-week",
                                                              "two-dates"};
}  // namespace

std::string_view GuardName(Guard guard) { return kNames[static_cast<size_t>(guard)]; }

std::optional<Guard> GuardFromName(std::string_view name) {
  for (size_t i = 1; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Guard>(i);
  }
  return std::nullopt;
}

std::string AllowFor(Guard guard, std::string_view target) {
  return StrCat(GuardName(guard), ":", target);
}

absl::Status CheckAllow(const std::vector<std::string>& allow) {
  const auto bad = [](std::string_view message) { return Error(reason::kInvalidRequest, message); };
  if (allow.size() > kMaxFindings) {
    return bad(StrCat("a load takes at most ", kMaxFindings, " overrides; split it by area codes"));
  }
  for (const std::string& one : allow) {
    const size_t colon = one.find(':');
    const std::string_view name = std::string_view(one).substr(0, colon);
    if (one.size() > kMaxAllowBytes || !GuardFromName(name).has_value()) {
      return bad(StrCat("\"", name.substr(0, 60),
                        "\" is no guard that could be overridden; a refused load names each of "
                        "its findings with what overrides it, for example --allow shrink:201"));
    }
    if (colon == std::string::npos || colon + 1 == one.size()) {
      return bad(StrCat("--allow ", name,
                        " does not say what of; an override names its finding, as a refused load "
                        "tells it, for example --allow ",
                        name, ":201 for area code 201, or :FILE or :LIST"));
    }
  }
  return absl::OkStatus();
}

}  // namespace dnc
