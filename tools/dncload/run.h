// Runs a schedule against a server once, and returns the result.
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
  int channels = 1;            // for all threads together; each thread has at least one
  int max_in_flight = 1000;    // calls of all threads together
  double connect_timeout = 5;  // seconds
  SenderOptions sender;        // its channels, calls and intervals follow from the fields above
};

// The server that a run is made against, and what it uses. All of it must outlive the run.
struct RunParts {
  const Target& target;
  const Workload& workload;
  const ServerProcessor& server_processor;
  const std::atomic<bool>& stop;  // set by Ctrl-C: ends the run, which reports what it has so far
};

struct RunResult {
  std::string name;  // distinguishes it from the other runs of a report
  SchedulePlan plan;
  bool probe = false;  // it is one of the tries of a search
  SenderKind sender = SenderKind::kGrpc;
  int threads = 0;
  int channels = 0;
  int max_in_flight = 0;
  double good_within = 0;  // seconds
  double seconds = 0;      // measured; less than planned if the run was interrupted
  bool interrupted = false;
  Measurements measured;
  Histogram heartbeat;          // how late a thread came that only sleeps
  double client_processor = 0;  // seconds in the measured time
  std::optional<double> server_processor;
  std::string server_processor_unknown;  // why it is not known
};

// Notices when this machine does not let the client run. A thread tries to wake every millisecond,
// and records how much it overslept. If it could not run, neither could the senders, and the
// latencies contain the client's own stall.
class Heartbeat {
 public:
  Heartbeat() : thread_([this] { Run(); }) {}
  ~Heartbeat() { Stop(); }

  // Counts from now on.
  void Begin() { counting_ = true; }

  // Ends the thread, and returns what it counted: how late each wake came.
  const Histogram& Stop();

 private:
  void Run();

  std::atomic<bool> counting_{false};
  std::atomic<bool> stopping_{false};
  Histogram late_;  // only the thread uses it until it has ended
  std::thread thread_;
};

// Shows a run while it goes on. It is called about ten times a second.
struct LiveView {
  virtual ~LiveView() = default;
  virtual void Begin(const std::string& name, const SchedulePlan& plan) = 0;
  // `elapsed` is in seconds from the start of the warm-up.
  virtual void Update(double elapsed, const std::vector<const LiveCounters*>& threads) = 0;
  virtual void End() = 0;
};

// Fails if the server cannot be reached. Calls that fail are no error; they are counted.
absl::StatusOr<RunResult> Run(const RunParts& parts, const RunOptions& options,
                              const std::string& name, const SchedulePlan& plan, LiveView* view);

}  // namespace dnc::load
