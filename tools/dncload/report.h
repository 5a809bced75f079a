// A report has everything that is shown, in whatever form, and what follows from a run's figures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "dnc/v1/registry_service.pb.h"
#include "tools/dncload/machine.h"
#include "tools/dncload/run.h"

namespace dnc::load {

// A rate that a search tried.
struct Probe {
  double rate = 0;
  double p99_ms = 0;
  double goodput = 0;
  bool passed = false;
  // The client stalled or could not keep up, so a miss may not be the server's fault.
  bool client_stalled = false;
  std::string why;  // if it did not pass: what was missed
};

// The highest rate with a p99 below a limit.
struct SearchOutcome {
  double limit_ms = 0;
  std::vector<Probe> probes;  // in the order of the tries
  double rate = 0;            // the highest that passed, confirmed by a run; 0 if none did
};

// Goodput above the highest rate.
struct OverloadOutcome {
  double capacity = 0;      // the rate that counts as 1
  double peak_goodput = 0;  // the best of all runs, in calls a second
};

// What the questions were made from.
struct WorkloadFacts {
  std::string source;    // "build/full with changes.txt", "leads.csv"
  std::string batches;   // "1000", "1:50,1000:50"
  std::string locality;  // "uniform", "campaign of 3 area codes", "file"
  double hit_rate = 0;   // of the questions that were made
  double mean_batch = 0;
  uint64_t numbers = 0;  // in all questions together
  uint64_t seed = 0;
};

struct Report {
  std::string mode;  // run, sweep, search, overload, idle
  std::string command;
  std::string version;  // of dncload
  absl::Time started_at;
  double seconds = 0;
  std::string server;
  bool tls = false;
  bool keyed = false;
  std::string tenant;
  std::optional<v1::GetStatusResponse> status;
  std::string status_unknown;  // why the server's status is not known
  Machine client;
  std::string server_machine;  // as the user names it; if empty, `client` if `same_machine`
  bool same_machine = false;
  WorkloadFacts workload;
  std::vector<RunResult> runs;
  std::optional<SearchOutcome> search;
  std::optional<OverloadOutcome> overload;
  bool interrupted = false;
  std::string error;  // what ended it prematurely
};

// Which side could not keep up with the schedule.
enum class KeptUp { kYes, kServerNot, kClientNot };

// What follows from a run's figures. Rates are calls a second, except where noted.
struct RunSummary {
  double offered = 0;   // intended to be sent
  double achieved = 0;  // answered, by the time of the answer
  double goodput = 0;   // those of them that are right and in time
  double numbers = 0;   // numbers answered, per second
  double busy = 0;      // share of the senders' time in which they did not wait
  double client_us_a_call = 0;
  std::optional<double> server_us_a_call;
  std::optional<double> server_ns_a_number;
  KeptUp kept_up = KeptUp::kYes;
  bool client_stalled = false;
  std::vector<std::string> warnings;  // sentences for people, the gravest first
};

RunSummary Summarize(const RunResult& run);

// Returns sentences that say why the report is a failure: wrong answers, no answer at all, a server
// with nothing loaded, an error. Empty for a success.
std::vector<std::string> Failures(const Report& report);

// What the report proves about the answers, for its badge.
struct Badge {
  enum class Kind { kGood, kDoubt, kFailure };
  Kind kind = Kind::kGood;
  std::string text;
};
Badge BadgeOf(const Report& report);

// Returns the run that the figures at the top are from: the run of a search that held, or else the
// fastest run. Null without runs.
const RunResult* MainRun(const Report& report);

// Returns the report's main figure in one line: the highest rate of a search, or else the rate of
// the main run. If the client did something wrong that affects the figure, says so. Empty without
// runs.
std::string Headline(const Report& report);

// Returns why the main figure may be the client's and not the server's: "the client stalled, ...";
// empty if it is not.
std::string ClientCaveat(const Report& report);
// Says the same about one run: " (the client stalled)", or nothing.
std::string ClientCaveat(const RunSummary& summary);

// Returns the warnings of all runs, each with the run's name if there are several.
std::vector<std::string> Warnings(const Report& report);

// Writes "34.1 µs", "1.20 ms", "3.4 s".
std::string DurationText(double nanoseconds);
// Does so for the latency that `share` (0 to 1) of the calls did not exceed.
std::string PercentileText(const Histogram& histogram, double share);
// Writes 1234567.8 as "1,234,568"; values below 100 with decimals: "12.5".
std::string RateText(double rate);
// Writes "1.5 million", "230 thousand" for large ones.
std::string LargeText(double value);

// Returns "dncd 0.1.0, revision 7, 260,000,000 numbers", or why that is not known.
std::string ServerText(const Report& report);
std::string MachineText(const Machine& machine);
// Names the server's machine, if it is known.
std::string ServerMachineText(const Report& report);
// Returns "poisson, 1,000 calls/s", "closed loop, 4 callers".
std::string ScheduleText(const RunResult& run);

}  // namespace dnc::load
