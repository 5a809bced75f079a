// The registry and its intake over a real store and real files, without RPC, for tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/base/str_cat.h"
#include "server/intake/intake.h"
#include "server/registry/registry.h"
#include "server/scrub/engine.h"
#include "server/storage/store.h"

namespace dnc {

inline const absl::Time kNow =
    absl::FromCivil(absl::CivilSecond(2026, 8, 10, 12, 0, 0), absl::UTCTimeZone());

class FixedClock : public Clock {
 public:
  absl::Time Now() const override { return kNow + offset; }
  absl::Duration offset = absl::ZeroDuration();
};

class RegistryTest : public testing::Test {
 protected:
  RegistryTest()
      : dir_(StrCat(testing::TempDir(), "/dnc_registry_",
                    testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_ + "/files");
    intake_options_.guards.min_first_numbers = 0;  // the lists of tests are small
    Open();
  }
  ~RegistryTest() override {
    Close();
    std::filesystem::remove_all(dir_);
  }

  void Close() {
    intake_.reset();
    registry_.reset();
    store_.reset();
  }
  void Open() {
    auto store = Store::Open({.path = dir_ + "/data/store"});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    RegistryOptions options = options_;
    options.data_dir = dir_ + "/data";
    options.load_threads = 2;
    auto registry = Registry::Open(options, store_.get(), &clock_, &order_);
    ASSERT_TRUE(registry.ok()) << registry.status();
    registry_ = *std::move(registry);
    ASSERT_TRUE(registry_->WaitUntilReady().ok());
    IntakeOptions intake_options = intake_options_;
    intake_options.data_dir = dir_ + "/data";
    intake_options.load_dirs = {dir_ + "/files"};
    intake_options.load_threads = 2;
    auto intake = Intake::Open(intake_options, store_.get(), registry_.get(), &clock_);
    ASSERT_TRUE(intake.ok()) << intake.status();
    intake_ = *std::move(intake);
  }
  void Reopen() {
    Close();
    Open();
  }

  std::string WriteFile(const std::string& name, const std::string& content) {
    const std::string path = dir_ + "/files/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  LoadInfo Load(const std::vector<std::string>& paths, LoadOptions options = {}) {
    auto load = intake_->StartLoad(options, paths);
    EXPECT_TRUE(load.ok()) << load.status();
    if (!load.ok()) return {};
    while (true) {
      auto now = intake_->GetLoad(load->id);
      EXPECT_TRUE(now.ok());
      if (now->state == LoadState::kSucceeded || now->state == LoadState::kRefused) return *now;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  // Looks first, and overrides whatever is found.
  LoadInfo LoadAnyway(const std::vector<std::string>& paths, LoadOptions options = {}) {
    options.dry_run = true;
    const LoadInfo looked = Load(paths, options);
    EXPECT_EQ(looked.state, LoadState::kSucceeded) << looked.error;
    options.dry_run = false;
    for (const GuardFinding& finding : looked.findings) options.allow.push_back(finding.allow);
    return MustLoad(paths, options);
  }
  LoadInfo MustLoad(const std::vector<std::string>& paths, LoadOptions options = {}) {
    LoadInfo load = Load(paths, std::move(options));
    EXPECT_EQ(load.state, LoadState::kSucceeded) << load.error;
    return load;
  }

  Rule Ask(Number number) {
    const std::vector<ParsedNumber> numbers = {{number, true}};
    std::vector<Rule> rules(1);
    std::vector<ReasonSet> reasons(1);
    Scrub(*registry_->snapshot(), clock_.Now(), numbers, absl::MakeSpan(rules),
          absl::MakeSpan(reasons));
    return rules[0];
  }
  absl::StatusOr<NumberReport> Explain(Number number, std::optional<absl::Time> as_of = {}) {
    auto answer = registry_->Explain({{number, true}}, as_of, {});
    if (!answer.ok()) return answer.status();
    return answer->numbers.at(0);
  }

  FixedClock clock_;
  RevisionOrder order_;
  RegistryOptions options_;  // for the next Open, like intake_options_
  IntakeOptions intake_options_;
  std::string dir_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<Intake> intake_;
};

inline constexpr char kBase[] = "201,5550100\n201,5550101\n201,0000000\n";
inline constexpr char kBaseName[] = "2026-8-5_201_A.txt";

inline absl::Time At(int day, int hour = 0) {
  return absl::FromCivil(absl::CivilSecond(2026, 8, day, hour, 0, 0), absl::UTCTimeZone());
}

}  // namespace dnc
