// Measures a Scrub inside the server, from the bytes of the request to the bytes of the answer:
// parsing, normalizing, the engine, the snapshot that the answer rests on, the counters,
// serializing. Only gRPC and the kernel are left out.
//
//   bench_handler         // 260 million numbers; half of those asked are listed
//
// DNC_CPU_LEVEL=portable or avx2 shows what lesser processors would do; DNC_SMALL_PAGES=1 shows
// memory without huge pages; DNC_GATHER=0 leaves the sets in the pages that they came in, while
// otherwise the kernel gathers them in huge pages, as in dncd, before anything is measured.
//
// BM_Floor is the reference in the same run: the random memory lines of as many numbers, and
// nothing else. BM_Engine is the verdict engine alone, on numbers that are read already.
#include <benchmark/benchmark.h>
#include <sys/prctl.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "bench/handler_run.h"
#include "bench/synthetic_registry.h"
#include "server/base/periodic_task.h"
#include "server/index/huge_page_keeper.h"
#include "server/scrub/batch_engine.h"

namespace dnc {
namespace {

constexpr int kMillions = 260;
// These are far more than any cache holds.
constexpr size_t kQuestions = 10'000'000;

absl::Time ObtainedAt(int area_code) {
  static const absl::Time now = absl::Now();
  return now - absl::Hours(24 * (1 + area_code % 5));
}

std::shared_ptr<SnapshotList> MakeList(std::string name, ListKind kind, ListEffect effect,
                                       NumberSet numbers) {
  auto list = std::make_shared<SnapshotList>();
  list->name = std::move(name);
  list->kind = kind;
  list->effect = effect;
  list->required = kind == ListKind::kNational;
  list->release_id = 1;
  list->digest = std::string(32, 'd');
  list->numbers = std::move(numbers);
  for (const int area : AreaCodesOf(list->numbers)) {
    list->areas[area] = {AreaState::kLoaded, ObtainedAt(area)};
  }
  return list;
}

// Makes a set as large as the national list, in as many area codes, of other numbers.
NumberSet OtherNumbers(int area_codes, uint64_t seed) {
  NumberSet set;
  for (int i = 0; i < area_codes; ++i) {
    set.set_area(kFirstBenchArea + i, FillBenchArea(seed + static_cast<uint64_t>(i)).Build());
  }
  return set;
}

std::shared_ptr<const SnapshotList> NationalList() {
  static const std::shared_ptr<const SnapshotList> list =
      MakeList("national", ListKind::kNational, ListEffect::kDeny, BenchRegistry(kMillions));
  return list;
}

SnapshotPtr NationalSnapshot() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->lists = {NationalList()};
  return snapshot;
}

// Adds a state of 27 area codes, and a wireless list of the whole country.
SnapshotPtr ThreeLists() {
  static const std::vector<std::shared_ptr<const SnapshotList>> lists = [] {
    auto state = MakeList("state:TX", ListKind::kState, ListEffect::kDeny, OtherNumbers(27, 1'000));
    state->applies_to.reset();
    for (const int area : AreaCodesOf(state->numbers)) state->applies_to.set(area);
    return std::vector<std::shared_ptr<const SnapshotList>>{
        NationalList(), std::move(state),
        MakeList("wireless", ListKind::kWireless, ListEffect::kWireless, OtherNumbers(365, 2'000))};
  }();
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->lists = lists;
  return snapshot;
}

const std::vector<Number>& Questions() {
  static const std::vector<Number> numbers = BenchQuestions(BenchRegistry(kMillions), kQuestions);
  return numbers;
}

std::vector<grpc::ByteBuffer> Requests(size_t batch) {
  std::vector<grpc::ByteBuffer> requests;
  for (size_t start = 0; start + batch <= Questions().size(); start += batch) {
    requests.push_back(ScrubRequestBytes(absl::MakeConstSpan(Questions()).subspan(start, batch)));
    // There are many small requests, and their memory would be what is measured.
    if (requests.size() == 100'000) break;
  }
  return requests;
}

void CountPerNumber(benchmark::State& state, size_t numbers) {
  const auto asked = static_cast<double>(state.iterations()) * static_cast<double>(numbers);
  state.counters["per_number"] =
      benchmark::Counter(asked, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Returns the share of the sets' and the filter's memory that the kernel really backs with huge
// pages.
double HugePageShare() { return ReadIndexMemory().value_or(MemoryShare{1, 0}).share(); }

// Has the sets' memory gathered in huge pages, as dncd does. Returns how many seconds it took until
// nearly all of it was; at most kPatience.
double Gather() {
  constexpr std::chrono::seconds kPatience(20);
  static HugePageKeeper keeper(&PagePool::Instance());
  static PeriodicTask task(absl::Seconds(1), [] { keeper.Look(); });
  const auto start = std::chrono::steady_clock::now();
  const auto passed = [start] { return std::chrono::steady_clock::now() - start; };
  while (HugePageShare() < 0.99 && passed() < kPatience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return std::chrono::duration<double>(passed()).count();
}

bool Gathers() {
  const char* const gather = std::getenv("DNC_GATHER");
  return gather == nullptr || std::string_view(gather) != "0";
}

void Run(benchmark::State& state, HandlerRun& run) {
  const auto batch = static_cast<size_t>(state.range(0));
  std::vector<grpc::ByteBuffer> requests = Requests(batch);
  state.counters["gather_seconds"] = Gathers() ? Gather() : 0;
  const uint64_t passed_before = run.own_stats().filter_passed;
  const VerdictCounts before = run.verdicts();
  size_t next = 0;
  for (auto _ : state) {
    if (!run.Answer(&requests[next])) state.SkipWithError("a request was not answered");
    if (++next == requests.size()) next = 0;
  }
  const auto listed = static_cast<size_t>(Verdict::kListed);
  const auto asked = static_cast<double>(state.iterations()) * static_cast<double>(batch);
  state.counters["listed_share"] =
      static_cast<double>(run.verdicts()[listed] - before[listed]) / asked;
  state.counters["records_read_a_batch"] =
      static_cast<double>(run.own_stats().filter_passed - passed_before) /
      static_cast<double>(state.iterations());
  state.counters["huge_page_share"] = HugePageShare();
  CountPerNumber(state, batch);
}

// Asks the national list alone, for a tenant without lists of its own.
void BM_Handler(benchmark::State& state) {
  HandlerRun run(NationalSnapshot(), /*filter_records=*/1'000);
  Run(state, run);
}
BENCHMARK(BM_Handler)->Arg(1)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMicrosecond);

// Asks three lists, for a tenant. Every fiftieth number is on the tenant's own do-not-call list
// (range 1), or none is, so the difference is what reading the store costs. In both cases the
// filter is far larger than any cache.
void BM_HandlerAllLists(benchmark::State& state) {
  static std::unique_ptr<HandlerRun> run;
  static int64_t opted_out = -1;
  if (opted_out != state.range(1)) {
    run = nullptr;
    run = std::make_unique<HandlerRun>(ThreeLists(), /*filter_records=*/100'000'000);
    // On record for the tenant, but nobody asks about it.
    std::vector<Number> numbers = {2'000'000'000};
    for (size_t i = 0; i < Questions().size() && state.range(1) != 0; i += 50) {
      numbers.push_back(Questions()[i]);
    }
    run->OptOut(numbers);
    opted_out = state.range(1);
  }
  Run(state, *run);
}
BENCHMARK(BM_HandlerAllLists)->Args({1'000, 0})->Args({1'000, 1})->Unit(benchmark::kMicrosecond);

void BM_Engine(benchmark::State& state) {
  const auto batch = static_cast<size_t>(state.range(0));
  const SnapshotPtr snapshot = NationalSnapshot();
  const absl::Time now = absl::Now();
  const std::vector<Number>& numbers = Questions();
  std::vector<uint8_t> verdicts(batch);
  std::vector<ReasonSet> reasons(batch);
  size_t start = 0;
  for (auto _ : state) {
    ScrubBatch(snapshot, now, absl::MakeConstSpan(numbers).subspan(start, batch), {},
               {absl::MakeSpan(verdicts), absl::MakeSpan(reasons)});
    benchmark::DoNotOptimize(verdicts.data());
    start += batch;
    if (start + batch > numbers.size()) start = 0;
  }
  CountPerNumber(state, batch);
}
BENCHMARK(BM_Engine)->Arg(1'000)->Unit(benchmark::kMicrosecond);

void BM_Floor(benchmark::State& state) {
  const auto batch = static_cast<size_t>(state.range(0));
  RandomLines lines(BenchRegistry(kMillions).memory_bytes());
  state.counters["huge_page_share"] = lines.HugeShare();
  size_t read = 0;
  for (auto _ : state) {
    for (; read < batch; read += RandomLines::kGroup) benchmark::DoNotOptimize(lines.ReadGroup());
    read -= batch;
  }
  CountPerNumber(state, batch);
}
BENCHMARK(BM_Floor)->Arg(1'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) {
  if (std::getenv("DNC_SMALL_PAGES") != nullptr) prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
