// The numbers of a full list that dncgen wrote, read back into memory: the base of change lists and
// leads. A bitmap of 1.25 MB an area code, 0.5 GB for the whole registry.
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
  // Reads every full list of a folder, flat text, plain or zipped; change lists are left out.
  // Errors: NOT_FOUND (no such files), INVALID_ARGUMENT with BAD_FILE, DATA_LOSS with
  // DAMAGED_FILE.
  static absl::StatusOr<BaseSet> Read(const std::string& folder, int threads);

  // Applies a change list that dncgen wrote, in the order of its lines. Errors as Read.
  absl::Status Apply(const std::string& change_list);

  bool Contains(Number number) const;
  uint64_t numbers() const { return before_.back(); }

  // The number of place `rank` in ascending order; `rank` is below numbers().
  Number NthListed(uint64_t rank) const;

  // The places that the numbers of an area code (0 to 999) take: from `first` to before `end`.
  struct Ranks {
    uint64_t first = 0;
    uint64_t end = 0;
  };
  Ranks RanksOf(int area_code) const;

  // The newest date in the files' names.
  absl::CivilDay day() const { return day_; }

 private:
  using Area = std::vector<uint64_t>;  // a bit a number

  BaseSet();
  void Count();

  std::vector<std::unique_ptr<Area>> areas_;  // by area code, null if absent
  std::vector<uint64_t> before_;              // numbers before each exchange, and all at the end
  absl::CivilDay day_;

  friend class BaseReader;
};

// A number of the places `ranks`, of which there is one at least, each as likely as the others.
Number DrawListed(const BaseSet& base, BaseSet::Ranks ranks, Random& random);

// A number that the base does not hold, in the exchange of one drawn from `ranks`. At least one of
// these exchanges must not be full.
Number DrawUnlisted(const BaseSet& base, BaseSet::Ranks ranks, Random& random);

}  // namespace dnc
