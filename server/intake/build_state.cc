#include "server/intake/build_state.h"

#include <utility>

#include "server/registry/stored_values.h"

namespace dnc {

BuildState::BuildState(const ReleaseBase& built_on, ParsedFiles parsed, GuardCheck& guard_check)
    : base(built_on), before(*built_on.before), files(std::move(parsed)), guards(guard_check) {}

AreaBuilder& BuildState::Area(int area_code) {
  const auto it = areas.find(area_code);
  if (it != areas.end()) return it->second;
  const bool trusted = before.Covers(area_code) && !before.damaged[area_code];
  const auto seal = before.seals.find(area_code);
  if (trusted && seal != before.seals.end()) {
    return areas.try_emplace(area_code, seal->second, before.numbers.area(area_code), true)
        .first->second;
  }
  storage::Seal fresh;
  fresh.set_area_code(static_cast<uint32_t>(area_code));
  if (!trusted) return areas.try_emplace(area_code, fresh, nullptr, false).first->second;
  // A list that covers all: so far without a number in this area code.
  fresh.set_first_release(before.whole_first_release);
  fresh.set_history_since(ToMicros(before.whole_history_since));
  fresh.set_history_changes(0);
  return areas.try_emplace(area_code, fresh, AreaSetBuilder().Build(), true).first->second;
}

std::set<int> BuildState::BaseAreas() const {
  std::set<int> area_codes;
  for (const auto& [area_code, seal] : before.seals) {
    if (vanished.count(area_code) == 0) area_codes.insert(area_code);
  }
  for (const auto& [area_code, numbers] : full) area_codes.insert(area_code);
  return area_codes;
}

}  // namespace dnc
