// What is known of area codes from before a load: by the seals of the release in force, or, where
// an area code or the whole list is not loaded any more, by the last seals that it had.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "server/index/area_set.h"
#include "server/registry/release_publisher.h"

namespace dnc {

// Reads the disk when it is first asked for something that is not in force. Not thread-safe. What
// it is made from must outlive it.
class PastAreas {
 public:
  explicit PastAreas(const ReleaseBase& base) : base_(base), before_(*base.before) {}

  // The last seal of an area code, also if its data is damaged, or if the area code or the list is
  // not loaded any more; null if it never had one.
  const storage::Seal* Seal(int area_code);
  // Its numbers by then; null if they are not kept any more or can't be read.
  AreaSetPtr Numbers(int area_code);
  // The release that the seal is of; 0 if it never had one.
  uint64_t Release(int area_code);
  // The numbers of any release and its seal of an area code, in the same way.
  AreaSetPtr KeptNumbers(uint64_t release_id, const storage::Seal& seal) const;

  // The last seals of area codes that are not covered any more, or that can't be read: by the
  // releases that led to the one in force, and those of earlier lives of the list.
  const std::map<int, storage::Seal>& GoneSeals();
  // The same as far as they have been looked for.
  const std::optional<std::map<int, storage::Seal>>& FoundGoneSeals() const { return gone_seals_; }

  // The releases of the list, newest first: those that led to the one in force, then those of each
  // life before it, which ended when the list was retired.
  std::vector<std::vector<uint64_t>> Lives() const;

 private:
  // The release with which the life of the list ended whose releases are those before `below`; 0:
  // there is none.
  uint64_t LifeBefore(uint64_t below) const;
  void AddGoneSeals(const storage::Seals& seals, uint64_t release_id);

  const ReleaseBase& base_;
  const ListState& before_;
  std::optional<std::map<int, storage::Seal>> gone_seals_;  // once they were looked for
  std::map<int, uint64_t> gone_releases_;                   // that those seals are of
};

}  // namespace dnc
