// Runs the hot paths as a fixed amount of work, for counting instructions (bench/kept_fast.sh):
//
//   hot_paths PATH ROUNDS      PATH: scrub, scrub_lists, parse, probe, socket_1, socket_1000,
//                                    socket_refused_1, socket_refused_10000
//
// The cost of a round is the difference between a run with more rounds and one with fewer. Of the
// paths from socket to socket only what the server's loop does is counted.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "bench/handler_run.h"
#include "bench/socket_run.h"
#include "bench/synthetic_registry.h"
#include "server/base/check.h"
#include "server/formats/test_files.h"
#include "server/index/bloom_filter.h"

namespace dnc {
namespace {

constexpr size_t kBatch = 1'000;

std::shared_ptr<const SnapshotList> MakeList(ListKind kind, ListEffect effect, uint64_t seed) {
  auto list = std::make_shared<SnapshotList>();
  list->name = std::to_string(static_cast<int>(kind));
  list->kind = kind;
  list->effect = effect;
  list->release_id = 1;
  for (int area = kFirstBenchArea; area < kFirstBenchArea + 2; ++area) {
    list->numbers.set_area(area, FillBenchArea(seed + static_cast<uint64_t>(area)).Build());
    list->areas[area] = {AreaState::kLoaded, absl::Now() - absl::Hours(24)};
  }
  return list;
}

// Answers a batch of 1,000 numbers, half of them listed, from bytes to bytes.
void Scrub(bool all_lists, int rounds) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->lists = {MakeList(ListKind::kNational, ListEffect::kDeny, 0)};
  if (all_lists) {
    snapshot->lists.push_back(MakeList(ListKind::kState, ListEffect::kDeny, 10));
    snapshot->lists.push_back(MakeList(ListKind::kWireless, ListEffect::kWireless, 20));
  }
  HandlerRun run(snapshot, /*filter_records=*/100'000);
  // The tenant has a record, so its numbers are probed; but it is about none of them.
  if (all_lists) run.OptOut({2'000'000'000});
  const std::vector<Number> numbers = BenchQuestions(snapshot->lists[0]->numbers, kBatch);
  grpc::ByteBuffer request = ScrubRequestBytes(numbers);
  for (int round = 0; round < rounds; ++round) {
    DNC_CHECK(run.Answer(&request), "a batch is answered");
  }
}

// Answers a call about so many numbers, half of them listed, from socket to socket, or refuses it.
void ScrubBySocket(size_t batch, int rounds, bool refused = false) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->revision = 1;
  snapshot->lists = {MakeList(ListKind::kNational, ListEffect::kDeny, 0)};
  SocketRun run(snapshot);
  std::vector<Number> numbers =
      BenchQuestions(snapshot->lists[0]->numbers, std::max<size_t>(batch, 2));
  numbers.resize(batch);
  for (int round = 0; round < rounds; ++round) {
    DNC_CHECK(refused ? run.Refused(numbers) : run.Scrub(numbers), "a call ends as it should");
  }
}

class CountingSink : public RecordSink {
 public:
  absl::Status OnNumbers(absl::Span<const Number> numbers) override {
    count += numbers.size();
    return absl::OkStatus();
  }
  absl::Status OnChanges(absl::Span<const ChangeRecord> /*changes*/) override {
    return absl::InternalError("a full list has no changes");
  }
  size_t count = 0;
};

// Parses a full list of 100,000 lines.
void Parse(int rounds) {
  constexpr size_t kLines = 100'000;
  std::string content;
  for (size_t i = 0; i < kLines; ++i) content += "201," + std::to_string(2'000'000 + 7 * i) + "\n";
  const MemoryFile file(content);
  ReadRequest request;
  request.path = file.path();
  request.name = "2026-8-5_201_hot.txt";
  for (int round = 0; round < rounds; ++round) {
    CountingSink sink;
    DNC_CHECK(ReadRegistryFile(request, sink).ok() && sink.count == kLines, "every line is read");
  }
}

// Probes the Bloom filter for 1,000 numbers.
void Probe(int rounds) {
  BloomFilter filter(DesignBloom(10'000, 12, 0));
  for (Number i = 0; i < 10'000; ++i) filter.Insert({7, 2'010'000'000 + i * 7});
  std::vector<Number> numbers;
  for (size_t i = 0; i < kBatch; ++i) numbers.push_back(2'010'000'000 + i);
  std::vector<uint32_t> results(kBatch);
  size_t possible = 0;
  for (int round = 0; round < rounds; ++round) {
    possible += filter.MayContainBatch(7, numbers, 0, absl::MakeSpan(results));
  }
  DNC_CHECK(rounds == 0 || possible > 0, "keys are found");
}

int Main(int argc, char** argv) {
  // dncd does the same.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const std::map<std::string_view, std::function<void(int)>> paths = {
      {"scrub", [](int rounds) { Scrub(false, rounds); }},
      {"scrub_lists", [](int rounds) { Scrub(true, rounds); }},
      {"parse", Parse},
      {"probe", Probe},
      {"socket_1", [](int rounds) { ScrubBySocket(1, rounds); }},
      {"socket_1000", [](int rounds) { ScrubBySocket(kBatch, rounds); }},
      {"socket_refused_1", [](int rounds) { ScrubBySocket(1, rounds, true); }},
      {"socket_refused_10000", [](int rounds) { ScrubBySocket(10 * kBatch, rounds, true); }},
  };
  const auto path = argc == 3 ? paths.find(argv[1]) : paths.end();
  if (path == paths.end()) {
    std::fprintf(stderr, "hot_paths: use hot_paths PATH ROUNDS, with one of these paths:");
    for (const auto& [name, run] : paths) std::fprintf(stderr, " %s", std::string(name).c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  path->second(std::atoi(argv[2]));
  return 0;
}

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) { return dnc::Main(argc, argv); }
