// Damage to the files that keep the tenants' records, every byte of the small ones: the store is
// refused with a message that names the remedy, or every opt-out that was acknowledged still
// counts, or is unknown. Never is it simply gone.
//
// A run of ./dev test takes a sample of the damages; DNC_DAMAGES_EVERY_BYTE=1 tries all.
// DNC_SEED repeats a sample. Several processes share the trials: RocksDB waits a second where it
// meets damage in the background.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/base/clock.h"
#include "server/base/str_cat.h"
#include "server/records/tenant_records.h"
#include "server/scrub/tenant_terms.h"
#include "server/storage/storage_test_util.h"
#include "server/storage/store_seal.h"
#include "server/storage/tenant_columns.h"
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
constexpr int kMaxAborted = 20;  // of one run
constexpr size_t kSample = 250;
constexpr int kProcesses = 16;
// Opt-outs: so many starts, writes in each, numbers in a write.
constexpr size_t kSteps = 4;
constexpr size_t kWrites = 3;
constexpr size_t kNumbers = 20;

// What opens the folder, as dncd does.
class Opened {
 public:
  explicit Opened(const std::string& folder, bool read_in_background = true) {
    status_ = Open(folder, read_in_background);
  }
  ~Opened() {
    directory_.reset();
    lists_.reset();
  }

  const absl::Status& status() const { return status_; }
  TenantRecords& lists() { return *lists_; }

