// Damages the stored files, one at a time. The server must refuse to start and say so, or answer
// every number right or not at all, but never clear for a listed number. DNC_SEED repeats a run,
// DNC_DAMAGES makes it longer.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>

#include "tests/support/server_test.h"
#include "tests/support/wait.h"

namespace dnc::blackbox {
namespace {

namespace fs = std::filesystem;

enum class Damage { kFlip, kTruncate, kZeroTail, kOlder, kDelete };

std::string Name(Damage damage) {
  switch (damage) {
    case Damage::kFlip:
      return "a flipped bit in ";
    case Damage::kTruncate:
      return "a shortened ";
    case Damage::kZeroTail:
      return "a zeroed tail of ";
    case Damage::kOlder:
      return "an older copy of ";
    case Damage::kDelete:
      break;
  }
  return "a lost ";
}

class DamagedDisk : public ServerTest {
 protected:
  // Makes a registry with full lists, change lists and releases to go back to.
  void Prepare() {
    ASSERT_TRUE(Start()) << server().Log();
    const std::time_t begin = std::time(nullptr) - 10 * 24 * 3600;
    std::set<uint64_t> numbers;
    for (const int area_code : {201, 818}) {
      numbers.merge(RandomNumbers(random_, area_code, 3'000, 40));
    }
    LoadFull({numbers.begin(), numbers.end()}, begin);
    for (int step = 1; step <= 3; ++step) {
      std::vector<ChangeLine> changes;
      for (const uint64_t number : RandomNumbers(random_, 201, 60, 40)) {
        const bool listed = numbers.count(number) != 0;
        changes.push_back({number, begin + step * 3600, !listed});
        listed ? (void)numbers.erase(number) : (void)numbers.insert(number);
      }
      LoadRequest request;
      request.files = {ChangeList("changes-" + std::to_string(step), changes)};
      request.obtained_at = begin + step * 3600;
      const LoadOutcome outcome = client().Load(request);
      ASSERT_TRUE(outcome.succeeded()) << outcome.Describe();
    }
    listed_.assign(numbers.begin(), numbers.end());
    // These numbers are on only one other list.
    for (const std::string list : {"state:TX", "litigator:one"}) {
      const std::set<uint64_t> others = RandomNumbers(random_, 818, 40, 40);
      LoadRequest request;
      request.list = list;
      request.files = {CsvList("list", {others.begin(), others.end()})};
      request.obtained_at = begin;
      const LoadOutcome outcome = client().Load(request);
      ASSERT_TRUE(outcome.succeeded()) << outcome.Describe();
      listed_.insert(listed_.end(), others.begin(), others.end());
    }
    // These numbers only the tenant has; the last of them are in the log when the server ends.
    for (int step = 0; step < 3; ++step) {
      const std::set<uint64_t> own = RandomNumbers(random_, 818, 100, 900);
      const std::vector<uint64_t> opt_outs(own.begin(), own.end());
      const grpc::Status status = client().AddOptOuts(opt_outs);
      ASSERT_TRUE(status.ok()) << status.error_message();
      listed_.insert(listed_.end(), opt_outs.begin(), opt_outs.end());
      if (step == 1) {
        ASSERT_EQ(server().Stop(), 0) << server().Log();
        older_ = std::make_unique<TempDir>();
        fs::copy(data_dir(), OlderDir(), fs::copy_options::recursive);
        ASSERT_TRUE(Restart()) << server().Log();
      }
    }
    server().Kill();
  }

  std::string OlderDir() const { return older_->path() + "/data"; }

  std::vector<fs::path> StoredFiles() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(data_dir())) {
      const std::string name = entry.path().filename();
      if (!entry.is_regular_file() || name == "LOCK" || name.rfind("LOG", 0) == 0) continue;
      files.push_back(fs::relative(entry.path(), data_dir()));
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  // Damages the file, and returns what was done, for messages.
  std::string Spoil(const fs::path& file, Damage damage) {
    const uint64_t size = fs::file_size(file);
    if (damage == Damage::kDelete) {
      fs::remove(file);
      return "";
    }
    if (damage == Damage::kOlder) {
      const fs::path older = fs::path(OlderDir()) / fs::relative(file, file_root_);
      fs::remove(file);
      if (!fs::exists(older)) return " (there was none)";
      fs::copy_file(older, file);
      return "";
    }
    const uint64_t at = Below(random_, size);
    if (damage == Damage::kZeroTail) {
      fs::resize_file(file, at);
      fs::resize_file(file, size);
      return " from byte " + std::to_string(at);
    }
    if (damage == Damage::kTruncate) {
      fs::resize_file(file, at);
      return " at byte " + std::to_string(at);
    }
    const auto bit = static_cast<unsigned>(Below(random_, 8));
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(static_cast<std::streamoff>(at));
    const int old = bytes.get();
    bytes.seekp(static_cast<std::streamoff>(at));
    bytes.put(static_cast<char>(static_cast<unsigned>(old) ^ (1U << bit)));
    return " at byte " + std::to_string(at) + " bit " + std::to_string(bit);
  }

  // Returns the verdicts of all listed numbers; empty if the server gives none.
  std::vector<v1::Verdict> Ask(ServerProcess& damaged) {
    TestClient client(damaged.address());
    std::vector<v1::Verdict> verdicts;
    const auto answers = [&] {
      verdicts = client.Verdicts(listed_);
      return !verdicts.empty() || !damaged.running();
    };
    // A server that never answers has said why by then.
    EXPECT_TRUE(WaitUntil([&] { return answers() || !damaged.Log().empty(); }));
    for (int i = 0; i < 100 && !answers(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return verdicts;
  }

  void Try(const fs::path& file, Damage damage) {
    const TempDir copy;
    const std::string folder = copy.path() + "/data";
    fs::copy(data_dir(), folder, fs::copy_options::recursive);
    file_root_ = folder;
    const std::string what = Name(damage) + file.string() + Spoil(folder / file, damage);
    ServerProcess damaged({folder, {}});
    if (!damaged.Start()) {
      ++refused_;
      EXPECT_FALSE(damaged.Log().empty()) << "refused to start without a word: " << what;
      EXPECT_EQ(damaged.Log().find("terminate called"), std::string::npos)
          << what << ": " << damaged.Log();
      if (damaged.Log().find("Assertion `") != std::string::npos) {
        EXPECT_NE(damaged.Log().find("docs/operations.md"), std::string::npos) << damaged.Log();
      }
      return;
    }
    const std::vector<v1::Verdict> verdicts = Ask(damaged);
    if (verdicts.empty()) {
      ++silent_;
      EXPECT_FALSE(damaged.Log().empty()) << "gives no answer, and says nothing: " << what;
      return;
    }
    const auto clear = std::count(verdicts.begin(), verdicts.end(), v1::VERDICT_CLEAR);
    const auto right = std::count(verdicts.begin(), verdicts.end(), v1::VERDICT_LISTED);
    EXPECT_EQ(clear, 0) << clear << " of " << verdicts.size() << " listed numbers are clear after "
                        << what << "\n"
                        << damaged.Log();
    ++(right == static_cast<std::ptrdiff_t>(verdicts.size()) ? whole_ : partly_);
  }

  Random random_{TestSeed()};
  std::unique_ptr<TempDir> older_;  // the whole folder, before the last opt-outs
  std::string file_root_;           // of the copy that is damaged now
  std::vector<uint64_t> listed_;
  int refused_ = 0;
  int silent_ = 0;
  int whole_ = 0;
  int partly_ = 0;
};

TEST_F(DamagedDisk, NeverMakesAListedNumberClear) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  const std::vector<fs::path> files = StoredFiles();
  ASSERT_FALSE(files.empty());
  const uint64_t damages = FromEnvironment("DNC_DAMAGES", 180);
  for (uint64_t trial = 0; trial < damages && !HasFailure(); ++trial) {
    const fs::path& file = files[trial % files.size()];
    const bool empty = fs::file_size(fs::path(data_dir()) / file) == 0;
    const uint64_t round = trial / files.size();
    constexpr Damage kInTurn[] = {Damage::kFlip,  Damage::kTruncate, Damage::kZeroTail,
                                  Damage::kOlder, Damage::kFlip,     Damage::kDelete};
    const Damage damage = empty ? Damage::kDelete : kInTurn[round % std::size(kInTurn)];
    Try(file, damage);
  }
  std::printf("%zu files: %d refusals to start, %d without answers, %d right, %d in part\n",
              files.size(), refused_, silent_, whole_, partly_);
}

}  // namespace
}  // namespace dnc::blackbox
