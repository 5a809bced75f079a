// Scrubs while loads and rollbacks replace the lists under them, over a real store and real files
// but without RPC, so that the sanitizers see all of it. Two versions of two area codes share no
// marker number: an answer that mixes them, or that is half of one, shows.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "server/base/str_cat.h"
#include "server/index/index_test_util.h"
#include "server/intake/intake.h"
#include "server/registry/registry.h"
#include "server/scrub/engine.h"
#include "server/storage/store.h"

namespace dnc {
namespace {

constexpr int kScrubbers = 3;
constexpr int kSwitches = 48;
constexpr size_t kMarkers = 120;  // of a version and an area code
constexpr int kAreas[] = {201, 818};
// A full list takes back what a change list added only if it is later by more than a day.
constexpr absl::Duration kStep = absl::Hours(25);

const absl::Time kBegin =
    absl::FromCivil(absl::CivilSecond(2026, 8, 10, 12, 0, 0), absl::UTCTimeZone());

class FixedClock : public Clock {
 public:
  absl::Time Now() const override { return kBegin + kStep * (kSwitches + 1); }
};

// What is listed in every release, in one of the versions only, and in none.
struct Numbers {
  std::vector<Number> always;
  std::vector<Number> versions[2];
  std::vector<Number> never;
  // always, then version 0 and 1 by turns, then never.
  std::vector<ParsedNumber> asked;
};

Numbers MakeNumbers(std::mt19937_64& random) {
  Numbers numbers;
  for (const int area_code : kAreas) {
    std::vector<uint32_t> subscribers;
    // A dense exchange, a sparse one and an odd one: a bitmap, arrays, and numbers of no form.
    for (const uint32_t exchange : {555U, 556U, 1U}) {
      for (uint32_t line = 0; line < kNumbersPerExchange; line += exchange == 555 ? 2 : 9) {
        subscribers.push_back(exchange * kNumbersPerExchange + line);
      }
    }
    std::shuffle(subscribers.begin(), subscribers.end(), random);
    for (size_t i = 0; i < subscribers.size(); ++i) {
      std::vector<Number>& kind = i < 2 * kMarkers   ? numbers.versions[i % 2]
                                  : i < 3 * kMarkers ? numbers.never
                                                     : numbers.always;
      kind.push_back(MakeNumber(area_code, subscribers[i]));
    }
  }
  for (const Number number : numbers.always) numbers.asked.push_back({number, true});
  for (size_t i = 0; i < numbers.versions[0].size(); ++i) {
    numbers.asked.push_back({numbers.versions[0][i], true});
    numbers.asked.push_back({numbers.versions[1][i], true});
  }
  for (const Number number : numbers.never) numbers.asked.push_back({number, true});
  return numbers;
}

// Which version an answer for `numbers.asked` is; -1 if it is none.
int VersionOf(const Numbers& numbers, absl::Span<const Rule> rules) {
  const size_t markers = numbers.always.size();
  const size_t never = markers + 2 * numbers.versions[0].size();
  const int version = rules[markers] == Rule::kNational ? 0 : 1;
  for (size_t i = 0; i < rules.size(); ++i) {
    const bool listed = i < markers || (i < never && (i - markers) % 2 == size_t(version));
    if (rules[i] != (listed ? Rule::kNational : Rule::kClear)) return -1;
  }
  return version;
}

// What a thread saw. Every answer at a revision has to be the same version.
struct Tally {
  uint64_t answers = 0;
  uint64_t mixed = 0;
  uint64_t failed = 0;
  uint64_t went_back = 0;               // revisions
  std::map<uint64_t, int> at_revision;  // the version

