// A random life of a server: loads, refusals, rollbacks, restarts and kills. Each is done to the
// real server and to the oracle.
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "tests/model/comparison.h"
#include "tests/model/oracle.h"
#include "tests/support/seed.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace dnc::blackbox {

// Published lists besides the national registry.
inline constexpr const char* kOtherLists[] = {"state:TX", "litigator:abc", "wireless", "wireline",
                                              "other:own-2"};

// Returns the next midnight, unless `midnight_or_zero` is 0.
inline std::time_t Later(std::time_t time, std::time_t midnight_or_zero) {
  return midnight_or_zero != 0 ? (time / kDay + 1) * kDay : time;
}

// Failures are GoogleTest failures. Not thread-safe.
class Scenario {
 public:
  // `days` says how long before now the life begins; it ends in the present.
  Scenario(Random& random, int days);

  // Does one step and then asks. Returns false when the present is reached or a test has failed.
  bool Step();

  // Returns what was done so far, for failure messages.
  std::string Diary() const;

 private:
  void LoadFullLists();
  void LoadWithoutSome();
  void LoadChangeList(const std::vector<OracleEvent>& changes);
  void LoadChangeListAfterGap();
  void LoadDailyLists();
  void LoadOtherList();
  // Loads lists that the guards find fault with: each is refused with exactly what the oracle says,
  // and then overridden.
  void LoadShrunkList();
  void LoadOlderList();
  void LoadUnfitChangeList();
  void RefuseFutureList();
  void RollBack();
  void Retire();
  void Restart(bool gently);
  void KillDuringLoad();
  void Ask();

  // Returns the numbers that an area code could have next, and makes the load that brings them.
  std::set<uint64_t> NextNumbers(int area_code);
  std::set<uint64_t> Shrunk(const std::set<uint64_t>& numbers);
  // Returns changes from `from` on; some numbers come and go several times.
  std::vector<OracleEvent> NextChanges(const std::set<int>& area_codes, std::time_t from);
  // Returns `count` additions over the time from `from` to the next.
  std::vector<OracleEvent> DailyChanges(size_t count, std::time_t from);
  void AddTurns(uint64_t number, bool added, std::time_t from, std::vector<OracleEvent>& changes);
  Packing RandomPacking();
  LoadRequest RequestFor(const NumberSets& numbers, Packing packing);
  LoadRequest RequestFor(const std::vector<OracleEvent>& changes, const std::string& label);
  Form RandomForm();
  uint64_t RandomNumber(int area_code);
  // Returns a listed number or one of its neighbors, or any other number.
  uint64_t NumberToAsk();

  void LoadFull(const NumberSets& next, Packing packing);
  OracleLoad FullLoad(const NumberSets& next, Packing packing) const;
  // Loads, and accepts every override that it is offered, if these are what the oracle says.
  void ExpectLoaded(LoadRequest request, const OracleLoad& load);
  void ExpectFindings(const v1::Load& load, const OracleFindings& expected);
  void Note(const std::string& entry);
  void Connect();

  Random& random_;
  TempDir dir_;
  ServerProcess server_;
  std::unique_ptr<TestClient> client_;
  Oracle oracle_;
  AnswersGiven answers_;
  std::time_t started_;  // the server, by the clock
  std::time_t begin_;
  std::time_t time_;             // of the latest accepted data
  std::time_t next_time_;        // of the data of this step
  NumberSets last_;              // full lists of the national registry as they came last
  uint64_t files_ = 0;           // written so far, for names
  std::vector<uint64_t> asked_;  // numbers that were listed once
  std::vector<std::string> diary_;
};

}  // namespace dnc::blackbox
