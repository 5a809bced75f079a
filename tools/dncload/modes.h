// The modes of dncload: which runs they make, and what they conclude.
#pragma once

#include "absl/status/status.h"
#include "tools/dncload/options.h"
#include "tools/dncload/report.h"
#include "tools/dncload/run.h"

namespace dnc::load {

// Makes runs and puts them into a report. What it is made of must outlive it.
class Session {
 public:
  Session(const RunParts& parts, const Options& options, LiveView* view, Report* report)
      : parts_(parts), options_(options), view_(view), report_(report) {}

  // Each fills the report as far as it comes; after a stop with what there is.
  absl::Status RunOne();
  absl::Status Sweep();
  absl::Status Search();
  absl::Status Overload();
  absl::Status Idle();

 private:
  bool stopped() const { return parts_.stop.load(); }
  // Runs it and adds it to the report.
  absl::Status Add(const std::string& name, const SchedulePlan& plan);
  // Runs a rate shortly, and at full length.
  absl::StatusOr<Probe> ProbeRate(double rate);
  absl::StatusOr<Probe> ConfirmRate(double rate);
  // The last run was one of the tries of a search.
  void MarkAsProbe();
  // Tries the rate that a search found at full length, and goes down while it does not hold.
  absl::Status Confirm();

  const RunParts& parts_;
  const Options& options_;
  LiveView* const view_;
  Report* const report_;
};

}  // namespace dnc::load
