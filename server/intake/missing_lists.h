// Finds lists that were loaded once and are missing now: they were taken back by a rollback, or
// what they brought was lost.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/intake/build_state.h"
#include "server/intake/past_files.h"

namespace dnc {

// Keeps what it reads from the disk. Not thread-safe. What it is made from must outlive it.
class MissingLists {
 public:
  MissingLists(const BuildState& build, const PastFiles& past) : build_(build), past_(past) {}

  // A list later than `known`, up to `date`, that brought something of the area code which neither
  // counts nor is in this load; null if there is none.
  const storage::File* Find(int area_code, absl::Time known, absl::Time date);

 private:
  // What a release stored of an area code.
  struct StoredArea {
    bool readable = false;
    bool covered = false;
    std::vector<StoredChange> changes;
  };

  // The lists that were loaded once, and that are not in this load.
  const std::vector<const PastFile*>& Absent();
  bool IsMissing(const PastFile& past, int area_code);
  bool HasChangesOf(const PastFile& past, int area_code);
  const StoredArea& ChangesOf(uint64_t release_id, int area_code);
  const std::optional<std::map<int, int64_t>>& FullDatesOf(uint64_t release_id);

  const BuildState& build_;
  const PastFiles& past_;
  std::optional<std::vector<const PastFile*>> absent_;                    // once asked for
  std::map<std::pair<uint64_t, int>, StoredArea> past_changes_;           // by release, area code
  std::map<uint64_t, std::optional<std::map<int, int64_t>>> past_fulls_;  // by release
  std::optional<std::vector<std::pair<uint64_t, int64_t>>> parsed_changes_;  // once asked for
};

}  // namespace dnc
