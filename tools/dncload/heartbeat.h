// Notices when this machine does not let the client run.
#pragma once

#include <atomic>
#include <thread>

#include "tools/dncload/histogram.h"

namespace dnc::load {

// A thread that wants to wake every millisecond and notes by how much it overslept. If it could
// not run, the senders could not either, and latencies hold the client's own stall.
class Heartbeat {
 public:
  Heartbeat() : thread_([this] { Run(); }) {}
  ~Heartbeat() { Stop(); }

  // From here on it counts.
  void Begin() { counting_ = true; }

  // Ends it. What was counted: by how much each wake came late.
  const Histogram& Stop();

 private:
  void Run();

  std::atomic<bool> counting_{false};
  std::atomic<bool> stopping_{false};
  Histogram late_;  // the thread's until it has ended
  std::thread thread_;
};

}  // namespace dnc::load
