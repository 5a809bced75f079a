// Plans how many numbers a synthetic list has and where: their spread over area codes and
// exchanges, and the numbers of an exchange. It follows what is known of the registry: area codes
// of very different size, 100 to 800 exchanges each, 5 to 40 % of an exchange listed, some runs,
// some oddities.
//
//   auto areas = PlanAreas(260'000'000, seed, {});
//   for (const ExchangePlan& exchange : PlanExchanges(areas->front(), seed)) {
//     ExchangeNumbers numbers(areas->front().area_code, exchange, seed);
//     numbers.ForEach([](uint32_t suffix) { ... });
//   }
//
// All functions are pure: the same arguments give the same answer, on any thread.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/numbers/phone_number.h"

namespace dnc {

struct AreaPlan {
  int area_code = 0;
  uint64_t numbers = 0;
};

struct ExchangePlan {
  int exchange = 0;      // 0 to 999
  uint32_t numbers = 0;  // 1 to 10,000
};

// The most numbers that a plan puts into one area code.
inline constexpr uint64_t kMaxNumbersPerArea = 7'000'000;

// Spreads exactly `numbers` over `area_codes` (all US area codes if empty), ascending. Area codes
// that get none are left out; if there are at least as many numbers as area codes, each gets one.
// Fails with INVALID_ARGUMENT for no numbers, or for more than the area codes can hold.
absl::StatusOr<std::vector<AreaPlan>> PlanAreas(uint64_t numbers, uint64_t seed,
                                                absl::Span<const int> area_codes);

// Spreads exactly `area.numbers` over exchanges, ascending, with at least one number each.
std::vector<ExchangePlan> PlanExchanges(const AreaPlan& area, uint64_t seed);

// The numbers of one exchange: exactly `plan.numbers` of its 10,000.
class ExchangeNumbers {
 public:
  ExchangeNumbers(int area_code, const ExchangePlan& plan, uint64_t seed);

  // Calls `visit(suffix)` for each number, ascending; suffix is 0 to 9,999.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (uint32_t word = 0; word < words_.size(); ++word) {
      for (uint64_t bits = words_[word]; bits != 0; bits &= bits - 1) {
        visit(word * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
      }
    }
  }

 private:
  bool Test(uint32_t suffix) const { return words_[suffix / 64] >> (suffix % 64) & 1; }
  void Flip(uint32_t suffix) { words_[suffix / 64] ^= uint64_t{1} << (suffix % 64); }

  std::array<uint64_t, 157> words_{};
};

}  // namespace dnc
