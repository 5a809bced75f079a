// Damage to the files that keep the tenants' records, every byte of the small ones: the store is
// refused with a message that names the remedy, or every opt-out that was acknowledged still
// counts, or is unknown. Never is it simply gone.
//
// A run of ./dev test takes a sample of the damages; DNC_DAMAGES_EVERY_BYTE=1 tries all.
// DNC_SEED repeats a sample.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/base/clock.h"
#include "server/base/str_cat.h"
#include "server/scrub/tenant_terms.h"
#include "server/storage/tenant_columns.h"
#include "server/tenants/own_lists.h"
#include "server/tenants/tenant_directory.h"
#include "spdlog/spdlog.h"

namespace dnc {
namespace {

namespace fs = std::filesystem;

// Files up to this size are damaged at every byte, larger ones at as many places; they are cut at
// every so many bytes.
constexpr uint64_t kSmallFile = 16 << 10;
constexpr uint64_t kCutStep = 16;
// Of the damages that a sample tries.
constexpr size_t kSample = 250;

// What opens the folder, as dncd does.
class Opened {
 public:
  explicit Opened(const std::string& folder) { status_ = Open(folder); }
  ~Opened() {
    directory_.reset();
    lists_.reset();
  }

  const absl::Status& status() const { return status_; }
  OwnLists& lists() { return *lists_; }

  absl::Status Add(const std::vector<Number>& numbers) {
    OwnWrite write;
    write.tenant = directory_->LocalCaller().tenant;
    write.list = write.tenant->lists.at(kDefaultListId);
    write.by = "local";
    for (const Number number : numbers) {
      OwnRecord record;
      record.number = number;
      record.made_at = absl::Now();
      write.items.push_back({record, ""});
    }
    std::promise<absl::Status> done;
    lists_->Submit(std::move(write), [&done](const absl::StatusOr<WriteReply>& reply) {
      done.set_value(reply.status());
    });
    return done.get_future().get();
  }

  std::vector<uint8_t> Facts(const std::vector<Number>& numbers) const {
    std::vector<uint8_t> facts(numbers.size());
    lists_->FindFacts(*directory_->LocalCaller().tenant, "", absl::Now(), numbers,
                      absl::MakeSpan(facts));
    return facts;
  }

 private:
  absl::Status Open(const std::string& folder) {
    auto store = Store::Open({.path = folder + "/tenants", .columns = TenantColumns()});
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    OwnListsOptions options;
    options.data_dir = folder;
    options.filter_min_records = 1'000;
    options.image_min_records = 0;  // begin with the image, as a large store does
    auto lists = OwnLists::Open(options, store_.get(), &order_, &clock_);
    if (!lists.ok()) return lists.status();
    lists_ = *std::move(lists);
    auto directory = TenantDirectory::Open(store_.get(), &order_, &clock_, {});
    if (!directory.ok()) return directory.status();
    directory_ = *std::move(directory);
    return absl::OkStatus();
  }

  const Clock clock_;
  RevisionOrder order_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<OwnLists> lists_;
  std::unique_ptr<TenantDirectory> directory_;
  absl::Status status_;
};

enum class Damage { kFlip, kCut, kZeroTail, kDelete, kOlder };

struct Trial {
  std::string file;  // below the folder
  Damage damage = Damage::kFlip;
  uint64_t at = 0;
};

std::string Describe(const Trial& trial) {
  constexpr const char* kNames[] = {"a flipped bit in ", "a cut ", "a zeroed tail of ", "a lost ",
                                    "an older copy of "};
  return StrCat(kNames[static_cast<size_t>(trial.damage)], trial.file, " at byte ", trial.at);
}

class OwnListsDamageTest : public testing::Test {
 protected:
  OwnListsDamageTest() : seed_(Seed()), random_(seed_) {
    // In memory if there is such a folder: tens of thousands of stores are opened.
    const std::string base = fs::exists("/dev/shm") ? "/dev/shm" : testing::TempDir();
    root_ = StrCat(base, "/dnc_own_damage_", getpid());
    fs::remove_all(root_);
    fs::create_directories(whole());
    spdlog::set_level(spdlog::level::off);  // each damage is in the log, as it should be
  }
  ~OwnListsDamageTest() override { fs::remove_all(root_); }

  std::string whole() const { return root_ + "/whole"; }
  std::string older() const { return root_ + "/older"; }
  std::string damaged() const { return root_ + "/damaged"; }

  // Opt-outs in several files of the store and, with `kill`, in its log.
  void Prepare(bool kill) {
    for (int step = 0; step < 4; ++step) {
      Opened opened(whole());
      ASSERT_TRUE(opened.status().ok()) << opened.status();
      for (int write = 0; write < 3; ++write) {
        std::vector<Number> numbers;
        for (int i = 0; i < 20; ++i) numbers.push_back(2'010'000'000 + random_() % 7'990'000'000);
        ASSERT_TRUE(opened.Add(numbers).ok());
        opt_outs_.insert(opt_outs_.end(), numbers.begin(), numbers.end());
      }
      // As a kill would leave it: copied while it is open.
      if (step == 2) fs::copy(whole(), older(), fs::copy_options::recursive);
      if (step == 3 && kill) fs::copy(whole(), root_ + "/killed", fs::copy_options::recursive);
    }
    if (!kill) return;
    fs::remove_all(whole());
    fs::rename(root_ + "/killed", whole());
  }