  void Note(uint64_t revision, int version) {
    ++answers;
    if (version < 0 || at_revision.try_emplace(revision, version).first->second != version) {
      ++mixed;
    }
    if (revision < at_revision.rbegin()->first) ++went_back;
  }
};

class RegistryConcurrency : public testing::Test {
 protected:
  RegistryConcurrency() : dir_(StrCat(testing::TempDir(), "/dnc_registry_concurrency")) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_ + "/files");
    auto store = Store::Open({.path = dir_ + "/data/store"});
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    RegistryOptions options;
    options.data_dir = dir_ + "/data";
    options.policy.lists[0].max_age = kStep * 2 * kSwitches;
    auto registry = Registry::Open(options, store_.get(), &clock_, &order_);
    EXPECT_TRUE(registry.ok()) << registry.status();
    registry_ = *std::move(registry);
    EXPECT_TRUE(registry_->WaitUntilReady().ok());
    IntakeOptions intake_options;
    intake_options.data_dir = dir_ + "/data";
    intake_options.load_dirs = {dir_ + "/files"};
    intake_options.load_threads = 2;
    intake_options.guards.max_shrink = intake_options.guards.max_lost_week = 1;
    intake_options.guards.min_first_numbers = 0;
    auto intake = Intake::Open(intake_options, store_.get(), registry_.get(), &clock_);
    EXPECT_TRUE(intake.ok()) << intake.status();
    intake_ = *std::move(intake);
  }
  ~RegistryConcurrency() override {
    intake_.reset();
    registry_.reset();
    store_.reset();
    std::filesystem::remove_all(dir_);
  }

  LoadInfo Load(const std::vector<std::string>& paths, absl::Time obtained_at) {
    LoadOptions options;
    options.obtained_at = obtained_at;
    const LoadInfo refused = LoadOnce(options, paths);
    if (refused.state == LoadState::kSucceeded) return refused;
    // The same version is the same file, and a change list may follow one that was taken back.
    for (const GuardFinding& finding : refused.findings) options.allow.push_back(finding.allow);
    const LoadInfo load = LoadOnce(options, paths);
    EXPECT_EQ(load.state, LoadState::kSucceeded) << load.error;
    return load;
  }

  LoadInfo LoadOnce(const LoadOptions& options, const std::vector<std::string>& paths) {
    absl::StatusOr<LoadInfo> load = intake_->StartLoad(options, paths);
    while (load.ok() && load->state != LoadState::kSucceeded &&
           load->state != LoadState::kRefused) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      load = intake_->GetLoad(load->id);
    }
    EXPECT_TRUE(load.ok()) << load.status();
    return load.ok() ? *load : LoadInfo{};
  }

  std::string WriteFile(const std::string& name, const std::string& content) {
    const std::string path = dir_ + "/files/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  // A file an area code, all in one load.
  LoadInfo LoadFull(const Numbers& numbers, int version, absl::Time time, int step) {
    std::map<int, std::string> lines;
    for (const std::vector<Number>* listed : {&numbers.always, &numbers.versions[version]}) {
      for (const Number number : *listed) {
        const std::string digits = std::to_string(number);
        lines[AreaCodeOf(number)] += digits.substr(0, 3) + "," + digits.substr(3) + "\n";
      }
    }
    std::vector<std::string> paths;
    for (const auto& [area_code, content] : lines) {
      paths.push_back(WriteFile(StrCat("full-", step, "-", area_code, ".txt"), content));
    }
    return Load(paths, time);
  }

  // The changes lie in any order of numbers and area codes.
  LoadInfo LoadChanges(const Numbers& numbers, int version, absl::Time time, int step,
                       std::mt19937_64& random) {
    const std::string at = absl::FormatTime("%Y-%m-%dT%H:%M:%S", time, absl::UTCTimeZone());
    std::vector<std::string> lines;
    for (const Number number : numbers.versions[1 - version]) {
      lines.push_back(StrCat(number, ",", at, ",D\n"));
    }
    for (const Number number : numbers.versions[version]) {
      lines.push_back(StrCat(number, ",", at, ",A\n"));
    }
    std::shuffle(lines.begin(), lines.end(), random);
    std::string content;
    for (const std::string& line : lines) content += line;
    return Load({WriteFile(StrCat("changes-", step, ".txt"), content)}, time);
  }

  // The fast path.
  void ScrubUntilStopped(const Numbers& numbers, Tally& tally) {
    std::vector<Rule> rules(numbers.asked.size());
    std::vector<ReasonSet> reasons(numbers.asked.size());
    while (!stop_) {
      const SnapshotPtr snapshot = registry_->snapshot();
      Scrub(*snapshot, clock_.Now(), numbers.asked, absl::MakeSpan(rules), absl::MakeSpan(reasons));
      tally.Note(snapshot->revision, VersionOf(numbers, rules));
    }
  }

  // The path with histories, for now and for moments between the changes, and the calls that only
  // look.
  void ExplainUntilStopped(const Numbers& numbers, uint64_t seed, Tally& tally) {
    std::mt19937_64 random(seed);
    while (!stop_) {
      std::optional<absl::Time> as_of;
      if (random() % 2 == 0) as_of = kBegin + absl::Hours(1 + random() % (25 * kSwitches));
      const auto answer = registry_->Explain(numbers.asked, as_of, {});
      if (!answer.ok()) {
        ++tally.failed;
        continue;
      }
      std::vector<Rule> rules;
      for (const NumberReport& report : answer->numbers) rules.push_back(report.rule);
      const int version = VersionOf(numbers, rules);
      if (as_of) {
        ++tally.answers;
        if (version < 0) ++tally.mixed;
      } else {
        tally.Note(answer->evidence.lists_revision, version);
      }
      const auto coverage = registry_->Coverage("national");
      if (!coverage.ok() || coverage->areas.size() != std::size(kAreas)) ++tally.failed;
      if (registry_->Lists().empty() || intake_->ListLoads(3, 0).empty()) ++tally.failed;
      if (!registry_->History(numbers.versions[0][0]).ok()) ++tally.failed;
    }
  }

  // Switches between the versions; the version in force after each revision.
  std::map<uint64_t, int> SwitchManyTimes(const Numbers& numbers, std::mt19937_64& random) {
    std::map<uint64_t, int> published;
    published[registry_->snapshot()->revision] = 0;
    bool can_go_back = false;
    for (int step = 1; step <= kSwitches && !HasFailure(); ++step) {
      const int version = step % 2;
      const absl::Time time = kBegin + kStep * step;
      if (can_go_back && random() % 4 == 0) {
        const auto back = registry_->RollBack("national", 0, {});
        EXPECT_TRUE(back.ok()) << back.status();
        can_go_back = false;
      } else if (random() % 2 == 0) {
        LoadFull(numbers, version, time, step);
        can_go_back = true;
      } else {
        LoadChanges(numbers, version, time, step, random);
        can_go_back = true;
      }
      published[registry_->snapshot()->revision] = version;
    }
    return published;
  }

  FixedClock clock_;
  RevisionOrder order_;
  std::string dir_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<Intake> intake_;
  std::atomic<bool> stop_{false};
};

