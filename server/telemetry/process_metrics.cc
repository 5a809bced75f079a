#include "server/telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "server/index/huge_page_keeper.h"
#include "server/telemetry/metric_family.h"

namespace dnc {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// The number of a field of /proc/self/stat in proc(5): ticks since the machine started.
constexpr size_t kStartTimeField = 22;

// Returns a field of /proc/self/stat. The second field, the program's name, may hold spaces, so the
// fields after it are counted from its end.
std::optional<double> StatField(const std::string& stat, size_t number) {
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const std::vector<std::string> fields = absl::StrSplit(stat.substr(name_end + 1), ' ');
  // The first piece is empty, and the second is field 3.
  const size_t index = number - 2;
  double value = 0;
  if (index >= fields.size() || !absl::SimpleAtod(fields[index], &value)) return std::nullopt;
  return value;
}

// Returns when the machine started, in seconds since 1970.
std::optional<double> MachineStart() {
  std::ifstream file("/proc/stat");
  std::string word;
  double value = 0;
  while (file >> word) {
    if (word == "btime" && file >> value) return value;
  }
  return std::nullopt;
}

std::optional<double> OpenFiles() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++count;
  }
  if (error) return std::nullopt;
  return count - 1;  // the folder itself does not count
}

void AddMemory(const ProcessMemory& memory, std::vector<prometheus::MetricFamily>* families) {
  families->push_back(SingleGauge("process_resident_memory_bytes",
                                  "Memory of the process that is in use.", memory.resident));
  families->push_back(SingleGauge("dnc_huge_page_bytes",
                                  "Of the process's memory, what the kernel keeps in huge pages.",
                                  memory.huge_pages));
}

void AddIndexMemory(const MemoryShare& memory, std::vector<prometheus::MetricFamily>* families) {
  families->push_back(SingleGauge("dnc_index_memory_bytes",
                                  "Memory of the published lists and of the tenants' filter.",
                                  static_cast<double>(memory.resident)));
  families->push_back(SingleGauge("dnc_index_huge_page_bytes",
                                  "The part of dnc_index_memory_bytes in huge pages.",
                                  static_cast<double>(memory.huge)));
}

}  // namespace

std::optional<ProcessMemory> ReadProcessMemory() {
  constexpr double kUnit = 1024;  // the file gives kB
  std::ifstream file("/proc/self/smaps_rollup");
  ProcessMemory memory;
  std::string word;
  bool complete = false;
  while (file >> word) {
    if (word == "Rss:") file >> memory.resident;
    if (word == "AnonHugePages:") complete = static_cast<bool>(file >> memory.huge_pages);
  }
  if (!complete) return std::nullopt;
  return ProcessMemory{memory.resident * kUnit, memory.huge_pages * kUnit};
}

namespace {

std::optional<MemoryShare> RecentIndexMemory(std::chrono::seconds recent) {
  static absl::Mutex mutex;
  static std::optional<MemoryShare> seen;
  static std::chrono::steady_clock::time_point seen_at;
  const absl::MutexLock lock(&mutex);
  const auto now = std::chrono::steady_clock::now();
  if (!seen.has_value() || now - seen_at >= recent) {
    seen = ReadIndexMemory();
    seen_at = now;
  }
  return seen;
}

}  // namespace

void AddProcessMetrics(std::vector<prometheus::MetricFamily>* families,
                       std::chrono::seconds recent) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    families->push_back(SingleCounter("process_cpu_seconds_total",
                                      "Processor time of the process, in user and kernel mode.",
                                      Seconds(usage.ru_utime) + Seconds(usage.ru_stime)));
  }
  if (const auto memory = ReadProcessMemory(); memory.has_value()) AddMemory(*memory, families);
  if (const auto memory = RecentIndexMemory(recent); memory.has_value()) {
    AddIndexMemory(*memory, families);
  }
  std::ifstream file("/proc/self/stat");
  std::string stat;
  std::getline(file, stat);
  const auto ticks = StatField(stat, kStartTimeField);
  const auto machine = MachineStart();
  if (ticks.has_value() && machine.has_value()) {
    families->push_back(SingleGauge("process_start_time_seconds",
                                    "When the process started, in seconds since 1970.",
                                    *machine + *ticks / static_cast<double>(sysconf(_SC_CLK_TCK))));
  }
  if (const auto open = OpenFiles(); open.has_value()) {
    families->push_back(SingleGauge("process_open_fds", "Files and sockets open.", *open));
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    families->push_back(SingleGauge("process_max_fds", "Files and sockets that may be open.",
                                    static_cast<double>(limit.rlim_cur)));
  }
}

}  // namespace dnc
