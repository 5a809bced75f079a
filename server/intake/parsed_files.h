// Reads the files of a load, side by side, into area codes and changes in memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/formats/registry_file.h"
#include "server/index/area_set.h"
#include "server/intake/guard_check.h"
#include "server/intake/load_info.h"
#include "server/registry/records.pb.h"

namespace dnc {

// These are a full list's numbers in one area code, from all files of its date.
struct ParsedArea {
  AreaSetPtr numbers;
  absl::Time obtained_at;
  bool labelled = false;  // a file's name speaks for this area code alone
  size_t file = 0;        // its place among the files
};

// This is what one file with a full list holds.
struct ParsedFull {
  size_t file = 0;
  absl::Time obtained_at;
  bool labelled = false;
  std::map<int, AreaSetPtr> areas;
};

// These are the changes of one change list.
struct ParsedChanges {
  size_t file = 0;
  std::vector<ChangeRecord> records;  // in the file's order
  absl::Time obtained_at;
  std::optional<int> area_code;  // if its name speaks for one area code alone
  // Says whether its silence about an area code means that nothing changed there: its label names
  // no area code, and nothing else that might be a part of them ("NJ").
  bool for_all = false;

  // Returns whether an area code that the list does not name has no changes, rather than being left
  // out.
  bool SpeaksFor(int code) const { return for_all || area_code == code; }
};

struct ParsedFiles {
  std::vector<storage::File> files;
  std::vector<ParsedFull> full;        // in the order of the files
  std::vector<ParsedChanges> changes;  // by the date of their files
};

// Counts how far a load has come; it is shared with those who watch the load. Thread-safe.
class LoadProgress {
 public:
  // While files are read, `on_progress` is called on the threads that read, at most about ten times
  // a second: what comes between two calls is told by the next one. So whoever sets the load's
  // state must tell of that by itself, and thereby of the last progress.
  explicit LoadProgress(std::function<void()> on_progress) : on_progress_(std::move(on_progress)) {}

  void AddBytes(uint64_t bytes) {
    bytes_done_ += bytes;
    MayTell();
  }
  void AddRecords(uint64_t records) {
    records_done_ += records;
    MayTell();
  }
  uint64_t bytes_done() const { return bytes_done_; }
  uint64_t records_done() const { return records_done_; }

  // Set by another thread to stop the load at its next step.
  std::atomic<bool> stop{false};

 private:
  void MayTell();

  const std::function<void()> on_progress_;
  std::atomic<uint64_t> bytes_done_{0};
  std::atomic<uint64_t> records_done_{0};
  // It was told last at this moment of the steady clock; a moment far back means never.
  std::atomic<int64_t> told_at_{std::numeric_limits<int64_t>::min() / 2};
};

// Reads `files` with at most `threads` threads. The first error, by the order of the files, ends
// it; nothing of what was read remains. What the guards find goes to `guards`, whose refusal is an
// error here only if a file can't be read without an override.
absl::StatusOr<ParsedFiles> ParseFiles(ListKind kind, const LoadOptions& options,
                                       const std::vector<LoadFile>& files, const ReadLimits& limits,
                                       int threads, GuardCheck& guards, LoadProgress& progress);

}  // namespace dnc
