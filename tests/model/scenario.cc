#include "tests/model/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/support/wait.h"

namespace dnc::blackbox {
namespace {

constexpr int kAreaPool[] = {201, 212, 305, 512, 713, 818, 989};
constexpr size_t kBatch = 120;

}  // namespace

Scenario::Scenario(Random& random, int days)
    : random_(random),
      server_(ServerSettings{dir_.path() + "/data", {}}),
      started_(std::time(nullptr)),
      begin_(std::time(nullptr) - days * kDay),
      time_(begin_),
      next_time_(begin_) {
  Connect();
}

void Scenario::Connect() {
  ASSERT_TRUE(server_.Start()) << server_.Log() << Diary();
  client_ = std::make_unique<TestClient>(server_.address());
  // Answers may begin while stored data is still being verified.
  ASSERT_TRUE(WaitUntil([this] { return !client_->Verdicts({2015550123}).empty(); })) << Diary();
}

std::string Scenario::Diary() const {
  std::string text = "\nwhat was done:\n";
  for (const std::string& entry : diary_) text += "  " + entry + "\n";
  return text;
}

void Scenario::Note(const std::string& entry) {
  diary_.push_back(IsoTime(next_time_) + " " + entry);
}

bool Scenario::Step() {
  if (::testing::Test::HasFailure()) return false;
  const auto pause = static_cast<std::time_t>(600 + Below(random_, 20 * 3600));
  next_time_ = Later(time_ + pause, OneIn(random_, 3) ? 1 : 0);
  if (next_time_ > std::time(nullptr) - 60) return false;
  const uint64_t choice = Below(random_, 100);
  if (choice < 27 || !oracle_.loaded("national")) {
    LoadFullLists();
  } else if (choice < 31) {
    LoadWithoutSome();
  } else if (choice < 50) {
    LoadChangeList(NextChanges(oracle_.AreaCodes("national"), time_));
  } else if (choice < 53) {
    LoadChangeListAfterGap();
  } else if (choice < 56) {
    LoadDailyLists();
  } else if (choice < 67) {
    LoadOtherList();
  } else if (choice < 77) {
    const uint64_t kind = Below(random_, 6);
    if (kind < 2) {
      LoadShrunkList();
    } else if (kind < 3) {
      LoadOlderList();
    } else if (kind < 4) {
      RefuseFutureList();
    } else {
      LoadUnfitChangeList();
    }
  } else if (choice < 86) {
    RollBack();
  } else if (choice < 90) {
    Retire();
  } else if (choice < 93) {
    Restart(true);
  } else if (choice < 96) {
    Restart(false);
  } else {
    KillDuringLoad();
  }
  if (!::testing::Test::HasFailure()) Ask();
  return !::testing::Test::HasFailure();
}

void Scenario::ExpectFindings(const v1::Load& load, const OracleFindings& expected) {
  std::set<std::string> told;
  for (const v1::GuardFinding& finding : load.findings()) {
    told.insert(finding.allow());
    const auto same = expected.find(finding.allow());
    ASSERT_TRUE(same != expected.end()) << finding.ShortDebugString() << Diary();
    EXPECT_EQ(finding.guard(), same->second.guard) << finding.ShortDebugString();
    EXPECT_EQ(finding.lost(), same->second.lost) << finding.ShortDebugString() << Diary();
    EXPECT_EQ(finding.becomes_callable(), same->second.becomes_callable)
        << finding.ShortDebugString() << Diary();
    if (same->second.of != 0) {
      EXPECT_EQ(finding.of(), same->second.of) << finding.ShortDebugString() << Diary();
    }
  }
  for (const auto& [allow, finding] : expected) {
    EXPECT_TRUE(told.count(allow) != 0) << "not found: " << allow << Diary();
  }
}

void Scenario::ExpectLoaded(LoadRequest request, const OracleLoad& load) {
  const OracleFindings expected = oracle_.Findings(load, std::time(nullptr));
  LoadOutcome outcome = client_->Load(request);
  if (!expected.empty()) {
    ASSERT_TRUE(outcome.refused()) << outcome.Describe() << Diary();
    EXPECT_EQ(outcome.load.error_reason(), "GUARD_REFUSED") << outcome.Describe();
  }
  ExpectFindings(outcome.load, expected);
  if (outcome.load.has_plan()) {
    Oracle after = oracle_;
    after.Load(load);
    EXPECT_EQ(outcome.load.plan().becomes_callable(),
              oracle_.BecomeCallable(after, std::time(nullptr)))
        << Diary();
  }
  if (::testing::Test::HasFailure()) return;
  if (!expected.empty()) {
    // With one override fewer the load must be refused.
    if (expected.size() > 1 && OneIn(random_, 3)) {
      request.allow = {expected.begin()->first};
      EXPECT_TRUE(client_->Load(request).refused()) << Diary();
      request.allow.clear();
    }
    for (const auto& [allow, finding] : expected) request.allow.push_back(allow);
    Note("overridden: " + std::to_string(expected.size()) + ", the first " + request.allow[0]);
    outcome = client_->Load(request);
    ExpectFindings(outcome.load, expected);
  }
  ASSERT_TRUE(outcome.succeeded()) << outcome.Describe() << Diary();
  time_ = std::max(time_, next_time_);
  const uint64_t no_effect = oracle_.Load(load);
  EXPECT_EQ(outcome.load.release().no_effect(), no_effect) << Diary();
}

OracleLoad Scenario::FullLoad(const NumberSets& next, Packing packing) const {
  OracleLoad load;
  load.full = next;
  load.packing = packing;
  load.obtained_at = next_time_;
  load.id = "full-" + std::to_string(files_);
  return load;
}

void Scenario::LoadFull(const NumberSets& next, Packing packing) {
  const LoadRequest request = RequestFor(next, packing);
  Note("full lists of " + std::to_string(next.size()) + " area codes in " +
       std::to_string(request.files.size()) + " files");
  ExpectLoaded(request, FullLoad(next, packing));
  for (const auto& [area_code, numbers] : next) {
    last_[area_code] = numbers;
    for (const uint64_t number : numbers) {
      if (numbers.size() < 100 || OneIn(random_, 50)) asked_.push_back(number);
    }
  }
}

void Scenario::LoadFullLists() {
  const Packing packing = RandomPacking();
  NumberSets next;
  for (const int area_code : oracle_.AreaCodes("national")) {
    if (packing != Packing::kLabelled || OneIn(random_, 3)) {
      next[area_code] = NextNumbers(area_code);
    }
  }
  if (next.empty() || OneIn(random_, 3)) {
    const int area_code = kAreaPool[Below(random_, std::size(kAreaPool))];
    if (next.count(area_code) == 0) next[area_code] = NextNumbers(area_code);
  }
  LoadFull(next, packing);
}

// Loads a full list that lacks area codes of the file that it replaces. They are no longer covered,
// but only if the operator says so.
void Scenario::LoadWithoutSome() {
  const Packing packing = OneIn(random_, 2) ? Packing::kApart : Packing::kTogether;
  NumberSets next;
  for (const int area_code : oracle_.AreaCodes("national")) {
    if (OneIn(random_, 2)) next[area_code] = NextNumbers(area_code);
  }
  const std::set<int> vanishing = oracle_.Vanishing(next, packing);
  if (vanishing.empty()) return LoadFullLists();
  Note("without " + std::to_string(vanishing.size()) + " area codes:");
  LoadFull(next, packing);
}

void Scenario::LoadChangeList(const std::vector<OracleEvent>& changes) {
  if (changes.empty()) return;
  const LoadRequest request = RequestFor(changes, "changes");
  OracleLoad load;
  load.is_change_list = true;
  load.changes = changes;
  load.obtained_at = next_time_;
  load.file = load.id = request.files[0].name;
  Note("change list of " + std::to_string(changes.size()));
  ExpectLoaded(request, load);
  for (const OracleEvent& change : changes) {
    if (OneIn(random_, 4)) asked_.push_back(change.number);
  }
}

void Scenario::LoadOtherList() {
  const std::string list = kOtherLists[Below(random_, std::size(kOtherLists))];
  NumberSets next = oracle_.Numbers(list);
  const size_t more = 1 + Below(random_, 40);
  for (size_t i = 0; i < more; ++i) {
    const bool known = !asked_.empty() && OneIn(random_, 2);
    const uint64_t number = known ? asked_[Below(random_, asked_.size())]
                                  : RandomNumber(kAreaPool[Below(random_, std::size(kAreaPool))]);
    next[AreaOf(number)].insert(number);
    asked_.push_back(number);
  }
  if (OneIn(random_, 3)) {
    for (auto& [area_code, numbers] : next) {
      if (numbers.size() > 3 && OneIn(random_, 2)) numbers = Shrunk(numbers);
    }
  }
  std::vector<uint64_t> rows;
  for (const auto& [area_code, numbers] : next) {
    rows.insert(rows.end(), numbers.begin(), numbers.end());
  }
  std::shuffle(rows.begin(), rows.end(), random_);
  LoadRequest request;
  request.list = list;
  request.obtained_at = next_time_;
  const std::string stem = "list-" + std::to_string(++files_);
  const bool ported = list == "wireless" || list == "wireline";
  request.files = {ported ? PortedList(stem, rows) : CsvList(stem, rows)};
  Note(list + " of " + std::to_string(rows.size()));
  OracleLoad load = FullLoad(next, Packing::kTogether);
  load.list = list;
  ExpectLoaded(request, load);
}

void Scenario::LoadShrunkList() {
  const NumberSets now = oracle_.Numbers("national");
  auto area = now.begin();
  std::advance(area, static_cast<std::ptrdiff_t>(Below(random_, now.size())));
  next_time_ = (time_ / kDay + 1) * kDay;
  if (area->second.size() < 20 || next_time_ > std::time(nullptr)) return;
  NumberSets next;
  next[area->first] = Shrunk(area->second);
  // As many others may come, but they do not make up for those that go.
  while (OneIn(random_, 2) && next[area->first].size() < area->second.size()) {
    next[area->first].insert(RandomNumber(area->first));
  }
  Note("a full list that shrinks:");
  LoadFull(next, Packing::kLabelled);
}

void Scenario::LoadOlderList() {
  const OracleRelease& now = oracle_.lists().at("national").now();
  auto area = now.obtained_at.begin();
  std::advance(area, static_cast<std::ptrdiff_t>(Below(random_, now.obtained_at.size())));
  const std::time_t earlier = area->second - static_cast<std::time_t>(1 + Below(random_, 3 * kDay));
  if (earlier <= now.since.at(area->first)) return;
  next_time_ = earlier % kDay == 0 ? earlier + 1 : earlier;
  if (next_time_ >= area->second) return;
  const NumberSets next = {{area->first, NextNumbers(area->first)}};
  Note("a full list that is too old:");
  LoadFull(next, Packing::kApart);
}

void Scenario::RefuseFutureList() {
  const NumberSets now = oracle_.Numbers("national");
  next_time_ = (std::time(nullptr) / kDay + 2) * kDay;
  const int area_code = now.begin()->first;
  const LoadRequest request =
      RequestFor(NumberSets{{area_code, NextNumbers(area_code)}}, Packing::kLabelled);
  Note("a full list of the future");
  const LoadOutcome outcome = client_->Load(request);
  ASSERT_TRUE(outcome.refused()) << outcome.Describe() << Diary();
  EXPECT_EQ(outcome.load.refused_by(), v1::GUARD_FUTURE_DATE) << outcome.Describe() << Diary();
}

void Scenario::LoadUnfitChangeList() {
  std::vector<OracleEvent> changes;
  if (OneIn(random_, 2)) {
    for (int i = 0; i < 5; ++i) changes.push_back({RandomNumber(444), time_ + 1, true, true});
    for (const int area_code : oracle_.AreaCodes("national")) {
      if (OneIn(random_, 2)) changes.push_back({RandomNumber(area_code), time_ + 1, true, true});
    }
    Note("outside of its base:");
    return LoadChangeList(changes);
  }
  const NumberSets now = oracle_.Numbers("national");
  for (const auto& [area_code, numbers] : now) {
    for (const uint64_t number : numbers) changes.push_back({number, time_ + 1, true, true});
  }
  Note("one that does not fit:");
  LoadChangeList(changes);
}

void Scenario::Restart(bool gently) {
  Note(gently ? "restart" : "kill");
  const uint64_t revision = client_->Status().revision();
  if (gently) {
    EXPECT_EQ(server_.Stop(), 0) << server_.Log();
  } else {
    server_.Kill();
  }
  Connect();
  EXPECT_GE(client_->Status().revision(), revision) << Diary();
}

// Expects the old or the new release, whole. The release in force tells which; the questions show
// that it is whole.
void Scenario::KillDuringLoad() {
  NumberSets next;
  for (const int area_code : oracle_.AreaCodes("national")) {
    next[area_code] = NextNumbers(area_code);
  }
  const Packing packing = RandomPacking();
  LoadRequest request = RequestFor(next, packing);
  request.allow_all = true;
  const OracleLoad load = FullLoad(next, packing);
  const std::vector<v1::Release> before = client_->Releases();
  if (before.empty()) return;
  Note("kill during a load");
  const LoadOutcome outcome = client_->StartLoad(request);
  ASSERT_TRUE(outcome.status.ok()) << outcome.Describe() << Diary();
  std::this_thread::sleep_for(std::chrono::microseconds(Below(random_, 60'000)));
  server_.Kill();
  Connect();
  uint64_t in_force = 0;
  uint64_t in_force_before = 0;
  for (const v1::Release& release : client_->Releases()) {
    if (release.in_force()) in_force = release.id();
  }
  for (const v1::Release& release : before) {
    if (release.in_force()) in_force_before = release.id();
  }
  if (in_force == in_force_before) return;
  time_ = next_time_;
  oracle_.Load(load);
}

void Scenario::Ask() {
  if (oracle_.loaded("national")) ExpectSameCoverage(*client_, oracle_);
  Question question;
  question.full = OneIn(random_, 3);
  question.texts = OneIn(random_, 3);
  for (size_t i = 0; i < kBatch; ++i) question.numbers.push_back(NumberToAsk());
  ExpectSameAnswers(*client_, oracle_, question);
  answers_.Ask(*client_, random_, question.numbers);
  question.as_of =
      begin_ - kDay +
      static_cast<std::time_t>(Below(random_, static_cast<uint64_t>(time_ - begin_ + 3 * kDay)));
  // The oracle knows about moments before the server began.
  *question.as_of = std::min(*question.as_of, started_ - 1);
  ExpectSameAnswers(*client_, oracle_, question);
}

}  // namespace dnc::blackbox
