#include "tools/dncload/machine.h"

#include <netdb.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "fmt/format.h"
#include "server/base/status_macros.h"

namespace dnc::load {
namespace {

// Returns what follows `separator` in the first line of the file that starts with `key`.
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

namespace {

constexpr size_t kMaxPageBytes = 16 << 20;

double ToSeconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

int ConnectTo(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return -1;
  int fd = -1;
  for (const addrinfo* at = found; at != nullptr && fd < 0; at = at->ai_next) {
    fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    const timeval patience = {2, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
      close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(found);
  return fd;
}

// Gets /metrics, and returns the whole answer with its header.
absl::StatusOr<std::string> ReadPage(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return absl::InvalidArgumentError(fmt::format("'{}' is not HOST:PORT", address));
  }
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  const Socket connection(ConnectTo(host, address.substr(colon + 1)));
  const auto gone = absl::UnavailableError(
      fmt::format("http://{}/metrics can't be read; name the server's metrics_listen", address));
  if (connection.fd() < 0) return gone;
  const std::string request =
      fmt::format("GET /metrics HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n", address);
  if (send(connection.fd(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return gone;
  }
  std::string page;
  std::array<char, 16384> buffer{};
  ssize_t count = 0;
  while ((count = recv(connection.fd(), buffer.data(), buffer.size(), 0)) > 0 &&
         page.size() < kMaxPageBytes) {
    page.append(buffer.data(), static_cast<size_t>(count));
  }
  if (count < 0 || page.empty()) return gone;
  return page;
}

}  // namespace

double OwnProcessorSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return ToSeconds(usage.ru_utime) + ToSeconds(usage.ru_stime);
}

absl::StatusOr<double> ProcessorSecondsOfPage(const std::string& page) {
  constexpr char kName[] = "process_cpu_seconds_total";
  for (const absl::string_view line : absl::StrSplit(page, '\n')) {
    if (!absl::StartsWith(line, kName)) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    double seconds = 0;
    if (words.size() >= 2 && absl::SimpleAtod(words[1], &seconds)) return seconds;
  }
  return absl::NotFoundError(
      fmt::format("the server's metrics have no {}; give --server-pid instead, on the server's "
                  "machine",
                  kName));
}

absl::StatusOr<double> ProcessorSecondsOfStat(const std::string& stat) {
  // The second field is a name in parentheses, and may itself contain blanks and parentheses.
  const size_t name_end = stat.rfind(')');
  if (name_end != std::string::npos) {
    const std::vector<std::string> words =
        absl::StrSplit(stat.substr(name_end + 1), ' ', absl::SkipEmpty());
    uint64_t user = 0;
    uint64_t system = 0;
    if (words.size() > 12 && absl::SimpleAtoi(words[11], &user) &&
        absl::SimpleAtoi(words[12], &system)) {
      return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
    }
  }
  return absl::InternalError("/proc/PID/stat has another form than expected");
}

absl::StatusOr<double> ServerProcessor::Seconds() const {
  if (pid_ > 0) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid_));
    if (!file) {
      return absl::NotFoundError(fmt::format("there is no process {} on this machine", pid_));
    }
    return ProcessorSecondsOfStat(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  if (metrics_.empty()) {
    return absl::NotFoundError("give --server-pid or --server-metrics to measure it");
  }
  DNC_ASSIGN_OR_RETURN(const std::string page, ReadPage(metrics_));
  return ProcessorSecondsOfPage(page);
}

}  // namespace dnc::load