  absl::Status Add(const std::vector<Number>& numbers) {
    RecordWrite write;
    write.tenant = directory_->LocalCaller().tenant;
    write.list = write.tenant->lists.at(kDefaultListId);
    write.by = "local";
    for (const Number number : numbers) {
      TenantRecord record;
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
    std::vector<FactChange> changes;
    lists_->FindFacts(*directory_->LocalCaller().tenant, "", absl::Now(), numbers,
                      absl::MakeSpan(facts), &changes);
    return facts;
  }

 private:
  absl::Status Open(const std::string& folder, bool read_in_background) {
    auto store =
        Store::Open({.path = folder + "/tenants", .columns = TenantColumns(), .sparing = true});
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    TenantRecordsOptions options;
    options.data_dir = folder;
    options.filter_min_records = 1'000;
    options.image_min_records = 0;  // begin with the image, as a large store does
    options.read_in_background = read_in_background;
    auto lists = TenantRecords::Open(options, store_.get(), &order_, &clock_);
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
  std::unique_ptr<TenantRecords> lists_;
  std::unique_ptr<TenantDirectory> directory_;
  absl::Status status_;
};

// What the files are that get damaged.
enum class Files { kKilled, kSealed, kUnsealed };

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

// What the processes that share the trials have done so far, in memory that they share.
struct Tally {
  std::atomic<size_t> next{0};  // trial
  std::atomic<int> refused{0};
  std::atomic<int> right{0};
  std::atomic<int> unknown{0};
};

Tally* NewTally() {
  void* const memory =
      mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : new (memory) Tally;
}

pid_t InProcess(int index, const std::function<void(int index)>& fn) {
  const pid_t child = fork();
  if (child == 0) {
    fn(index);
    std::fflush(stdout);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  return child;
}

// Runs `fn` in so many processes at a time. This one must have no other thread. Rechanges how many
// aborted; each of them was followed by another one.
int InProcesses(int count, const std::function<void(int index)>& fn) {
  std::fflush(stdout);
  std::map<pid_t, int> children;
  for (int i = 0; i < count; ++i) children[InProcess(i, fn)] = i;
  int aborted = 0;
  while (!children.empty()) {
    int ended = 0;
    const pid_t child = waitpid(-1, &ended, 0);
    const auto known = children.find(child);
    if (known == children.end()) {
      ADD_FAILURE() << "a process is lost";
      break;
    }
    const int index = known->second;
    children.erase(known);
    if (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGABRT && ++aborted <= kMaxAborted) {
      children[InProcess(index, fn)] = index;
    } else {
      EXPECT_EQ(ended, 0) << "a process failed; see above";
    }
  }
  return aborted;
}

class RecordsDamageTest : public testing::Test {
 protected:
  RecordsDamageTest() : seed_(Seed()), random_(seed_) {
    // In memory if there is such a folder: tens of thousands of stores are opened.
    const std::string base = fs::exists("/dev/shm") ? "/dev/shm" : testing::TempDir();
    root_ = StrCat(base, "/dnc_own_damage_", getpid());
    fs::remove_all(root_);
    fs::create_directories(whole());
    spdlog::set_level(spdlog::level::off);  // each damage is in the log, as it should be
  }
  ~RecordsDamageTest() override { fs::remove_all(root_); }

  std::string whole() const { return root_ + "/whole"; }
  std::string older() const { return root_ + "/older"; }

  // Opt-outs in several files of the store and, after a kill, in its log.
  void Prepare(Files files) {
    for (size_t i = 0; i < kSteps * kWrites * kNumbers; ++i) {
      opt_outs_.push_back(2'010'000'000 + random_() % 7'990'000'000);
    }
    // RocksDB leaves threads behind, and who has some can't make processes.
    ASSERT_EQ(InProcesses(1, [&](int) { MakeFiles(files); }), 0);
    ASSERT_TRUE(fs::exists(StoreSealPath(whole() + "/tenants")));
    if (files == Files::kUnsealed) fs::remove(StoreSealPath(whole() + "/tenants"));
    if (files != Files::kKilled) return;
    fs::remove_all(whole());
    fs::rename(root_ + "/killed", whole());
  }

  void MakeFiles(Files files) {
    auto next = opt_outs_.begin();
    for (size_t step = 0; step < kSteps; ++step) {
      Opened opened(whole());
      ASSERT_TRUE(opened.status().ok()) << opened.status();
      for (size_t write = 0; write < kWrites; ++write, next += kNumbers) {
        ASSERT_TRUE(opened.Add({next, next + kNumbers}).ok());
      }
      if (step == 2) CopyOpenFolder(whole(), older());
      if (step == 3 && files == Files::kKilled) CopyOpenFolder(whole(), root_ + "/killed");
    }
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

  static void Spoil(const Trial& trial, const fs::path& damaged, const fs::path& older,
                    std::mt19937_64& random) {
    const fs::path file = damaged / trial.file;
    const uint64_t size = fs::file_size(file);
    switch (trial.damage) {
      case Damage::kFlip:
        FlipBit(file, static_cast<std::streamoff>(trial.at), static_cast<unsigned>(random() % 8));
        return;
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
        const fs::path before = older / trial.file;
        if (fs::exists(before)) fs::copy_file(before, file);
        return;
      }
    }
  }

  void Try(const Trial& trial, const std::string& damaged, std::mt19937_64& random, Files files) {
    fs::remove_all(damaged);
    fs::copy(whole(), damaged, fs::copy_options::recursive);
    Spoil(trial, damaged, older(), random);
    // What the seal lets through has to stand alone, without a reading that may be faster than we.
    Opened opened(damaged, /*read_in_background=*/files != Files::kSealed);
    if (!opened.status().ok()) {
      ++tally_->refused;
      const std::string message(opened.status().message());
      EXPECT_TRUE(message.find("restore") != std::string::npos ||
                  message.find("backup") != std::string::npos)
          << Describe(trial) << " names no remedy: " << message;
      return;
    }
    bool unknown = Check(opened, trial);
    if (files == Files::kUnsealed) {  // and when all was read, if it can be read
      for (int i = 0; i < 50 && !opened.lists().stats().verified; ++i) {
        absl::SleepFor(absl::Milliseconds(1));
      }
      unknown = Check(opened, trial) && unknown;
    }
    ++(unknown ? tally_->unknown : tally_->right);
  }

  // Whether some are unknown.
  bool Check(const Opened& opened, const Trial& trial) const {
    bool unknown = false;
    for (const uint8_t fact : opened.Facts(opt_outs_)) {
      EXPECT_NE(fact & (kRecordDoNotCall | kRecordUnknown), 0)
          << "an opt-out is gone after " << Describe(trial);
      unknown = unknown || (fact & kRecordDoNotCall) == 0;
    }
    return unknown;
  }

  void TryAll(Files files) {
    ASSERT_NO_FATAL_FAILURE(Prepare(files));
    ASSERT_NE(tally_, nullptr);
    const std::vector<Trial> trials = Trials();
    ASSERT_GT(trials.size(), 50U);
    // Debian's RocksDB has assertions, and damage can meet one: then there is no server, which is
    // no wrong answer.
    const int aborted = InProcesses(kProcesses, [&](int index) {
      const std::string damaged = StrCat(root_, "/damaged", index);
      while (!HasFailure()) {
        const size_t next = tally_->next++;
        if (next >= trials.size()) return;
        if (next > 0 && next % 10'000 == 0) {
          std::printf("%zu of %zu damages\n", next, trials.size());
          std::fflush(stdout);
        }
        std::mt19937_64 random(seed_ + next);
        Try(trials[next], damaged, random, files);
      }
      std::printf("DNC_SEED=%llu\n", static_cast<unsigned long long>(seed_));
    });
    std::printf("%zu damages: %d refused, %d right, %d with numbers that are unknown, %d aborts\n",
                trials.size(), tally_->refused.load(), tally_->right.load(), tally_->unknown.load(),
                aborted);
    EXPECT_EQ(static_cast<size_t>(tally_->refused + tally_->right + tally_->unknown + aborted),
              trials.size());
    EXPECT_GT(tally_->refused, 0);
    EXPECT_GT(tally_->right, 0);
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
  Tally* const tally_ = NewTally();
};

// All records are read at the start.
TEST_F(RecordsDamageTest, AfterAKill) { TryAll(Files::kKilled); }

// The filter's image and the seal are there, so the records need not be read.
TEST_F(RecordsDamageTest, AfterACleanStop) { TryAll(Files::kSealed); }

// The image alone: until they are read nothing is clear that the filter lets through.
TEST_F(RecordsDamageTest, WithoutTheSeal) { TryAll(Files::kUnsealed); }

}  // namespace
}  // namespace dnc
