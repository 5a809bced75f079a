#include "server/registry/guards.h"

#include <array>

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

}  // namespace dnc
