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

const char* const kOtherLists[] = {"state:TX", "litigator:abc", "wireless", "wireline",
                                   "other:own-2"};

std::time_t Later(std::time_t time, std::time_t midnight_or_zero) {
  return midnight_or_zero != 0 ? (time / kDay + 1) * kDay : time;
}

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
  } else if (choice < 55) {
    LoadChangeListAfterGap();
  } else if (choice < 67) {
    LoadOtherList();
  } else if (choice < 77) {
    OneIn(random_, 2) ? RefuseSomething() : RefuseChangeList();
  } else if (choice < 86) {
    RollBack();
  } else if (choice < 88) {
    Retire();
  } else if (choice < 92) {
    Restart(true);
  } else if (choice < 96) {
    Restart(false);
  } else {
    KillDuringLoad();
  }
  if (!::testing::Test::HasFailure()) Ask();
  return !::testing::Test::HasFailure();
}

void Scenario::ExpectLoaded(const LoadRequest& request) {
  const LoadOutcome outcome = client_->Load(request);
  ASSERT_TRUE(outcome.succeeded()) << outcome.Describe() << Diary();
  time_ = next_time_;
}

void Scenario::ExpectRefused(const LoadRequest& request, v1::Guard guard) {
  const LoadOutcome outcome = client_->Load(request);
  ASSERT_TRUE(outcome.refused()) << outcome.Describe() << Diary();
  EXPECT_EQ(outcome.load.refused_by(), guard) << outcome.Describe() << Diary();
}

void Scenario::ApplyFull(const NumberSets& next, Packing packing) {
  oracle_.LoadFull(next, next_time_, packing);
  for (const auto& [area_code, numbers] : next) {
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
  const LoadRequest request = RequestFor(next, packing);
  Note("full lists of " + std::to_string(next.size()) + " area codes in " +
       std::to_string(request.files.size()) + " files");
  ExpectLoaded(request);
  ApplyFull(next, packing);
}

// A full list that lacks area codes of the file which it replaces: they are not covered any more,
// but only if the operator says so.
void Scenario::LoadWithoutSome() {
  const Packing packing = OneIn(random_, 2) ? Packing::kApart : Packing::kTogether;
  NumberSets next;
  for (const int area_code : oracle_.AreaCodes("national")) {
    if (OneIn(random_, 2)) next[area_code] = NextNumbers(area_code);
  }
  const std::set<int> vanishing = oracle_.Vanishing(next, packing);
  if (vanishing.empty()) return LoadFullLists();
  LoadRequest request = RequestFor(next, packing);
  Note("full lists of " + std::to_string(next.size()) + " area codes without " +
       std::to_string(vanishing.size()));
  ExpectRefused(request, v1::GUARD_VANISHED);
  request.overrides = {v1::GUARD_VANISHED};
  ExpectLoaded(request);
  ApplyFull(next, packing);
}

void Scenario::LoadChangeList(const std::vector<OracleEvent>& changes) {
  if (changes.empty()) return;
  std::set<int> refreshed = oracle_.AreaCodes("national");
  const std::set<int> gaps = oracle_.Gaps(changes);
  const bool touches_gap = std::any_of(
      changes.begin(), changes.end(),
      [&gaps](const OracleEvent& change) { return gaps.count(AreaOf(change.number)) != 0; });
  LoadRequest request = RequestFor(changes, "changes");
  Note("change list of " + std::to_string(changes.size()) + ", " + std::to_string(gaps.size()) +
       " gaps");
  if (touches_gap) {
    ExpectRefused(request, v1::GUARD_CHANGE_GAP);
    request.overrides = {v1::GUARD_CHANGE_GAP};
  } else {
    for (const int area_code : gaps) refreshed.erase(area_code);
  }
  const LoadOutcome outcome = client_->Load(request);
  ASSERT_TRUE(outcome.succeeded()) << outcome.Describe() << Diary();
  time_ = next_time_;
  const uint64_t no_effect = oracle_.LoadChanges(changes, refreshed, next_time_, touches_gap);
  EXPECT_EQ(outcome.load.release().no_effect(), no_effect) << Diary();
  for (const OracleEvent& change : changes) {
    if (OneIn(random_, 4)) asked_.push_back(change.number);
  }
}

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
    Note("days later a full list of one area code");
    ExpectLoaded(RequestFor(next, Packing::kLabelled));
    ApplyFull(next, Packing::kLabelled);
    if (!OneIn(random_, 3)) area_codes = {*fresh};
    next_time_ += 12 * 3600;
  }
  LoadChangeList(NextChanges(area_codes, std::max(time_, next_time_ - 10 * 3600)));
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
  ExpectLoaded(request);
  oracle_.LoadWhole(list, next, next_time_);
}

