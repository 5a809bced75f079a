// One run of a schedule against a server, and what came of it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dncload/histogram.h"
#include "tools/dncload/machine.h"
#include "tools/dncload/measurements.h"
#include "tools/dncload/schedule.h"
#include "tools/dncload/sender.h"
#include "tools/dncload/target.h"
#include "tools/dncload/workload.h"

namespace dnc::load {

struct RunOptions {
  int threads = 1;
  int channels = 1;            // of all threads together; at least one a thread
  int max_in_flight = 1000;    // calls of all threads together
  double connect_timeout = 5;  // seconds
  SenderOptions sender;        // its channels, calls and intervals follow from the above
};

// Whom a run is made against, and with what. All must outlive it.
struct RunParts {
  const Target& target;
  const Workload& workload;
  const ServerProcessor& server_processor;
  const std::atomic<bool>& stop;  // set by Ctrl-C: ends the run, which reports what it has
};

struct RunResult {
  std::string name;  // what distinguishes it from the other runs of a report
  SchedulePlan plan;
  bool probe = false;  // one of the tries of a search
  int threads = 0;
  int channels = 0;
  int max_in_flight = 0;
  double good_within = 0;  // seconds
  double seconds = 0;      // measured; less than planned if interrupted
  bool interrupted = false;
  Measurements measured;
  Histogram heartbeat;          // by how much a thread that only sleeps came late
  double client_processor = 0;  // seconds in the measured time
  std::optional<double> server_processor;
  std::string server_processor_unknown;  // why it is not known
};

// Notices when this machine does not let the client run: a thread wants to wake every millisecond
// and notes by how much it overslept. If it could not run, the senders could not either, and the
// latencies hold the client's own stall.
class Heartbeat {
 public:
  Heartbeat() : thread_([this] { Run(); }) {}
  ~Heartbeat() { Stop(); }

  // Counts from here on.
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

// What a run shows while it goes on. Called some ten times a second.
struct LiveView {
  virtual ~LiveView() = default;
  virtual void Begin(const std::string& name, const SchedulePlan& plan) = 0;
  // `elapsed` seconds from the start of the warm-up.
  virtual void Update(double elapsed, const std::vector<const LiveCounters*>& threads) = 0;
  virtual void End() = 0;
};

// Errors: the server can't be reached. Calls that fail are no error; they are counted.
absl::StatusOr<RunResult> Run(const RunParts& parts, const RunOptions& options,
                              const std::string& name, const SchedulePlan& plan, LiveView* view);

}  // namespace dnc::load
