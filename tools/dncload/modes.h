// The modes of dncload: which runs they make, and what they conclude from them.
#pragma once

#include "absl/status/status.h"
#include "tools/dncload/options.h"
#include "tools/dncload/report.h"
#include "tools/dncload/run.h"

namespace dnc::load {

// Makes runs and adds them to a report. Its arguments must outlive it.
class Session {
 public:
  Session(const RunParts& parts, const Options& options, LiveView* view, Report* report)
      : parts_(parts), options_(options), view_(view), report_(report) {}

  // Each of these fills the report; after a stop, with the runs made so far.
  absl::Status RunOne();
  absl::Status Sweep();
  absl::Status Search();
  absl::Status Overload();
  absl::Status Idle();

 private:
  bool stopped() const { return parts_.stop.load(); }
  // Makes a run and adds it to the report.
  absl::Status Add(const std::string& name, const SchedulePlan& plan);
  // These run a rate: one for a short time, the other at full length.
  absl::StatusOr<Probe> ProbeRate(double rate);
  absl::StatusOr<Probe> ConfirmRate(double rate);
  // Marks the last run as one of the tries of a search.
  void MarkAsProbe();
  // Runs the rate that a search found at full length, and lowers it while it does not hold.
  absl::Status Confirm();

  const RunParts& parts_;
  const Options& options_;
  LiveView* const view_;
  Report* const report_;
};

}  // namespace dnc::load
