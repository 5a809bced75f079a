// The files that a list was loaded from before.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "server/registry/release_publisher.h"

namespace dnc {

struct PastFile {
  uint64_t release_id = 0;
  bool in_lineage = false;  // its release led to the one in force
  storage::File file;
};

// Not thread-safe. What it is made from must outlive it.
class PastFiles {
 public:
  explicit PastFiles(const ReleaseBase& base) : base_(base) {}

  // Reads them, once, before anything is asked. Errors: STORAGE.
  absl::Status Read();

  // By release, oldest first; those of a release in their order.
  const std::vector<PastFile>& all() const { return files_; }
  // Whether what the file brought counts for the area code: its release is among those that the
  // area code's data has come from.
  bool InEffect(const PastFile& past, int area_code) const;

 private:
  const ReleaseBase& base_;
  std::vector<PastFile> files_;
};

}  // namespace dnc
