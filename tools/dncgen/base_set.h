// The numbers of a full list that dncgen wrote, read back into memory as the base of change lists
// and leads. It takes a bitmap of 1.25 MB for each area code, and 0.5 GB for the whole registry.
//
//   DNC_ASSIGN_OR_RETURN(BaseSet base, BaseSet::Read("build/demo/full", 2));
//   Number listed = base.NthListed(random.Below64(base.numbers()));
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "server/numbers/phone_number.h"
#include "tools/dncgen/random.h"

namespace dnc {

// Thread-compatible.
class BaseSet {
 public:
  // Reads every full list in a folder, as flat text, plain or zipped; ignores change lists. Fails
  // with NOT_FOUND (there are no such files), INVALID_ARGUMENT with BAD_FILE, or DATA_LOSS with
  // DAMAGED_FILE.
  static absl::StatusOr<BaseSet> Read(const std::string& folder, int threads);

  // Applies a change list that dncgen wrote, in the order of its lines. Fails as Read does.
  absl::Status Apply(const std::string& change_list);

  bool Contains(Number number) const;
  uint64_t numbers() const { return before_.back(); }

  // Returns the number at position `rank` in ascending order; `rank` is below numbers().
  Number NthListed(uint64_t rank) const;

  // The positions that the numbers of an area code (0 to 999) take: from `first` to before `end`.
  struct Ranks {
    uint64_t first = 0;
    uint64_t end = 0;
  };
  Ranks RanksOf(int area_code) const;

  // Returns the newest date in the files' names.
  absl::CivilDay day() const { return day_; }

 private:
  using Area = std::vector<uint64_t>;  // one bit per number

  BaseSet();
  void Count();

  std::vector<std::unique_ptr<Area>> areas_;  // by area code; null if there are none
  // How many numbers come before each exchange; the last entry is the total.
  std::vector<uint64_t> before_;
  absl::CivilDay day_;

  friend class BaseReader;
};

// Draws one of the numbers at the positions `ranks`, which must not be empty; each is equally
// likely.
Number DrawListed(const BaseSet& base, BaseSet::Ranks ranks, Random& random);

// Draws a number that the base does not hold, from the exchange of a number drawn from `ranks`. At
// least one of these exchanges must not be full.
Number DrawUnlisted(const BaseSet& base, BaseSet::Ranks ranks, Random& random);

}  // namespace dnc
