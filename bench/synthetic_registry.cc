#include "bench/synthetic_registry.h"

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "server/index/page_pool.h"

namespace dnc {
namespace {
constexpr int kMillionsPerRegistry = 260;
constexpr int kAreaCodesOfRegistry = 365;
constexpr uint32_t kEveryOtherExchange = 400;
constexpr int kCollapse = 25;  // MADV_COLLAPSE, which Debian 12's headers do not have
constexpr size_t kLine = 64;
constexpr size_t kLinesInOrder = 20'000'000;
}  // namespace

uint32_t BenchExchangeAt(uint32_t n) {
  return n < kEveryOtherExchange ? 200 + 2 * n : 201 + 2 * (n - kEveryOtherExchange);
}

AreaSetBuilder FillBenchArea(uint64_t seed, uint32_t exchanges) {
  std::mt19937_64 random(seed);
  AreaSetBuilder builder;
  for (uint32_t n = 0; n < exchanges; ++n) {
    // The share is 5 to 35 %, on average 20, which is the mean of an assigned exchange at 260
    // million numbers.
    const uint64_t limit = (UINT64_MAX / 100) * (5 + random() % 31);
    for (uint32_t line = 0; line < kNumbersPerExchange; ++line) {
      if (random() < limit) builder.Add(BenchExchangeAt(n) * kNumbersPerExchange + line);
    }
  }
  return builder;
}

const NumberSet& BenchRegistry(int millions) {
  static int built = 0;
  static auto set = std::make_unique<NumberSet>();
  if (built == millions) return *set;
  set = std::make_unique<NumberSet>();
  const int wanted = std::max(1, millions * kAreaCodesOfRegistry / kMillionsPerRegistry);
  const int areas = std::min(wanted, kAreaCodes - kFirstBenchArea);
  const uint32_t exchanges = kBenchExchanges * static_cast<uint32_t>(wanted) / areas;
  for (int i = 0; i < areas; ++i) {
    set->set_area(kFirstBenchArea + i, FillBenchArea(static_cast<uint64_t>(i), exchanges).Build());
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

uint32_t ExchangesOf(const NumberSet& set) {
  uint32_t exchanges = 0;
  set.area(kFirstBenchArea)->ForEachBlock([&](int, std::string_view) { ++exchanges; });
  return exchanges;
}

std::vector<Number> BenchQuestions(const NumberSet& set, size_t count) {
  constexpr size_t kBatch = 4'096;
  const std::vector<int> area_codes = AreaCodesOf(set);
  const uint32_t exchanges = ExchangesOf(set);
  std::mt19937_64 random(7);
  std::vector<Number> batch(kBatch);
  std::vector<Number> by_answer[2];
  const size_t half = count / 2;
  while (by_answer[0].size() < half || by_answer[1].size() < half) {
    for (Number& number : batch) {
      const uint64_t word = random();
      const int area_code = area_codes[static_cast<uint32_t>(word) % area_codes.size()];
      const uint32_t exchange = BenchExchangeAt((word >> 32) % exchanges);
      number = MakeNumber(area_code, exchange * kNumbersPerExchange + (word >> 42) % 10'000);
    }
    std::vector<uint32_t> results(kBatch);
    set.ContainsBatch(batch, 0, absl::MakeSpan(results));
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

void RandomLines::Free::operator()(char* memory) const { std::free(memory); }

RandomLines::RandomLines(size_t bytes) : order_(kLinesInOrder) {
  const size_t lines = bytes / kLine;
  const size_t size = (bytes / kHugePage + 1) * kHugePage;
  bytes_ = size;
  memory_.reset(static_cast<char*>(std::aligned_alloc(kHugePage, size)));
  madvise(memory_.get(), size, MADV_HUGEPAGE);
  std::memset(memory_.get(), 1, size);
  // Where free memory is chopped up, the reference must not be in smaller pages than what is
  // measured against it.
  for (int tries = 0; tries < 20 && madvise(memory_.get(), size, kCollapse) != 0; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  std::mt19937_64 random(3);
  for (uint32_t& line : order_) line = static_cast<uint32_t>(random() % lines);
}

double RandomLines::HugeShare() const {
  // Finds the mapping that holds the middle of the memory, and how much of it is in huge pages.
  const auto middle = reinterpret_cast<uintptr_t>(memory_.get() + bytes_ / 2);
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  bool inside = false;
  while (std::getline(maps, line)) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    uint64_t kilobytes = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) {
      inside = begin <= middle && middle < end;
    } else if (inside && std::sscanf(line.c_str(), "AnonHugePages: %lu", &kilobytes) == 1) {
      return std::min(1.0, static_cast<double>(kilobytes << 10) / static_cast<double>(bytes_));
    }
  }
  return 0;
}

uint64_t RandomLines::ReadGroup() {
  const uint32_t* lines = order_.data() + next_;
  uint64_t sum = 0;
  for (size_t i = 0; i < kGroup; ++i) __builtin_prefetch(memory_.get() + lines[i] * kLine);
  for (size_t i = 0; i < kGroup; ++i) {
    sum += static_cast<uint64_t>(memory_.get()[lines[i] * kLine]);
  }
  next_ += kGroup;
  if (next_ + kGroup > order_.size()) next_ = 0;
  return sum;
}

}  // namespace dnc
