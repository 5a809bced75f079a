// How reports name and write things.
#include <cmath>

#include "fmt/format.h"
#include "tools/dncctl/terminal.h"
#include "tools/dncload/report.h"

namespace dnc::load {

std::string DurationText(double nanoseconds) {
  if (nanoseconds < 999.5) return fmt::format("{:.0f} ns", nanoseconds);
  double value = nanoseconds / 1e3;
  const char* unit = "µs";
  if (value >= 999.5) {
    value /= 1e3;
    unit = "ms";
  }
  if (value >= 999.5) {
    value /= 1e3;
    unit = "s";
  }
  return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, unit);
}

std::string PercentileText(const Histogram& histogram, double share) {
  return DurationText(static_cast<double>(histogram.Percentile(share)));
}

std::string RateText(double rate) {
  if (rate < 99.95) return fmt::format("{:.1f}", rate);
  return ctl::WithCommas(static_cast<uint64_t>(std::llround(rate)));
}

std::string LargeText(double value) {
  if (value >= 1e6) return fmt::format("{:.3g} million", value / 1e6);
  return RateText(value);
}

std::string ServerText(const Report& report) {
  if (!report.status) return fmt::format("not known: {}", report.status_unknown);
  return fmt::format("dncd {}, revision {}, {} numbers", report.status->version(),
                     report.status->revision(), ctl::WithCommas(report.status->numbers()));
}

std::string MachineText(const Machine& machine) {
  return fmt::format("{} x {}, {:.0f} GiB, Linux {}, {}", machine.cores, machine.processor,
                     machine.memory_gib, machine.kernel, machine.system);
}

std::string ServerMachineText(const Report& report) {
  if (!report.server_machine.empty()) return report.server_machine;
  if (report.same_machine) return "the same; client and server share its cores";
  return "another, not known; name it with --server-machine";
}

std::string ScheduleText(const RunResult& run) {
  const SchedulePlan& plan = run.plan;
  if (plan.spacing == Spacing::kClosed) {
    return fmt::format("closed loop, {} callers; latency counts from the send", plan.callers);
  }
  if (plan.spacing == Spacing::kGaps) {
    return fmt::format("a call every {} to {} s", plan.gap_least, plan.gap_most);
  }
  return fmt::format("{}, {} calls/s", plan.name, RateText(plan.MeanRate()));
}

}  // namespace dnc::load
