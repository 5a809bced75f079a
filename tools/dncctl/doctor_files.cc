// The local half of `dncctl doctor`: files, the machine, and the process that serves.
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <system_error>

#include "absl/time/clock.h"
#include "server/base/memory_mappings.h"
#include "tools/cli/terminal.h"
#include "tools/dncctl/doctor.h"

namespace dnc::cli {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kGood = uint64_t{1} << 30;      // bytes free
constexpr uint64_t kReserve = uint64_t{32} << 20;  // below this, the server refuses writes
constexpr rlim_t kManyFiles = 4096;
constexpr uint64_t kHugePage = uint64_t{2} << 20;

std::string User(uid_t uid) {
  std::array<char, 4096> buffer{};
  struct passwd entry {};
  struct passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return fmt::format("{} (uid {})", found->pw_name, uid);
  }
  return fmt::format("uid {}", uid);
}

std::optional<struct stat> Stat(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return info;
}

std::optional<std::string> ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return std::nullopt;
  return content;
}

void LookAtSecret(const std::string& subject, const std::string& path, DoctorReport* report) {
  const auto info = Stat(path);
  if (!info.has_value()) return NotThere(subject, path, report);
  if ((info->st_mode & S_IRWXO) != 0) {
    return report->Fail(subject, path + " can be read by every user of the machine",
                        "chmod o-rwx " + path);
  }
  report->Good(subject, fmt::format("{} is closed to other users", path));
}

// Everything in the folder must belong to its owner.
void LookAtContent(const std::string& path, uid_t owner, DoctorReport* report) {
  const std::string subject = "files in the data folder";
  std::error_code error;
  fs::recursive_directory_iterator entries(path, error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    struct stat info {};
    const std::string name = entries->path().string();
    if (lstat(name.c_str(), &info) != 0 || entries->path().filename() == "lost+found") continue;
    if (info.st_uid == owner) continue;
    return report->Fail(
        subject,
        fmt::format("{} belongs to {}, the folder to {}", name, User(info.st_uid), User(owner)),
        fmt::format("stop the server, then chown -R {} {}", owner, path));
  }
  if (error) {
    return report->Unknown(subject, fmt::format("{}: {}", path, error.message()),
                           "run the doctor as the folder's owner, or as root");
  }
  report->Good(subject, "all are of the folder's owner");
}

void LookAtHalves(const std::string& path, DoctorReport* report) {
  const std::string subject = "stores";
  std::string missing;
  bool any = false;
  for (const char* const name :
       {"store/CURRENT", "store/tenants.revision", "revision", "tenants/CURRENT",
        "tenants/store.revision", "tenants.directory", "tenants.journal"}) {
    if (Stat(path + "/" + name).has_value()) {
      any = true;
    } else if (errno == ENOENT) {
      missing += (missing.empty() ? "" : ", ") + std::string(name);
    } else {
      return NotThere(subject, path + "/" + name, report);
    }
  }
  if (!any) {
    return report->Warn(subject, "the folder is empty: a server would begin with nothing",
                        "if there was data, see that its disk is mounted, or restore it");
  }
  if (!missing.empty()) {
    return report->Fail(subject, "missing: " + missing,
                        "start the server once if it was updated; otherwise restore the whole "
                        "folder: docs/operations.md, `The server does not start`");
  }
  report->Good(subject, "both are there, with their marks");
}

void LookAtDisk(const std::string& path, DoctorReport* report) {
  struct statvfs disk {};
  if (statvfs(path.c_str(), &disk) != 0) return NotThere("disk", path, report);
  const uint64_t bytes = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  const std::string text = HumanBytes(static_cast<double>(bytes)) + " are free";
  if (bytes < kReserve) {
    return report->Fail("disk", text + ": writes and loads are refused",
                        "free some space, or enlarge the disk");
  }
  if (bytes < kGood) {
    return report->Warn("disk", text, "a load needs room for the new release beside the old one");
  }
  report->Good("disk", text);
}

