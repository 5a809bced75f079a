// Measures the Bloom filter at the size of the tenants' lists: probes, inserts, its image.
//
//   bench_bloom                                    // 260 and 500 million keys
//   bench_bloom --benchmark_filter=/260
//
// Inserting so many keys takes long, so the blocks are filled with random bits of the same density;
// a probe cannot tell the difference. BM_BloomFloor is the reference for probes: one random cache
// line per number, in as much memory and in huge pages, fetched in the same groups, and nothing
// else.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "server/index/bloom_filter.h"
#include "server/index/bloom_image.h"
#include "server/index/growing_filter.h"

namespace dnc {
namespace {

constexpr double kBitsAKey = 12;
constexpr size_t kBatch = 1'000;
// These are far more than any cache has lines for.
constexpr size_t kQuestions = 20'000'000;

// Fast, and good enough to fill memory and to spread questions.
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  uint64_t operator()() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t word = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
  }

 private:
  uint64_t state_;
};

// Returns a word with 125 of 256 bits set on average: 1 - e^(-512 / 12 / 64) = 0.487.
uint64_t HalfFilledWord(SplitMix& random) {
  uint64_t word = 0;
  for (const bool set : {true, false, true, true, true, true, true, false}) {
    word = set ? word | random() : word & random();
  }
  return word;
}

uint64_t Keys(const benchmark::State& state) {
  return static_cast<uint64_t>(state.range(0)) * 1'000'000;
}

// Returns a filter of this size, and keeps it for the benchmarks of the same size.
std::shared_ptr<BloomFilter> FilledFilter(uint64_t keys) {
  static std::shared_ptr<BloomFilter> filter;
  if (filter != nullptr && filter->design().capacity == keys) return filter;
  filter = nullptr;
  filter = std::make_shared<BloomFilter>(DesignBloom(keys, kBitsAKey, 0), BloomFilter::Unfilled());
  SplitMix random(1);
  auto* words = reinterpret_cast<uint64_t*>(filter->memory());
  for (uint64_t i = 0; i < filter->memory_bytes() / 8; ++i) words[i] = HalfFilledWord(random);
  filter->SetCounts(keys, 0);
  return filter;
}

const std::vector<Number>& Questions() {
  static const std::vector<Number> numbers = [] {
    SplitMix random(2);
    std::vector<Number> made(kQuestions);
    for (Number& number : made) number = 2'000'000'000 + random() % 8'000'000'000;
    return made;
  }();
  return numbers;
}

void CountNumbers(benchmark::State& state, size_t batch) {
  state.counters["per_number"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(batch),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Asks batches with probe(numbers, results), which returns how many were possible.
template <typename Probe>
void RunProbes(benchmark::State& state, const Probe& probe) {
  const std::vector<Number>& numbers = Questions();
  std::vector<uint32_t> results(kBatch);
  size_t start = 0;
  uint64_t possible = 0;
  for (auto _ : state) {
    possible += probe(absl::MakeConstSpan(numbers).subspan(start, kBatch), absl::MakeSpan(results));
    start += kBatch;
    if (start + kBatch > numbers.size()) start = 0;
  }
  CountNumbers(state, kBatch);
  state.counters["possible"] =
      static_cast<double>(possible) / static_cast<double>(state.iterations() * kBatch);
}

void BM_BloomProbe(benchmark::State& state, CpuLevel level) {
  if (!IsSupported(level)) return state.SkipWithError("the processor can't");
  const auto filter = FilledFilter(Keys(state));
  RunProbes(state, [&](absl::Span<const Number> numbers, absl::Span<uint32_t> results) {
    return filter->MayContainBatchWith(level, 7, numbers, 0, results);
  });
}
BENCHMARK_CAPTURE(BM_BloomProbe, avx512, CpuLevel::kAvx512)->Arg(260)->Arg(500);
BENCHMARK_CAPTURE(BM_BloomProbe, avx2, CpuLevel::kAvx2)->Arg(260)->Arg(500);
BENCHMARK_CAPTURE(BM_BloomProbe, portable, CpuLevel::kPortable)->Arg(260)->Arg(500);

void BM_BloomFloor(benchmark::State& state) {
  constexpr size_t kGroup = 256;
  const std::vector<Number>& numbers = Questions();
  const auto filter = FilledFilter(Keys(state));
  const uint64_t lines = filter->memory_bytes() / 64;
  std::vector<uint32_t> order(kQuestions);
  SplitMix random(3);
  for (uint32_t& line : order) line = static_cast<uint32_t>(random() % lines);
  const char* memory = filter->memory();
  uint64_t sum = numbers.front();
  size_t start = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < kGroup; ++i) {
      __builtin_prefetch(memory + uint64_t{order[start + i]} * 64);
    }
    for (size_t i = 0; i < kGroup; ++i) {
      sum += static_cast<uint64_t>(memory[uint64_t{order[start + i]} * 64]);
    }
    start += kGroup;
    if (start + kGroup > order.size()) start = 0;
  }
  benchmark::DoNotOptimize(sum);
  CountNumbers(state, kGroup);
}
BENCHMARK(BM_BloomFloor)->Arg(260)->Arg(500);