void Scenario::RefuseSomething() {
  const NumberSets now = oracle_.Numbers("national");
  auto area = now.begin();
  std::advance(area, static_cast<std::ptrdiff_t>(Below(random_, now.size())));
  const int area_code = area->first;
  NumberSets next;
  switch (Below(random_, 3)) {
    case 0: {
      if (area->second.size() < 20) return;
      next_time_ = (time_ / kDay + 1) * kDay;
      if (next_time_ > std::time(nullptr)) return;
      next[area_code] = Shrunk(area->second);
      Note("a full list that shrinks");
      return ExpectRefused(RequestFor(next, Packing::kLabelled), v1::GUARD_SHRINK);
    }
    case 1: {
      next_time_ = (begin_ / kDay - 3) * kDay;
      next[area_code] = NextNumbers(area_code);
      Note("a full list that is too old");
      return ExpectRefused(RequestFor(next, Packing::kLabelled), v1::GUARD_OLDER_DATE);
    }
    default: {
      next_time_ = (std::time(nullptr) / kDay + 2) * kDay;
      next[area_code] = NextNumbers(area_code);
      Note("a full list of the future");
      return ExpectRefused(RequestFor(next, Packing::kLabelled), v1::GUARD_FUTURE_DATE);
    }
  }
}

void Scenario::RefuseChangeList() {
  std::vector<OracleEvent> changes;
  if (OneIn(random_, 2)) {
    for (int i = 0; i < 5; ++i) changes.push_back({RandomNumber(444), time_ + 1, true, true});
    Note("a change list outside its base");
    return ExpectRefused(RequestFor(changes, "changes"), v1::GUARD_OUTSIDE_BASE);
  }
  const NumberSets now = oracle_.Numbers("national");
  for (const auto& [area_code, numbers] : now) {
    for (const uint64_t number : numbers) changes.push_back({number, time_ + 1, true, true});
  }
  if (changes.empty()) return;
  Note("a change list that does not fit");
  LoadRequest request = RequestFor(changes, "changes");
  request.overrides = {v1::GUARD_CHANGE_GAP};
  ExpectRefused(request, v1::GUARD_MISFIT);
}

void Scenario::RollBack() {
  const std::string list = OneIn(random_, 3) ? kOtherLists[Below(random_, 5)] : "national";
  if (!oracle_.loaded(list)) return;
  Note("roll back " + list);
  v1::RollBackReleaseResponse response;
  const grpc::Status status = client_->RollBack(list, &response);
  if (status.ok()) {
    ASSERT_TRUE(oracle_.MayGoBack(list)) << Diary();
    return oracle_.RollBack(list);
  }
  EXPECT_FALSE(oracle_.MustGoBack(list)) << status.error_message() << Diary();
  EXPECT_EQ(ReasonOf(status), "NO_EARLIER_RELEASE");
}

void Scenario::Retire() {
  const std::string list = OneIn(random_, 3) ? "national" : kOtherLists[Below(random_, 5)];
  if (!oracle_.loaded(list)) return;
  Note("retire " + list);
  const grpc::Status status = client_->Retire(list);
  EXPECT_TRUE(status.ok()) << status.error_message() << Diary();
  oracle_.Retire(list);
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

// Old or new, whole: the release in force tells which; the questions show that it is whole.
void Scenario::KillDuringLoad() {
  NumberSets next;
  for (const int area_code : oracle_.AreaCodes("national")) {
    next[area_code] = NextNumbers(area_code);
  }
  const Packing packing = RandomPacking();
  const LoadRequest request = RequestFor(next, packing);
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
  oracle_.LoadFull(next, next_time_, packing);
}

void Scenario::Ask() {
  if (oracle_.loaded("national")) ExpectSameCoverage(*client_, oracle_);
  Question question;
  question.full = OneIn(random_, 3);
  question.texts = OneIn(random_, 3);
  for (size_t i = 0; i < kBatch; ++i) question.numbers.push_back(NumberToAsk());
  ExpectSameAnswers(*client_, oracle_, question);
  question.as_of =
      begin_ - kDay +
      static_cast<std::time_t>(Below(random_, static_cast<uint64_t>(time_ - begin_ + 3 * kDay)));
  // The oracle knows moments before the server began.
  *question.as_of = std::min(*question.as_of, started_ - 1);
  ExpectSameAnswers(*client_, oracle_, question);
}

}  // namespace dnc::blackbox
