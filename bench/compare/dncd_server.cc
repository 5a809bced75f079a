// The server itself, end to end: the numbers are the registry's text files, loaded durably with
// dncctl, and asked about with the client library over a unix socket. Every number gets a verdict.
#include <fmt/format.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/compare/subject.h"
#include "clients/cpp/dnc/client.h"

namespace dnc {
namespace {

class DncdServer : public Subject {
 public:
  explicit DncdServer(SubjectOptions options) : options_(std::move(options)) {}

  absl::Status Begin(uint64_t) override {
    const absl::CivilDay today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
    const absl::CivilDay day = today - 1;
    prefix_ =
        fmt::format("{}/lists/{}-{}-{}_", options_.directory, day.year(), day.month(), day.day());
    std::filesystem::create_directories(options_.directory + "/lists");
    auto client = Client::Connect({.target = options_.address});
    if (!client.ok()) return client.status();
    client_ = std::make_unique<Client>(*std::move(client));
    return absl::OkStatus();
  }

  absl::Status Add(absl::Span<const Number> numbers) override {
    for (const Number number : numbers) {
      if (AreaCodeOf(number) != area_code_) {
        Write();
        area_code_ = AreaCodeOf(number);
      }
      fmt::format_to(std::back_inserter(text_), "{},{:07}\n", area_code_, SubscriberOf(number));
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
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

  absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) override {
    const ScrubResult result = client_->Scrub(numbers);
    if (!result.ok()) return result.status();
    for (size_t i = 0; i < numbers.size(); ++i) {
      const v1::Verdict verdict = result.verdict(i);
      if (verdict != v1::VERDICT_LISTED && verdict != v1::VERDICT_CLEAR) {
        return absl::InternalError(absl::StrCat("a verdict that is neither clear nor listed: ",
                                                v1::Verdict_Name(verdict)));
      }
      listed[i] = verdict == v1::VERDICT_LISTED ? 1 : 0;
    }
    return absl::OkStatus();
  }

  bool thread_safe() const override { return true; }

  SubjectMemory memory() override {
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

 private:
  void Write() {
    if (text_.empty()) return;
    std::ofstream(fmt::format("{}{}.txt", prefix_, area_code_), std::ios::binary) << text_;
    text_.clear();
  }

  SubjectOptions options_;
  std::unique_ptr<Client> client_;
  std::string prefix_;
  std::string text_;
  int area_code_ = 0;
};

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions& options) {
  return std::make_unique<DncdServer>(options);
}

}  // namespace dnc
