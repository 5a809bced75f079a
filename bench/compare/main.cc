// compare_SUBJECT loads the synthetic registry into one subject, asks it, and prints JSON.
//
//   compare_exact_set --millions 260
//
// If any answer was wrong, it exits with 1 and a message, and prints no JSON.
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/compare/harness.h"
#include "bench/compare/subject.h"
#include "server/base/status_macros.h"

namespace dnc {
namespace {

constexpr size_t kNumbersAnAdd = 65'536;

struct Options {
  int millions = 1;
  size_t questions = 4'000'000;
  std::vector<size_t> batches = {1, 10, 100, 1'000, 10'000, 100'000};
  std::vector<int> threads = {1};
  int rounds = 5;
  double seconds = 0.4;
  double warm_seconds = 20;
  SubjectOptions subject;
};

uint64_t ResidentBytes() {
  malloc_trim(0);
  uint64_t size = 0;
  uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

// Hands the numbers over in chunks; only the subject's own time counts. Returns seconds.
absl::StatusOr<double> Load(const NumberSet& set, Subject& subject) {
  using Clock = std::chrono::steady_clock;
  Clock::duration spent{};
  absl::Status status;
  const auto timed = [&](auto&& part) {
    if (!status.ok()) return;
    const auto start = Clock::now();
    status = part();
    spent += Clock::now() - start;
  };
  std::vector<Number> chunk;
  chunk.reserve(kNumbersAnAdd);
  timed([&] { return subject.Begin(set.size()); });
  for (const int area_code : AreaCodesOf(set)) {
    set.area(area_code)->ForEachNumber([&](uint32_t subscriber) {
      chunk.push_back(MakeNumber(area_code, subscriber));
      if (chunk.size() < kNumbersAnAdd) return;
      timed([&] { return subject.Add(chunk); });
      chunk.clear();
    });
  }
  if (!chunk.empty()) timed([&] { return subject.Add(chunk); });
  timed([&] { return subject.Finish(); });
  if (!status.ok()) return status;
  return std::chrono::duration<double>(spent).count();
}

absl::Status AskAll(const Options& options, Subject& subject, const NumberSet& set,
                    nlohmann::json& out) {
  Harness harness(&subject, *std::max_element(options.threads.begin(), options.threads.end()));
  out["huge_pages"] = harness.HugeShare();
  if (harness.HugeShare() < 0.99) {
    fmt::print(stderr, "warning: {:.0f} % of the calibration's memory is in huge pages\n",
               100 * harness.HugeShare());
  }
  for (const auto& questions :
       {RandomQuestions(set, options.questions), CampaignQuestions(set, options.questions)}) {
    DNC_RETURN_IF_ERROR(harness.Measure(questions, {1'000, 1, 1, options.warm_seconds}).status());
    for (const int threads : options.threads) {
      for (const size_t batch : options.batches) {
        DNC_ASSIGN_OR_RETURN(
            const Timing timing,
            harness.Measure(questions, {batch, threads, options.rounds, options.seconds}));
        out["timings"].push_back({{"input", questions.name},
                                  {"batch", batch},
                                  {"threads", threads},
                                  {"ns", timing.nanoseconds},
                                  {"line_ns", timing.line},
                                  {"asked", timing.asked},
                                  {"wrong_yes", timing.wrong_yes}});
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<nlohmann::json> Run(const Options& options) {
  const auto subject = MakeSubject(options.subject);
  for (const int threads : options.threads) {
    if (threads > 1 && !subject->thread_safe()) {
      return absl::InvalidArgumentError("this subject takes one thread");
    }
  }
  const NumberSet& set = BenchRegistry(options.millions);
  const uint64_t before = ResidentBytes();
  nlohmann::json out;
  DNC_ASSIGN_OR_RETURN(out["load_seconds"], Load(set, *subject));
  const uint64_t grown = ResidentBytes() - before;
  DNC_RETURN_IF_ERROR(AskAll(options, *subject, set, out));
  const SubjectMemory memory = subject->memory();
  out["numbers"] = set.size();
  out["exact"] = subject->exact();
  out["resident_bytes"] = grown;
  out["memory_bytes"] = memory.bytes == 0 ? grown : memory.bytes;
  out["memory_source"] = memory.bytes == 0 ? "growth of the process" : memory.source;
  out["disk_bytes"] = memory.disk_bytes;
  return out;
}

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) {
  dnc::Options options;
  CLI::App app("Loads the synthetic registry into one subject, asks, prints JSON.");
  app.add_option("--millions", options.millions, "Numbers listed, 1 to 1000, in millions")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  app.add_option("--questions", options.questions, "Different numbers to ask")
      ->capture_default_str();
  app.add_option("--batches", options.batches, "Numbers a batch")->delimiter(',');
  app.add_option("--threads", options.threads, "Threads that ask")->delimiter(',');
  app.add_option("--rounds", options.rounds, "The median of so many")->capture_default_str();
  app.add_option("--seconds", options.seconds, "A round takes at most")->capture_default_str();
  app.add_option("--warm-seconds", options.warm_seconds, "Of questions before the first round")
      ->capture_default_str();
  app.add_option("--dir", options.subject.directory, "An empty folder, for those with files");
  app.add_option("--address", options.subject.address, "Unix socket, for those with a server");
  CLI11_PARSE(app, argc, argv);
  const auto result = dnc::Run(options);
  if (!result.ok()) {
    fmt::print(stderr, "{}: {}\n", argv[0], std::string(result.status().message()));
    return 1;
  }
  fmt::print("{}\n", result->dump());
  return 0;
}
