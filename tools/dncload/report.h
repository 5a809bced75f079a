// A report holds all that is told in whichever form, and what follows from a run's figures.
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
  bool client_stalled = false;  // or could not keep up, so that a miss may not be the server's
  std::string why;              // not passed: what was missed
};

// The highest rate with a p99 below a limit.
struct SearchOutcome {
  double limit_ms = 0;
  std::vector<Probe> probes;  // in the order tried
  double rate = 0;            // the highest that passed, confirmed by a run; 0: none did
};

// Goodput above the highest rate.
struct OverloadOutcome {
  double capacity = 0;      // the rate that counts as 1
  double peak_goodput = 0;  // the best of all runs, in calls a second
};

// What the questions were made of.
struct WorkloadFacts {
  std::string source;    // "build/full with changes.txt", "leads.csv"
  std::string batches;   // "1000", "1:50,1000:50"
  std::string locality;  // "uniform", "campaign of 3 area codes", "file"
  double hit_rate = 0;   // of the questions made
  double mean_batch = 0;
  uint64_t numbers = 0;  // in all questions
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
  std::string status_unknown;  // why the server does not tell
  Machine client;
  std::string server_machine;  // as the user names it; empty: `client`, if `same_machine`
  bool same_machine = false;
  WorkloadFacts workload;
  std::vector<RunResult> runs;
  std::optional<SearchOutcome> search;
  std::optional<OverloadOutcome> overload;
  bool interrupted = false;
  std::string error;  // what ended it before its end
};

// Who could not keep up with the schedule.
enum class KeptUp { kYes, kServerNot, kClientNot };

// What follows from a run's figures. Rates are calls a second unless told otherwise.
struct RunSummary {
  double offered = 0;   // meant to be sent
  double achieved = 0;  // answered, by the time of the answer
  double goodput = 0;   // of which right and in time
  double numbers = 0;   // numbers a second, answered
  double busy = 0;      // share of the senders' time that was not waiting
  double client_us_a_call = 0;
  std::optional<double> server_us_a_call;
  std::optional<double> server_ns_a_number;
  KeptUp kept_up = KeptUp::kYes;
  bool client_stalled = false;
  std::vector<std::string> warnings;  // sentences for a person, the gravest first
};

RunSummary Summarize(const RunResult& run);

// Sentences that say why the report is a failure: wrong answers, no answer at all, a server with
// nothing loaded, an error. Empty for a success.
std::vector<std::string> Failures(const Report& report);

// What the report proves of the answers, for its badge.
struct Badge {
  enum class Kind { kGood, kDoubt, kFailure };
  Kind kind = Kind::kGood;
  std::string text;
};
Badge BadgeOf(const Report& report);

// The run that the figures on top are of: the one of a search that held, else the fastest. Null
// without runs.
const RunResult* MainRun(const Report& report);

// The report's chief figure in a line: the highest rate of a search, else the rate of the main run;
// with what the client did wrong, if the figure rests on that. Empty without runs.
std::string Headline(const Report& report);

// Why the chief figure may be the client's and not the server's: "the client stalled, ..."; empty
// if it is not.
std::string ClientCaveat(const Report& report);
// Says the same of one run: " (the client stalled)", or nothing.
std::string ClientCaveat(const RunSummary& summary);

// Warnings of all runs, each with the run's name if there are several.
std::vector<std::string> Warnings(const Report& report);

// "34.1 µs", "1.20 ms", "3.4 s".
std::string DurationText(double nanoseconds);
// So for the latency that a share of the calls, 0 to 1, took at most.
std::string PercentileText(const Histogram& histogram, double share);
// 1234567.8 as "1,234,568"; below 100 with decimals: "12.5".
std::string RateText(double rate);
// "1.5 million", "230 thousand" for large ones.
std::string LargeText(double value);

// "dncd 0.1.0, revision 7, 260,000,000 numbers", or why that is not known.
std::string ServerText(const Report& report);
std::string MachineText(const Machine& machine);
// Names the server's machine, as far as it is known.
std::string ServerMachineText(const Report& report);
// "poisson, 1,000 calls/s", "closed loop, 4 callers".
std::string ScheduleText(const RunResult& run);

}  // namespace dnc::load
