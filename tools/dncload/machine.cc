#include "tools/dncload/machine.h"

#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace dnc::load {
namespace {

// What stands behind `separator` in the first line of the file that starts with `key`.
std::string ValueOf(const char* path, absl::string_view key, char separator) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t at = line.find(separator);
    if (at == std::string::npos || !absl::StartsWith(line, key)) continue;
    const std::string value = absl::StrReplaceAll(line.substr(at + 1), {{"\"", ""}});
    return std::string(absl::StripAsciiWhitespace(value));
  }
  return "unknown";
}

}  // namespace

Machine ThisMachine() {
  Machine machine;
  machine.processor = ValueOf("/proc/cpuinfo", "model name", ':');
  machine.system = ValueOf("/etc/os-release", "PRETTY_NAME", '=');
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof(cores), &cores) == 0) machine.cores = CPU_COUNT(&cores);
  struct sysinfo info {};
  if (sysinfo(&info) == 0) {
    machine.memory_gib = static_cast<double>(info.totalram) * info.mem_unit / (1 << 30);
  }
  utsname names{};
  const bool named = uname(&names) == 0;
  machine.kernel = named ? names.release : "unknown";
  machine.name = named ? names.nodename : "unknown";
  return machine;
}

}  // namespace dnc::load