// Goes through the filter that can be rebuilt, with its gate and its counts.
void BM_GrowingProbe(benchmark::State& state) {
  GrowingFilter filter{{}};
  auto rebuild = filter.BeginRebuild(Keys(state));
  if (!rebuild.ok()) return state.SkipWithError("no filter");
  rebuild->Finish();
  const auto batch = static_cast<size_t>(state.range(1));
  std::vector<uint32_t> results(batch);
  size_t start = 0;
  for (auto _ : state) {
    filter.MayContainBatch(7, absl::MakeConstSpan(Questions()).subspan(start, batch), 0,
                           absl::MakeSpan(results));
    start += batch;
    if (start + batch > kQuestions) start = 0;
  }
  CountNumbers(state, batch);
}
BENCHMARK(BM_GrowingProbe)->Args({260, 1'000})->Args({260, 1});

// Does what a rebuild does with the keys of its snapshot.
void BM_BloomInsertBatch(benchmark::State& state) {
  BloomFilter filter(DesignBloom(Keys(state), kBitsAKey, 0));
  std::vector<BloomKey> keys(kBatch);
  SplitMix random(4);
  for (auto _ : state) {
    for (BloomKey& key : keys) key = {7, random() % kNumberLimit};
    benchmark::DoNotOptimize(filter.InsertBatch(keys));
  }
  CountNumbers(state, kBatch);
}
BENCHMARK(BM_BloomInsertBatch)->Arg(260);

std::string ImagePath() {
  return (std::filesystem::temp_directory_path() / "dnc-bench-filter").string();
}

void CountBytes(benchmark::State& state, uint64_t bytes) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
}

// This includes the fsync, so it measures the disk.
void BM_WriteImage(benchmark::State& state) {
  const auto filter = FilledFilter(Keys(state));
  for (auto _ : state) {
    if (!WriteBloomImage(*filter, {}, ImagePath()).ok()) state.SkipWithError("not written");
  }
  CountBytes(state, filter->memory_bytes());
  std::filesystem::remove(ImagePath());
}
BENCHMARK(BM_WriteImage)->Arg(500)->Unit(benchmark::kMillisecond)->Iterations(2)->UseRealTime();

// This reads from the page cache into new memory.
void BM_ReadImage(benchmark::State& state) {
  const auto filter = FilledFilter(Keys(state));
  if (!WriteBloomImage(*filter, {}, ImagePath()).ok()) state.SkipWithError("not written");
  for (auto _ : state) {
    if (!ReadBloomImage(ImagePath(), {}, UINT64_MAX).ok()) state.SkipWithError("not read");
  }
  CountBytes(state, filter->memory_bytes());
  std::filesystem::remove(ImagePath());
}
BENCHMARK(BM_ReadImage)->Arg(500)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace dnc

BENCHMARK_MAIN();