TEST_F(RegistryConcurrency, NoAnswerMixesTwoVersions) {
  const uint64_t seed = TestSeed();
  DNC_SEED_TRACE(seed);
  std::printf("DNC_TEST_SEED=%llu repeats this run\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  const Numbers numbers = MakeNumbers(random);
  LoadFull(numbers, 0, kBegin, 0);
  ASSERT_FALSE(HasFailure());

  std::vector<Tally> tallies(kScrubbers + 1);
  std::vector<std::thread> threads;
  for (int i = 0; i < kScrubbers; ++i) {
    threads.emplace_back([&, i] { ScrubUntilStopped(numbers, tallies[size_t(i)]); });
  }
  threads.emplace_back([&, of = random()] { ExplainUntilStopped(numbers, of, tallies.back()); });
  const std::map<uint64_t, int> published = SwitchManyTimes(numbers, random);
  stop_ = true;
  for (std::thread& thread : threads) thread.join();

  uint64_t seen[2] = {};
  uint64_t answers = 0;
  for (const Tally& tally : tallies) {
    EXPECT_EQ(tally.mixed, 0U);
    EXPECT_EQ(tally.failed, 0U);
    EXPECT_EQ(tally.went_back, 0U);
    answers += tally.answers;
    for (const auto& [revision, version] : tally.at_revision) {
      ++seen[version];
      ASSERT_EQ(published.count(revision), 1U) << "revision " << revision;
      EXPECT_EQ(published.at(revision), version) << "revision " << revision;
    }
  }
  EXPECT_GT(seen[0], 0U);
  EXPECT_GT(seen[1], 0U);
  std::printf("%llu answers\n", static_cast<unsigned long long>(answers));
}

}  // namespace
}  // namespace dnc
