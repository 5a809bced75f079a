// What a scenario loads: random numbers, changes and files.
#include <algorithm>

#include "tests/model/scenario.h"

namespace dnc::blackbox {
namespace {

constexpr uint64_t kNumbersPerArea = 10'000'000;
constexpr size_t kSizes[] = {1, 3, 50, 700, 3'000, 20'000};

// Returns any `count` of `numbers`.
std::vector<uint64_t> Some(Random& random, const std::set<uint64_t>& numbers, size_t count) {
  std::vector<uint64_t> all(numbers.begin(), numbers.end());
  std::shuffle(all.begin(), all.end(), random);
  all.resize(std::min(all.size(), count));
  return all;
}

}  // namespace

Form Scenario::RandomForm() {
  Form form;
  constexpr Format kFormats[] = {Format::kFlat, Format::kFlat, Format::kFlatJoined, Format::kXml};
  form.format = kFormats[Below(random_, 4)];
  form.crlf = OneIn(random_, 3);
  form.zip = OneIn(random_, 2);
  return form;
}

uint64_t Scenario::RandomNumber(int area_code) {
  // There are few exchanges, so that blocks of every density occur, including exchanges that start
  // with 0 or 1.
  constexpr uint64_t kExchanges[] = {0, 123, 200, 555, 999};
  const uint64_t exchange =
      OneIn(random_, 20) ? Below(random_, 1000) : kExchanges[Below(random_, 5)];
  return static_cast<uint64_t>(area_code) * kNumbersPerArea + exchange * 10'000 +
         Below(random_, 10'000);
}

std::set<uint64_t> Scenario::NextNumbers(int area_code) {
  const NumberSets all = oracle_.Numbers("national");
  const auto before = all.find(area_code);
  std::set<uint64_t> numbers;
  const auto last = last_.find(area_code);  // before it was retired or left out
  if (before == all.end() && last != last_.end() && !OneIn(random_, 3)) {
    numbers = last->second;
  } else if (before == all.end() || before->second.empty()) {
    const size_t size = kSizes[Below(random_, std::size(kSizes))];
    while (numbers.size() < size) numbers.insert(RandomNumber(area_code));
    return numbers;
  }
  if (numbers.empty()) numbers = before->second;
  // This is well within the limit of what may go, and more comes than goes.
  const size_t gone = numbers.size() / 250;
  for (const uint64_t number : Some(random_, numbers, gone)) numbers.erase(number);
  const size_t size = numbers.size() + gone + 1 + Below(random_, 20);
  while (numbers.size() < size) numbers.insert(RandomNumber(area_code));
  return numbers;
}

std::set<uint64_t> Scenario::Shrunk(const std::set<uint64_t>& numbers) {
  const std::vector<uint64_t> kept = Some(random_, numbers, numbers.size() * 9 / 10);
  return {kept.begin(), kept.end()};
}

// Adds one change of the number, or sometimes two or three, each the opposite of the one before.
// Rarely two come at the same time; then the addition counts.
void Scenario::AddTurns(uint64_t number, bool added, std::time_t from,
                        std::vector<OracleEvent>& changes) {
  const size_t turns = OneIn(random_, 6) ? 2 + Below(random_, 2) : 1;
  std::multiset<std::time_t> times;
  const bool at_once = OneIn(random_, 8);
  const auto span = static_cast<uint64_t>(next_time_ - from);
  while (times.size() < turns) {
    const std::time_t time = from + 1 + static_cast<std::time_t>(Below(random_, span));
    if (at_once && !times.empty()) {
      times.insert(*times.begin());
    } else if (times.count(time) == 0) {
      times.insert(time);
    }
  }
  for (const std::time_t time : times) {
    changes.push_back({number, time, added, true});
    added = !added;
  }
}

std::vector<OracleEvent> Scenario::NextChanges(const std::set<int>& area_codes, std::time_t from) {
  std::vector<OracleEvent> changes;
  std::set<uint64_t> used;
  const NumberSets all = oracle_.Numbers("national");
  for (const int area_code : area_codes) {
    const auto before = all.find(area_code);
    if (before == all.end()) continue;
    const size_t deletes = Below(random_, 1 + before->second.size() / 4);
    for (const uint64_t number : Some(random_, before->second, deletes)) {
      AddTurns(number, false, from, changes);
      used.insert(number);
    }
    for (size_t i = Below(random_, 300); i > 0; --i) {
      const uint64_t number = RandomNumber(area_code);
      if (before->second.count(number) != 0 || !used.insert(number).second) continue;
      AddTurns(number, true, from, changes);
    }
    // A few changes fit the base already, well within the limit.
    if (used.size() > 300 && !before->second.empty()) {
      const uint64_t number = *before->second.begin();
      if (used.insert(number).second) changes.push_back({number, next_time_, true, true});
    }
  }
  // Files need not be in order of time.
  if (!OneIn(random_, 4)) std::shuffle(changes.begin(), changes.end(), random_);
  return changes;
}

// Only names with a date have labels, and they have no time of day.
Packing Scenario::RandomPacking() {
  if (next_time_ % kDay == 0) return Packing::kLabelled;
  return OneIn(random_, 2) ? Packing::kApart : Packing::kTogether;
}

LoadRequest Scenario::RequestFor(const NumberSets& numbers, Packing packing) {
  LoadRequest request;
  const bool labelled = packing == Packing::kLabelled;
  if (!labelled) request.obtained_at = next_time_;
  std::vector<uint64_t> all;
  for (const auto& [area_code, listed] : numbers) {
    std::vector<uint64_t> rows(listed.begin(), listed.end());
    if (OneIn(random_, 2)) std::shuffle(rows.begin(), rows.end(), random_);
    all.insert(all.end(), rows.begin(), rows.end());
    if (packing == Packing::kTogether) continue;
    const std::string label = std::to_string(area_code);
    const std::string stem = labelled ? RegistryStem(next_time_, label)
                                      : "part" + label + "-" + std::to_string(++files_);
    request.files.push_back(FullList(stem, rows, RandomForm()));
  }
  if (packing != Packing::kTogether) return request;
  std::shuffle(all.begin(), all.end(), random_);
  request.files = {FullList("several-" + std::to_string(++files_), all, RandomForm())};
  return request;
}

LoadRequest Scenario::RequestFor(const std::vector<OracleEvent>& changes,
                                 const std::string& label) {
  std::vector<ChangeLine> lines;
  lines.reserve(changes.size());
  for (const OracleEvent& change : changes) {
    lines.push_back({change.number, change.time, change.added});
  }
  LoadRequest request;
  request.obtained_at = next_time_;
  // The digits are five, because three could be an area code.
  request.files = {
      ChangeList(label + "-" + std::to_string(10'000 + ++files_), lines, RandomForm())};
  return request;
}

uint64_t Scenario::NumberToAsk() {
  if (OneIn(random_, 30)) return 0;
  if (OneIn(random_, 10)) return RandomNumber(static_cast<int>(200 + Below(random_, 800)));
  if (asked_.empty() || OneIn(random_, 3)) {
    const std::set<int> area_codes = oracle_.AreaCodes("national");
    if (area_codes.empty()) return RandomNumber(201);
    auto area_code = area_codes.begin();
    std::advance(area_code, static_cast<std::ptrdiff_t>(Below(random_, area_codes.size())));
    return RandomNumber(*area_code);
  }
  return asked_[Below(random_, asked_.size())];
}

}  // namespace dnc::blackbox