  std::vector<Trial> AllTrials() const {
    std::vector<Trial> trials;
    for (const auto& entry : fs::recursive_directory_iterator(whole())) {
      const std::string name = entry.path().filename();
      if (!entry.is_regular_file() || name == "LOCK") continue;
      const std::string file = fs::relative(entry.path(), whole());
      const uint64_t size = entry.file_size();
      trials.push_back({file, Damage::kDelete, 0});
      trials.push_back({file, Damage::kOlder, 0});
      const uint64_t step = std::max<uint64_t>(1, size / kSmallFile);
      for (uint64_t at = 0; at < size; at += step) {
        trials.push_back({file, Damage::kFlip, at});
        if (at / step % kCutStep != 0) continue;
        trials.push_back({file, Damage::kCut, at});
        trials.push_back({file, Damage::kZeroTail, at});
      }
    }
    return trials;
  }

  // All of them, or a sample that has each kind of damage of each file.
  std::vector<Trial> Trials() {
    std::vector<Trial> all = AllTrials();
    if (std::getenv("DNC_DAMAGES_EVERY_BYTE") != nullptr) return all;
    std::shuffle(all.begin(), all.end(), random_);
    std::vector<Trial> sample;
    std::map<std::pair<std::string, Damage>, int> taken;
    for (const Trial& trial : all) {
      if (taken[{trial.file, trial.damage}]++ == 0) sample.push_back(trial);
    }
    for (const Trial& trial : all) {
      if (sample.size() >= kSample) break;
      sample.push_back(trial);
    }
    return sample;
  }

  void Spoil(const Trial& trial) {
    const fs::path file = fs::path(damaged()) / trial.file;
    const uint64_t size = fs::file_size(file);
    switch (trial.damage) {
      case Damage::kFlip: {
        std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekg(static_cast<std::streamoff>(trial.at));
        const int old = bytes.get();
        bytes.seekp(static_cast<std::streamoff>(trial.at));
        bytes.put(static_cast<char>(static_cast<unsigned>(old) ^ (1U << random_() % 8)));
        return;
      }
      case Damage::kCut:
        fs::resize_file(file, trial.at);
        return;
      case Damage::kZeroTail:
        fs::resize_file(file, trial.at);
        fs::resize_file(file, size);
        return;
      case Damage::kDelete:
        fs::remove(file);
        return;
      case Damage::kOlder: {
        fs::remove(file);
        const fs::path before = fs::path(older()) / trial.file;
        if (fs::exists(before)) fs::copy_file(before, file);
        return;
      }
    }
  }

  void Try(const Trial& trial) {
    fs::remove_all(damaged());
    fs::copy(whole(), damaged(), fs::copy_options::recursive);
    Spoil(trial);
    Opened opened(damaged());
    if (!opened.status().ok()) {
      ++refused_;
      const std::string message(opened.status().message());
      EXPECT_TRUE(message.find("restore") != std::string::npos ||
                  message.find("backup") != std::string::npos)
          << Describe(trial) << " names no remedy: " << message;
      return;
    }
    bool unknown = false;
    for (const uint8_t fact : opened.Facts(opt_outs_)) {
      ASSERT_NE(fact, kOwnNothing) << "an opt-out is gone after " << Describe(trial);
      unknown = unknown || (fact & kOwnDoNotCall) == 0;
    }
    ++(unknown ? unknown_ : right_);
  }

  void TryAll() {
    const std::vector<Trial> trials = Trials();
    ASSERT_GT(trials.size(), 50U);
    for (const Trial& trial : trials) {
      ASSERT_NO_FATAL_FAILURE(Try(trial)) << "DNC_SEED=" << seed_;
    }
    std::printf("%zu damages: %d refused, %d right, %d with numbers that are unknown\n",
                trials.size(), refused_, right_, unknown_);
    EXPECT_GT(refused_, 0);
    EXPECT_GT(right_, 0);
  }

 private:
  static uint64_t Seed() {
    const char* given = std::getenv("DNC_SEED");
    const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10)
                                           : (uint64_t{std::random_device()()} << 1);
    std::printf("DNC_SEED=%llu repeats this run\n", static_cast<unsigned long long>(seed));
    return seed;
  }

  const uint64_t seed_;
  std::mt19937_64 random_;
  std::string root_;
  std::vector<Number> opt_outs_;
  int refused_ = 0;
  int right_ = 0;
  int unknown_ = 0;
};

TEST_F(OwnListsDamageTest, AfterAKill) {
  ASSERT_NO_FATAL_FAILURE(Prepare(/*kill=*/true));
  TryAll();
}

// The filter's image is there, so the records are not read at the start.
TEST_F(OwnListsDamageTest, AfterACleanStop) {
  ASSERT_NO_FATAL_FAILURE(Prepare(/*kill=*/false));
  TryAll();
}

}  // namespace
}  // namespace dnc
