// A progress bar on stderr, for people.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "absl/time/time.h"

namespace dnc::ctl {

// Writes only where stderr is a terminal, ten times a second at most; elsewhere it does nothing.
// Thread-safe.
class ProgressBar {
 public:
  explicit ProgressBar(bool enabled);
  ~ProgressBar() { Clear(); }

  // Starts a stage: "uploading", "reading". Rate and remaining time count from here.
  void Begin(const std::string& stage);

  // `total` 0: unknown, so no bar and no remaining time. `note` stands at the end, made
  // Printable.
  void Update(uint64_t done_bytes, uint64_t total_bytes, const std::string& note);

  // Takes the bar off the screen.
  void Clear();

 private:
  const bool enabled_;
  std::mutex mutex_;
  std::string stage_;  // guarded by mutex_, as all that follows
  absl::Time begun_;
  absl::Time drawn_;
  bool visible_ = false;
};

}  // namespace dnc::ctl
