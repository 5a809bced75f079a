// A progress bar on stderr, for people.
#pragma once

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace dnc::cli {

// Writes only if stderr is a terminal, at most ten times a second. Thread-safe.
class ProgressBar {
 public:
  explicit ProgressBar(bool enabled);
  ~ProgressBar() { Clear(); }

  // Starts a stage: "uploading", "reading". Rate and remaining time count from here.
  void Begin(const std::string& stage);

  // A `total` of 0 means unknown: then there is no bar and no remaining time. `note` comes last,
  // made Printable.
  void Update(uint64_t done_bytes, uint64_t total_bytes, const std::string& note);

  // Removes the bar from the screen.
  void Clear();

 private:
  const bool enabled_;
  absl::Mutex mutex_;
  std::string stage_ ABSL_GUARDED_BY(mutex_);
  absl::Time begun_ ABSL_GUARDED_BY(mutex_);
  absl::Time drawn_ ABSL_GUARDED_BY(mutex_);
  bool visible_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace dnc::cli
