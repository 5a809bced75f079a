// The exact set at the size of the whole registry: memory, lookups, changes, digests.
//
//   bench_index                                    // sizes from 1 to 260 million
//   bench_index --benchmark_filter=/260            // the whole registry only
//
// Sets are synthetic: up to 365 area codes, each with 356 exchanges, 5 to 40 % listed in each.
// BM_Floor is the mark for BM_MarkContained: one random cache line of as much memory, in huge
// pages, for each number, fetched in the same groups, and nothing else.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "server/index/area_set.h"
#include "server/index/number_set.h"

namespace dnc {
namespace {

constexpr int kMillionsPerRegistry = 260;
constexpr int kAreaCodesOfRegistry = 365;
constexpr uint32_t kExchanges = 356;
constexpr int kFirstAreaCode = 201;
constexpr size_t kHugePage = size_t{2} << 20;
// Far more than any cache holds. DNC_BENCH_QUESTIONS asks others, for example 250000000 (6 GB).
constexpr size_t kQuestions = 20'000'000;

// The n-th assigned exchange of an area code; odd ones, so that half of the rest is empty.
uint32_t ExchangeAt(uint32_t n) { return 200 + 2 * n; }

AreaSetBuilder FillArea(uint64_t seed) {
  std::mt19937_64 random(seed);
  AreaSetBuilder builder;
  for (uint32_t n = 0; n < kExchanges; ++n) {
    // 5 to 35 %, on average 20: the mean of an assigned exchange at 260 million numbers.
    const uint64_t limit = (UINT64_MAX / 100) * (5 + random() % 31);
    for (uint32_t line = 0; line < kNumbersPerExchange; ++line) {
      if (random() < limit) builder.Add(ExchangeAt(n) * kNumbersPerExchange + line);
    }
  }
  return builder;
}

// The set of about `millions` numbers; kept for the benchmarks of the same size.
const NumberSet& Registry(int millions) {
  static int built = 0;
  static auto set = std::make_unique<NumberSet>();
  if (built == millions) return *set;
  set = std::make_unique<NumberSet>();
  const int areas = std::max(1, millions * kAreaCodesOfRegistry / kMillionsPerRegistry);
  for (int i = 0; i < areas; ++i) {
    set->set_area(kFirstAreaCode + i, FillArea(static_cast<uint64_t>(i)).Build());
  }
  built = millions;
  return *set;
}

std::vector<int> AreaCodesOf(const NumberSet& set) {
  std::vector<int> area_codes;
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    if (set.area(area_code) != nullptr) area_codes.push_back(area_code);
  }
  return area_codes;
}

// Random numbers, every second one listed.
std::vector<Number> Questions(const NumberSet& set, size_t count) {
  constexpr size_t kBatch = 4'096;
  const std::vector<int> area_codes = AreaCodesOf(set);
  std::mt19937_64 random(7);
  std::vector<Number> batch(kBatch);
  std::vector<Number> by_answer[2];
  const size_t half = count / 2;
  while (by_answer[0].size() < half || by_answer[1].size() < half) {
    for (Number& number : batch) {
      const uint64_t word = random();
      const int area_code = area_codes[static_cast<uint32_t>(word) % area_codes.size()];
      const uint32_t exchange = ExchangeAt((word >> 32) % kExchanges);
      number = MakeNumber(area_code, exchange * kNumbersPerExchange + (word >> 42) % 10'000);
    }
    std::vector<uint32_t> results(kBatch);
    set.MarkContained(batch, 0, absl::MakeSpan(results));
    for (size_t i = 0; i < kBatch; ++i) {
      std::vector<Number>& numbers = by_answer[results[i]];
      if (numbers.size() < half) numbers.push_back(batch[i]);
    }
  }
  std::vector<Number> numbers;
  numbers.reserve(2 * half);
  for (size_t i = 0; i < half; ++i) {
    numbers.push_back(by_answer[0][i]);
    numbers.push_back(by_answer[1][i]);
  }
  std::shuffle(numbers.begin(), numbers.end(), random);
  return numbers;
}

// `total` changes spread over the set, half of them additions; by area code.
std::vector<std::vector<Change>> ChangesFor(const NumberSet& set, size_t total,
                                            uint64_t seed = 11) {
  const std::vector<int> area_codes = AreaCodesOf(set);
  std::mt19937_64 random(seed);
  std::vector<std::vector<Change>> changes(kAreaCodes);
  for (size_t i = 0; i < total; ++i) {
    const uint32_t exchange = ExchangeAt(static_cast<uint32_t>(random() % kExchanges));
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
  static Digest asked_of;  // the questions are kept for sets of the same size and first area code
  const Digest digest = set.area(kFirstAreaCode)->digest();
  const Digest key = {digest.high, digest.low + set.size()};
  if (!(key == asked_of)) numbers = Questions(set, QuestionCount());
  asked_of = key;
  const auto batch = static_cast<size_t>(state.range(1));
  std::vector<uint32_t> results(batch);
  size_t start = 0;
  for (auto _ : state) {
    std::fill(results.begin(), results.end(), 0);
    set.MarkContained(absl::MakeConstSpan(numbers).subspan(start, batch), 0,
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

void BM_MarkContained(benchmark::State& state) {
  RunLookups(state, Registry(static_cast<int>(state.range(0))));
}
BENCHMARK(BM_MarkContained)->ArgsProduct({{1, 10, 100, 260}, {1'000}});
BENCHMARK(BM_MarkContained)->ArgsProduct({{260}, {1, 10, 10'000}});

// The same after a change list of 200,000 numbers that is not folded yet.
void BM_MarkContainedInDeltas(benchmark::State& state) {
  const NumberSet& set = Registry(static_cast<int>(state.range(0)));
  RunLookups(state, Changed(set, ChangesFor(set, 200'000)));
}
BENCHMARK(BM_MarkContainedInDeltas)->Args({260, 1'000});

// A list with few numbers in every exchange: arrays.
void BM_MarkContainedSparse(benchmark::State& state) {
  std::vector<std::vector<Change>> changes = ChangesFor(Registry(260), 4'000'000);
  NumberSet set;
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    for (Change& change : changes[area_code]) change.added = true;
    if (!changes[area_code].empty()) {
      set.set_area(area_code, WithChanges(nullptr, changes[area_code]).set);
    }
  }
  RunLookups(state, set);
}
BENCHMARK(BM_MarkContainedSparse)->Args({260, 1'000});

void BM_Floor(benchmark::State& state) {
  const size_t lines = Registry(static_cast<int>(state.range(0))).memory_bytes() / 64;
  const size_t bytes = (lines * 64 / kHugePage + 1) * kHugePage;
  const std::unique_ptr<char, decltype(&std::free)> memory(
      static_cast<char*>(std::aligned_alloc(kHugePage, bytes)), &std::free);
  madvise(memory.get(), bytes, MADV_HUGEPAGE);
  std::memset(memory.get(), 1, bytes);
  std::vector<uint32_t> order(20'000'000);
  std::mt19937_64 random(3);
  for (uint32_t& line : order) line = static_cast<uint32_t>(random() % lines);
  constexpr size_t kGroup = 256;
  size_t start = 0;
  uint64_t sum = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < kGroup; ++i) {
      __builtin_prefetch(memory.get() + uint64_t{order[start + i]} * 64);
    }
    for (size_t i = 0; i < kGroup; ++i) {
      sum += static_cast<uint64_t>(memory.get()[uint64_t{order[start + i]} * 64]);
    }
    start += kGroup;
    if (start + kGroup > order.size()) start = 0;
  }
  benchmark::DoNotOptimize(sum);
  state.counters["per_number"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * kGroup,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_Floor)->Arg(260);

// All area codes of the registry, each with its digest.
void BM_WithChanges(benchmark::State& state) {
  const NumberSet& set = Registry(static_cast<int>(state.range(0)));
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

// The second change list over a set that holds one already.
void BM_WithChangesTwice(benchmark::State& state) {
  const NumberSet& set = Registry(static_cast<int>(state.range(0)));
  const NumberSet once = Changed(set, ChangesFor(set, 300'000));
  const auto changes = ChangesFor(set, static_cast<size_t>(state.range(1)), /*seed=*/12);
  for (auto _ : state) benchmark::DoNotOptimize(Changed(once, changes).memory_bytes());
}
BENCHMARK(BM_WithChangesTwice)->Args({260, 200'000})->Unit(benchmark::kMillisecond);

void BM_Folded(benchmark::State& state) {
  const NumberSet& set = Registry(static_cast<int>(state.range(0)));
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

// A start: every block decoded and checked, each area code built with its digest.
void BM_FromStoredBlocks(benchmark::State& state) {
  const NumberSet& set = Registry(static_cast<int>(state.range(0)));
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

// Building one mean area code from its numbers in file order: adds, packing, digest.
void BM_BuildArea(benchmark::State& state) {
  std::vector<uint32_t> numbers;
  FillArea(1).Build()->ForEachNumber([&numbers](uint32_t n) { numbers.push_back(n); });
  for (auto _ : state) {
    AreaSetBuilder builder;
    for (const uint32_t number : numbers) builder.Add(number);
    benchmark::DoNotOptimize(std::move(builder).Build()->digest());
  }
  state.counters["numbers"] = static_cast<double>(numbers.size());
}
BENCHMARK(BM_BuildArea)->Unit(benchmark::kMillisecond);

// Packing and the digest alone, for one mean area code.
void BM_PackAndDigest(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    AreaSetBuilder builder = FillArea(1);
    state.ResumeTiming();
    benchmark::DoNotOptimize(std::move(builder).Build()->digest());
  }
}
BENCHMARK(BM_PackAndDigest)->Unit(benchmark::kMicrosecond)->Iterations(50);

}  // namespace
}  // namespace dnc

BENCHMARK_MAIN();
