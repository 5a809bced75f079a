#include "bench/compare/dncd_subject.h"

#include <fmt/format.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "dnc/v1/scrub_service.pb.h"

namespace dnc {

absl::Status DncdSubject::Begin(uint64_t /*total*/) {
  const absl::CivilDay today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
  const absl::CivilDay day = today - 1;
  prefix_ =
      fmt::format("{}/lists/{}-{}-{}_", options_.directory, day.year(), day.month(), day.day());
  std::filesystem::create_directories(options_.directory + "/lists");
  return absl::OkStatus();
}

absl::Status DncdSubject::Add(absl::Span<const Number> numbers) {
  for (const Number number : numbers) {
    if (AreaCodeOf(number) != area_code_) {
      Write();
      area_code_ = AreaCodeOf(number);
    }
    fmt::format_to(std::back_inserter(text_), "{},{:07}\n", area_code_, SubscriberOf(number));
  }
  return absl::OkStatus();
}

absl::Status DncdSubject::Finish() {
  Write();
  char self[PATH_MAX] = {};
  if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0) {
    return absl::InternalError("cannot tell where this program lies");
  }
  const auto bin = std::filesystem::path(self).parent_path().string();
  // A shell expands the pattern to hundreds of files.
  const std::string command =
      fmt::format("'{}/dncctl' --server {} load --yes --on-server '{}/lists/'*.txt >&2", bin,
                  options_.address, options_.directory);
  if (std::system(command.c_str()) != 0) return absl::InternalError(command + " failed");
  return absl::OkStatus();
}

absl::Status DncdSubject::Take(int verdict, uint32_t* listed) {
  if (verdict != v1::VERDICT_LISTED && verdict != v1::VERDICT_CLEAR) {
    return absl::InternalError(absl::StrCat("a verdict that is neither clear nor listed: ",
                                            v1::Verdict_Name(static_cast<v1::Verdict>(verdict))));
  }
  *listed = verdict == v1::VERDICT_LISTED ? 1 : 0;
  return absl::OkStatus();
}

SubjectMemory DncdSubject::memory() {
  SubjectMemory memory;
  memory.source = "resident memory of the server";
  std::string process;
  std::ifstream(options_.directory + "/pid") >> process;
  uint64_t size = 0;
  uint64_t resident = 0;
  std::ifstream("/proc/" + process + "/statm") >> size >> resident;
  memory.bytes = resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(options_.directory + "/data")) {
    if (entry.is_regular_file()) memory.disk_bytes += entry.file_size();
  }
  return memory;
}

void DncdSubject::Write() {
  if (text_.empty()) return;
  std::ofstream(fmt::format("{}{}.txt", prefix_, area_code_), std::ios::binary) << text_;
  text_.clear();
}

}  // namespace dnc
