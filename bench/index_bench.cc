// Measures the exact set at the size of the whole registry: memory, lookups, changes, digests.
//
//   bench_index                                    // sizes from 1 to 260 million
//   bench_index --benchmark_filter=/260            // the whole registry only
//
// Sets are synthetic (bench/synthetic_registry.h). BM_Floor is the reference for BM_ContainsBatch:
// one random cache line per number, in as much memory and in huge pages, fetched in the same
// groups, and nothing else.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bench/synthetic_registry.h"
#include "server/index/area_set.h"
#include "server/index/number_set.h"

namespace dnc {
namespace {

// These are far more than any cache holds. DNC_BENCH_QUESTIONS sets another count, for example
// 250000000 (6 GB).
constexpr size_t kQuestions = 20'000'000;

// Makes `total` changes spread over the set, half of them additions; returned by area code.
std::vector<std::vector<Change>> ChangesFor(const NumberSet& set, size_t total,
                                            uint64_t seed = 11) {
  const std::vector<int> area_codes = AreaCodesOf(set);
  std::mt19937_64 random(seed);
  std::vector<std::vector<Change>> changes(kAreaCodes);
  for (size_t i = 0; i < total; ++i) {
    const uint32_t exchange = BenchExchangeAt(static_cast<uint32_t>(random() % kBenchExchanges));
    const auto line = static_cast<uint32_t>(random() % kNumbersPerExchange);
    changes[area_codes[random() % area_codes.size()]].push_back(
        {exchange * kNumbersPerExchange + line, i % 2 == 0});
  }
  return changes;
}

NumberSet Changed(const NumberSet& set, const std::vector<std::vector<Change>>& changes) {
  NumberSet changed = set;
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    if (changes[area_code].empty()) continue;
    changed.set_area(area_code, WithChanges(set.area(area_code), changes[area_code]).set);
  }
  return changed;
}

size_t QuestionCount() {
  const char* given = std::getenv("DNC_BENCH_QUESTIONS");
  return given == nullptr ? kQuestions : std::strtoull(given, nullptr, 10);
}

// Asks batches of state.range(1) numbers.
void RunLookups(benchmark::State& state, const NumberSet& set) {
  static std::vector<Number> numbers;
  static Digest asked_of;  // questions are kept for sets of the same size and first area code
  const Digest digest = set.area(kFirstBenchArea)->digest();
  const Digest key = {digest.high, digest.low + set.size()};
  if (!(key == asked_of)) numbers = BenchQuestions(set, QuestionCount());
  asked_of = key;
  const auto batch = static_cast<size_t>(state.range(1));
  std::vector<uint32_t> results(batch);
  size_t start = 0;
  for (auto _ : state) {
    std::fill(results.begin(), results.end(), 0);
    set.ContainsBatch(absl::MakeConstSpan(numbers).subspan(start, batch), 0,
                      absl::MakeSpan(results));
    benchmark::DoNotOptimize(results.data());
    start += batch;
    if (start + batch > numbers.size()) start = 0;
  }
  const auto asked = static_cast<double>(state.iterations()) * static_cast<double>(batch);
  state.counters["per_number"] =
      benchmark::Counter(asked, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["numbers"] = static_cast<double>(set.size());
  state.counters["bytes_a_number"] =
      static_cast<double>(set.memory_bytes()) / static_cast<double>(set.size());
}

void BM_ContainsBatch(benchmark::State& state) {
  RunLookups(state, BenchRegistry(static_cast<int>(state.range(0))));
}
BENCHMARK(BM_ContainsBatch)->ArgsProduct({{1, 10, 100, 260}, {1'000}});
BENCHMARK(BM_ContainsBatch)->ArgsProduct({{260}, {1, 10, 10'000}});

// Asks the same after a change list of 200,000 numbers that is not folded yet.
void BM_ContainsBatchInDeltas(benchmark::State& state) {
  const NumberSet& set = BenchRegistry(static_cast<int>(state.range(0)));
  RunLookups(state, Changed(set, ChangesFor(set, 200'000)));
}
BENCHMARK(BM_ContainsBatchInDeltas)->Args({260, 1'000});

// Asks a list with few numbers in every exchange, which are arrays.
void BM_ContainsBatchSparse(benchmark::State& state) {
  std::vector<std::vector<Change>> changes = ChangesFor(BenchRegistry(260), 4'000'000);
  NumberSet set;
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    for (Change& change : changes[area_code]) change.added = true;
    if (!changes[area_code].empty()) {
      set.set_area(area_code, WithChanges(nullptr, changes[area_code]).set);
    }
  }
  RunLookups(state, set);
}
BENCHMARK(BM_ContainsBatchSparse)->Args({260, 1'000});

void BM_Floor(benchmark::State& state) {
  RandomLines lines(BenchRegistry(static_cast<int>(state.range(0))).memory_bytes());
  for (auto _ : state) benchmark::DoNotOptimize(lines.ReadGroup());
  state.counters["per_number"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * RandomLines::kGroup,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_Floor)->Arg(260);

// Changes all area codes of the registry, and computes each digest.
void BM_WithChanges(benchmark::State& state) {
  const NumberSet& set = BenchRegistry(static_cast<int>(state.range(0)));
  const auto changes = ChangesFor(set, static_cast<size_t>(state.range(1)));
  size_t bytes = 0;
  for (auto _ : state) bytes = Changed(set, changes).memory_bytes();
  state.counters["new_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_WithChanges)
    ->Args({260, 20'000})
    ->Args({260, 200'000})
    ->Args({260, 2'000'000})
    ->Unit(benchmark::kMillisecond);

// Applies the second change list over a set that already has one.
void BM_WithChangesTwice(benchmark::State& state) {
  const NumberSet& set = BenchRegistry(static_cast<int>(state.range(0)));
  const NumberSet once = Changed(set, ChangesFor(set, 300'000));
  const auto changes = ChangesFor(set, static_cast<size_t>(state.range(1)), /*seed=*/12);
  for (auto _ : state) benchmark::DoNotOptimize(Changed(once, changes).memory_bytes());
}
BENCHMARK(BM_WithChangesTwice)->Args({260, 200'000})->Unit(benchmark::kMillisecond);

void BM_Folded(benchmark::State& state) {
  const NumberSet& set = BenchRegistry(static_cast<int>(state.range(0)));
  const NumberSet changed = Changed(set, ChangesFor(set, 200'000));
  const std::vector<int> area_codes = AreaCodesOf(changed);
  for (auto _ : state) {
    NumberSet folded;
    for (const int area_code : area_codes) {
      folded.set_area(area_code, Folded(*changed.area(area_code)));
    }
    benchmark::DoNotOptimize(folded.memory_bytes());
  }
}
BENCHMARK(BM_Folded)->Arg(260)->Unit(benchmark::kMillisecond);

using StoredBlocks = std::vector<std::pair<int, std::string>>;

// Does what a start does: every block is decoded and checked, and each area code is built with its
// digest.
void BM_FromStoredBlocks(benchmark::State& state) {
  const NumberSet& set = BenchRegistry(static_cast<int>(state.range(0)));
  std::vector<StoredBlocks> stored;
  for (const int area_code : AreaCodesOf(set)) {
    StoredBlocks& blocks = stored.emplace_back();
    set.area(area_code)->ForEachBlock([&blocks](int exchange, std::string_view block) {
      blocks.emplace_back(exchange, std::string(block));
    });
  }
  for (auto _ : state) {
    uint64_t size = 0;
    for (const StoredBlocks& blocks : stored) {
      AreaSetBuilder builder;
      for (const auto& [exchange, block] : blocks) {
        if (!builder.AddBlock(exchange, block).ok()) state.SkipWithError("a block was refused");
      }
      size += std::move(builder).Build()->size();
    }
    if (size != set.size()) state.SkipWithError("numbers are missing");
  }
}
BENCHMARK(BM_FromStoredBlocks)->Arg(260)->Unit(benchmark::kMillisecond);

// Builds one average area code from its numbers in file order: adds, packing, digest.
void BM_BuildArea(benchmark::State& state) {
  std::vector<uint32_t> numbers;
  FillBenchArea(1).Build()->ForEachNumber([&numbers](uint32_t n) { numbers.push_back(n); });
  for (auto _ : state) {
    AreaSetBuilder builder;
    for (const uint32_t number : numbers) builder.Add(number);
    benchmark::DoNotOptimize(std::move(builder).Build()->digest());
  }
  state.counters["numbers"] = static_cast<double>(numbers.size());
}
BENCHMARK(BM_BuildArea)->Unit(benchmark::kMillisecond);

// Packs one average area code and computes its digest, and nothing else.
void BM_PackAndDigest(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    AreaSetBuilder builder = FillBenchArea(1);
    state.ResumeTiming();
    benchmark::DoNotOptimize(std::move(builder).Build()->digest());
  }
}
BENCHMARK(BM_PackAndDigest)->Unit(benchmark::kMicrosecond)->Iterations(50);

}  // namespace
}  // namespace dnc

BENCHMARK_MAIN();
