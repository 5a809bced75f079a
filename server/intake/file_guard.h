// Guards of a load's files as files: their dates, and whether they are loaded already.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "server/intake/build_state.h"
#include "server/intake/past_files.h"

namespace dnc {

// Not thread-safe. What it is made from must outlive it.
class FileGuard {
 public:
  FileGuard(BuildState& build, const PastFiles& past) : build_(build), past_(past) {}

  // Notes findings `future-date` and `same-file`. Takes out of a full list what is loaded just so.
  void Check();

  // The area codes that the files of a name speak of.
  std::set<int> AreasOf(const std::string& name) const;

 private:
  // The same of one file, by its place.
  std::set<int> AreasOf(size_t file) const;
  void CheckSameFile(size_t file);
  // Whether the area code has a full list that is newer than this one, and whole.
  bool HasNewerThan(const storage::File& file, int area_code) const;

  BuildState& build_;
  const PastFiles& past_;
  std::multimap<std::string, std::set<int>> areas_;  // by the files' names
};

}  // namespace dnc
