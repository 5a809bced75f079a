// Change lists as they come day by day, and the days that bring none.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "tests/model/scenario.h"

namespace dnc::blackbox {
namespace {

constexpr size_t kManyNumbers = 20'000;

}  // namespace

// Days pass with nothing, or with a full list of one area code alone.
void Scenario::LoadChangeListAfterGap() {
  std::set<int> area_codes = oracle_.AreaCodes("national");
  if (area_codes.empty()) return;
  next_time_ = time_ + static_cast<std::time_t>(8 + Below(random_, 3)) * kDay;
  if (next_time_ > std::time(nullptr) - 2 * kDay) return;
  if (!OneIn(random_, 3)) {
    next_time_ = Later(next_time_, 1);
    auto fresh = area_codes.begin();
    std::advance(fresh, static_cast<std::ptrdiff_t>(Below(random_, area_codes.size())));
    const NumberSets next = {{*fresh, NextNumbers(*fresh)}};
    Note("days later:");
    LoadFull(next, Packing::kLabelled);
    if (::testing::Test::HasFailure()) return;
    if (!OneIn(random_, 3)) area_codes = {*fresh};
    next_time_ += 12 * 3600;
  }
  LoadChangeList(NextChanges(area_codes, std::max(time_, next_time_ - 10 * 3600)));
}

std::vector<OracleEvent> Scenario::DailyChanges(size_t count, std::time_t from) {
  const NumberSets all = oracle_.Numbers("national");
  std::set<uint64_t> used;
  std::vector<OracleEvent> changes;
  while (changes.size() < count) {
    auto area = all.begin();
    std::advance(area, static_cast<std::ptrdiff_t>(Below(random_, all.size())));
    const uint64_t number = RandomNumber(area->first);
    if (area->second.count(number) != 0 || !used.insert(number).second) continue;
    const auto span = static_cast<uint64_t>(next_time_ - from);
    const auto later = static_cast<std::time_t>(1 + Below(random_, span));
    changes.push_back({number, from + later, true, true});
  }
  std::sort(changes.begin(), changes.end(),
            [](const OracleEvent& a, const OracleEvent& b) { return a.time < b.time; });
  return changes;
}

// Loads a list a day with hundreds of changes; some lists are missing, cut off at a line, or thin.
void Scenario::LoadDailyLists() {
  size_t listed = 0;
  for (const auto& [area_code, numbers] : oracle_.Numbers("national")) listed += numbers.size();
  if (listed < kManyNumbers / 2) {
    NumberSets next;
    next[201] = NextNumbers(201);
    while (next[201].size() < kManyNumbers) next[201].insert(RandomNumber(201));
    next_time_ = Later(next_time_, 1);
    if (next_time_ > std::time(nullptr) - 60) return;
    Note("for daily lists:");
    LoadFull(next, Packing::kLabelled);
  }
  const size_t count = 250 + Below(random_, 600);
  for (size_t lists = 4 + Below(random_, 4); lists > 0; --lists) {
    if (::testing::Test::HasFailure()) return;
    std::time_t from = time_;
    next_time_ = time_ + kDay + static_cast<std::time_t>(Below(random_, 7200)) - 3600;
    const uint64_t kind = Below(random_, 8);
    if (kind < 2) {  // one is missing
      from = next_time_;
      next_time_ += kDay;
    }
    if (next_time_ > std::time(nullptr) - 60) return;
    std::vector<OracleEvent> changes = DailyChanges(count, from);
    if (kind == 1) {
      for (int i = 0; i < 2; ++i) changes[static_cast<size_t>(i)].time -= kDay / 2;  // stragglers
    } else if (kind == 2) {
      changes.resize(count / 10 + Below(random_, count / 2));
    } else if (kind == 3) {
      std::shuffle(changes.begin(), changes.end(), random_);
      changes.resize(1 + Below(random_, count / 8));
    }
    LoadChangeList(changes);
  }
}

}  // namespace dnc::blackbox