// Returns the process that has the folder open; 0 if there is none, or if that cannot be found out.
pid_t Holder(const std::string& path) {
  const int fd = open((path + "/store/LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool asked = fcntl(fd, F_GETLK, &lock) == 0;
  close(fd);
  return asked && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

// Checks how much of the memory that a process asks huge pages for is in them.
void LookAtMemory(pid_t pid, DoctorReport* report) {
  const std::string subject = "memory of the indexes";
  const auto mappings = ReadMappings(fmt::format("/proc/{}/smaps", pid));
  if (!mappings.has_value()) {
    return report->Unknown(subject, fmt::format("the memory of process {} can't be read", pid),
                           "run the doctor as the server's user, or as root");
  }
  MemoryShare sum;
  uint64_t reserved = 0;
  for (const MemoryMapping& mapping : *mappings) {
    if (!mapping.advised && !mapping.reserved) continue;
    sum.resident += mapping.resident;
    sum.huge += mapping.huge;
    if (mapping.reserved) reserved += mapping.resident;
  }
  if (sum.resident == 0) {
    return report->Good(subject,
                        "nothing is in huge pages: there is no list yet, or "
                        "memory.huge_pages is off");
  }
  std::string text = fmt::format("{:.0f} % of {} are in huge pages", std::floor(100 * sum.share()),
                                 HumanBytes(static_cast<double>(sum.resident)));
  if (sum.low()) {
    return report->Warn(subject, text + ", and batches take up to 1.4 times as long",
                        "free some memory, run sysctl vm.compact_memory=1, and look again in a "
                        "minute; or reserve them: docs/operations.md, `Huge pages`");
  }
  if (reserved != 0 && reserved < sum.resident) {
    const uint64_t missing = sum.resident - reserved;
    return report->Warn(subject,
                        fmt::format("{}; for {} of it no reserved one was free", text,
                                    HumanBytes(static_cast<double>(missing))),
                        fmt::format("raise vm.nr_hugepages by {} and restart dncd",
                                    (missing + kHugePage - 1) / kHugePage));
  }
  report->Good(subject, text);
}

void LookAtDescriptors(pid_t pid, DoctorReport* report) {
  const std::string subject = "descriptors";
  const auto limits = ReadAll(fmt::format("/proc/{}/limits", pid));
  const size_t at = limits.has_value() ? limits->find("Max open files") : std::string::npos;
  if (at == std::string::npos) {
    return report->Unknown(subject, fmt::format("the limits of process {} can't be read", pid),
                           "run the doctor as the server's user, or as root");
  }
  std::istringstream line(limits->substr(at + std::strlen("Max open files")));
  std::string soft_text;
  std::string hard_text;
  line >> soft_text >> hard_text;
  const rlim_t soft =
      soft_text == "unlimited" ? RLIM_INFINITY : std::strtoull(soft_text.c_str(), nullptr, 10);
  std::error_code error;
  size_t used = 0;
  for (fs::directory_iterator fds(fmt::format("/proc/{}/fd", pid), error);
       !error && fds != fs::directory_iterator(); fds.increment(error)) {
    ++used;
  }
  const std::string text =
      fmt::format("process {}: at most {} open files, {} if it asks{}", pid, soft_text, hard_text,
                  error ? "" : fmt::format("; {} are open", used));
  if (!error && soft != RLIM_INFINITY && used + used / 4 > soft) {
    return report->Fail(subject, text, "raise LimitNOFILE (ulimit -n) and restart dncd");
  }
  if (soft < kManyFiles) {
    return report->Warn(subject, text,
                        "set LimitNOFILE=65536 in the unit (ulimit -n); each connection takes one");
  }
  report->Good(subject, text);
}

void LookAtProcess(const std::string& path, DoctorReport* report) {
  const pid_t pid = Holder(path);
  if (pid <= 0) {
    for (const char* const subject : {"descriptors", "memory of the indexes"}) {
      report->Unknown(subject, "no process is seen that has the data folder open",
                      "start dncd, and run the doctor on its machine, as its user or as root");
    }
    return;
  }
  LookAtDescriptors(pid, report);
  LookAtMemory(pid, report);
}

// Returns the value of a key; nothing if there is no such key.
YAML::Node Child(const YAML::Node& node, const char* key) {
  return node.IsMap() && node[key].IsDefined() ? node[key] : YAML::Node();
}

}  // namespace

void NotThere(const std::string& subject, const std::string& path, DoctorReport* report) {
  const int error = errno;
  if (error == EACCES || error == EPERM) {
    report->Unknown(subject, fmt::format("{} is closed to {}", path, User(geteuid())),
                    "run the doctor as the server's user, or as root");
  } else {
    report->Fail(subject, fmt::format("{}: {}", path, std::strerror(error)),
                 "give its right path, or make it");
  }
}

DoctorConfig ReadDoctorConfig(const std::string& path, DoctorReport* report) {
  DoctorConfig config;
  if (!Stat(path).has_value()) {
    NotThere("configuration", path, report);
    return config;
  }
  const auto text = ReadAll(path);
  if (!text.has_value()) {
    report->Unknown("configuration", path + " is closed to " + User(geteuid()),
                    "run the doctor as the server's user, or as root");
    return config;
  }
  try {
    const YAML::Node root = YAML::Load(*text);
    const YAML::Node tls = Child(root, "tls");
    config.data_dir = Child(root, "data_dir").as<std::string>("");
    config.certificate = Child(tls, "certificate").as<std::string>("");
    config.key = Child(tls, "key").as<std::string>("");
    for (const auto& folder : Child(Child(root, "registry"), "load_dirs")) {
      config.load_dirs.push_back(folder.as<std::string>(""));
    }
    report->Good("configuration", path + " can be read");
  } catch (const YAML::Exception& error) {
    report->Fail("configuration", fmt::format("{}: no valid YAML: {}", path, error.msg),
                 "mend it; dncd would not start with it");
  }
  return config;
}

void LookAtConfigured(const DoctorConfig& config, DoctorReport* report) {
  if (!config.certificate.empty()) LookAtCertificate(config.certificate, report);
  if (!config.key.empty()) LookAtSecret("certificate's key", config.key, report);
  for (const std::string& folder : config.load_dirs) {
    const auto info = Stat(folder);
    if (!info.has_value()) {
      NotThere("load folder", folder, report);
    } else if (!S_ISDIR(info->st_mode)) {
      report->Fail("load folder", folder + " is no folder", "mend registry.load_dirs");
    } else if ((info->st_mode & S_IWOTH) != 0 && (info->st_mode & S_ISVTX) == 0) {
      report->Warn("load folder", "every user may put lists into " + folder, "chmod o-w " + folder);
    } else {
      report->Good("load folder", folder + " is there");
    }
  }
}

void LookAtDataFolder(const std::string& path, DoctorReport* report) {
  const std::string subject = "data folder";
  const auto info = Stat(path);
  if (!info.has_value()) return NotThere(subject, path, report);
  if (!S_ISDIR(info->st_mode)) {
    return report->Fail(subject, path + " is no folder", "give the right --data-dir");
  }
  const std::string owner = User(info->st_uid);
  if ((info->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    report->Warn(subject,
                 fmt::format("{}, of {}, is open to other users (mode {:04o}): it holds numbers "
                             "and hashes of keys",
                             path, owner, info->st_mode & 07777U),
                 "chmod 0700 " + path);
  } else {
    report->Good(subject, fmt::format("{} belongs to {} and is closed to others", path, owner));
  }
  LookAtContent(path, info->st_uid, report);
  LookAtHalves(path, report);
  LookAtDisk(path, report);
  LookAtProcess(path, report);
}

void LookAtMachine(const std::string& data_dir, DoctorReport* report) {
  const auto pages = ReadAll("/sys/kernel/mm/transparent_hugepage/enabled");
  if (!pages.has_value()) {
    report->Unknown("huge pages", "the kernel does not tell", "");
  } else if (pages->find("[never]") != std::string::npos) {
    report->Warn("huge pages", "they are off, and every batch takes about 1.4 times as long",
                 "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled, and restart dncd");
  } else {
    report->Good("huge pages", "on");
  }
  const auto mark = data_dir.empty() ? std::nullopt : ReadAll(data_dir + "/clock");
  if (mark.has_value() && mark->rfind("time ", 0) == 0) {
    const absl::Duration behind =
        absl::FromUnixMicros(std::strtoll(mark->c_str() + 5, nullptr, 10)) - absl::Now();
    if (behind >= absl::Hours(24)) {
      report->Fail("clock", "it lies " + HumanDuration(behind) + " behind what the stores know",
                   "set it right, or see docs/operations.md, DncClockBehind");
    } else if (behind > absl::Minutes(1)) {
      report->Warn("clock", "it lies " + HumanDuration(behind) + " behind what the stores know",
                   "set it right; if it is, it catches up by itself");
    }
  }
  struct timex state {};
  const int clock = adjtimex(&state);
  if (clock < 0) {
    report->Unknown("time synchronisation", "the kernel does not tell", "");
  } else if (clock == TIME_ERROR || (static_cast<unsigned>(state.status) & STA_UNSYNC) != 0) {
    report->Warn("time synchronisation", "nothing keeps this machine's clock right",
                 "run chrony or systemd-timesyncd: how old lists are rests on the clock");
  } else {
    report->Good("time synchronisation", "the clock is kept right");
  }
}

}  // namespace dnc::cli
