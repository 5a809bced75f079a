#include "tools/dncgen/number_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fmt/format.h"
#include "server/base/error.h"
#include "server/rules/area_codes.h"
#include "tools/dncgen/random.h"

namespace dnc {
namespace {

constexpr double kSpread = 0.62;            // of the logarithm of an area code's size
constexpr uint64_t kUsualArea = 2'900'000;  // twice the largest area codes seen
constexpr uint32_t kUsualExchange = 4'000;  // 40 % of an exchange
constexpr uint32_t kFullestExchange = 9'990;
constexpr uint64_t kUsualPerExchange = 1'800;

// Divides `total` by weight, with no part above `cap`. Exact as long as total <= cap * weights.
std::vector<uint64_t> Apportion(uint64_t total, const std::vector<double>& weights, uint64_t cap) {
  std::vector<uint64_t> shares(weights.size(), 0);
  while (total > 0) {
    double open = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      if (shares[i] < cap) open += weights[i];
    }
    uint64_t given = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      const auto wanted =
          static_cast<uint64_t>(static_cast<double>(total) * (weights[i] / open) * 0.999999);
      const uint64_t more = std::min({wanted, cap - shares[i], total - given});
      shares[i] += more;
      given += more;
    }
    total -= given;
    if (given > 0) continue;
    for (size_t i = 0; i < shares.size() && total > 0; ++i) {
      if (shares[i] == cap) continue;
      ++shares[i];
      --total;
    }
  }
  return shares;
}

std::vector<int> AllAreaCodes() {
  std::vector<int> codes;
  for (const AreaCodeInfo& info : UsAreaCodes()) codes.push_back(info.area_code);
  return codes;
}

// Chooses `count` exchanges from 200 to 999, ascending, but never N11, which are service codes.
std::vector<int> ChooseExchanges(size_t count, Random& random) {
  std::vector<int> exchanges;
  for (int exchange = 200; exchange < kExchangesPerArea; ++exchange) {
    if (exchange % 100 != 11) exchanges.push_back(exchange);
  }
  count = std::min(count, exchanges.size());
  for (size_t i = 0; i < count; ++i) {
    std::swap(exchanges[i],
              exchanges[i + random.Below(static_cast<uint32_t>(exchanges.size() - i))]);
  }
  exchanges.resize(count);
  std::sort(exchanges.begin(), exchanges.end());
  return exchanges;
}

size_t ExchangeCount(uint64_t numbers, Random& random) {
  const double usual = static_cast<double>(numbers) / static_cast<double>(kUsualPerExchange);
  const double varied = usual * (0.75 + 0.5 * random.Unit());
  const double least = std::min(100.0, static_cast<double>(numbers) / 1000);
  return static_cast<size_t>(std::clamp(std::max(varied, least), 1.0, 792.0));
}

// Makes what the real files hold beside the usual: a few exchanges that start with 0 or 1. Takes
// their numbers from `left`.
std::vector<ExchangePlan> OddExchanges(uint64_t& left, Random& random) {
  std::vector<ExchangePlan> odd;
  if (left < 1'000) return odd;
  const int first = static_cast<int>(random.Below(100));
  for (int exchange : {first, 100 + static_cast<int>(random.Below(100))}) {
    const uint32_t numbers = 1 + random.Below(20);
    odd.push_back({exchange, numbers});
    left -= numbers;
  }
  return odd;
}

}  // namespace

absl::StatusOr<std::vector<AreaPlan>> PlanAreas(uint64_t numbers, uint64_t seed,
                                                absl::Span<const int> area_codes) {
  std::vector<int> codes(area_codes.begin(), area_codes.end());
  if (codes.empty()) codes = AllAreaCodes();
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  if (numbers == 0 || numbers > kMaxNumbersPerArea * codes.size()) {
    return Error(reason::kInvalidRequest,
                 fmt::format("{} area codes hold 1 to {} numbers; change --numbers or --area-codes",
                             codes.size(), kMaxNumbersPerArea * codes.size()));
  }
  std::vector<double> weights;
  for (int code : codes) {
    Random random(seed, Purpose::kAreas, {static_cast<uint64_t>(code)});
    weights.push_back(std::exp(kSpread * random.Normal()));
  }
  const uint64_t each = numbers >= codes.size() ? 1 : 0;
  const uint64_t shared = numbers - each * codes.size();
  const uint64_t cap =
      shared <= codes.size() * (kUsualArea * 3 / 4) ? kUsualArea : kMaxNumbersPerArea;
  const std::vector<uint64_t> shares = Apportion(shared, weights, cap - each);
  std::vector<AreaPlan> areas;
  for (size_t i = 0; i < codes.size(); ++i) {
    if (shares[i] + each > 0) areas.push_back({codes[i], shares[i] + each});
  }
  return areas;
}

std::vector<ExchangePlan> PlanExchanges(const AreaPlan& area, uint64_t seed) {
  Random random(seed, Purpose::kExchanges, {static_cast<uint64_t>(area.area_code)});
  uint64_t left = area.numbers;
  std::vector<ExchangePlan> plan = OddExchanges(left, random);
  std::vector<int> exchanges = ChooseExchanges(ExchangeCount(left, random), random);
  // The first exchange of a large area code is nearly full, the last one nearly empty.
  if (left >= 150'000) {
    const uint32_t full = kFullestExchange - random.Below(190);
    const uint32_t few = 1 + random.Below(3);
    plan.push_back({exchanges.front(), full});
    plan.push_back({exchanges.back(), few});
    left -= full + few;
    exchanges = {exchanges.begin() + 1, exchanges.end() - 1};
  }
  std::vector<double> weights;
  for (size_t i = 0; i < exchanges.size(); ++i) {
    weights.push_back(0.05 + 0.35 * std::pow(random.Unit(), 1.6));
  }
  const bool usual = left <= exchanges.size() * (kUsualExchange * 3 / 4);
  const std::vector<uint64_t> shares =
      Apportion(left, weights, usual ? kUsualExchange : kNumbersPerExchange);
  for (size_t i = 0; i < exchanges.size(); ++i) {
    if (shares[i] > 0) plan.push_back({exchanges[i], static_cast<uint32_t>(shares[i])});
  }
  std::sort(plan.begin(), plan.end(),
            [](const ExchangePlan& a, const ExchangePlan& b) { return a.exchange < b.exchange; });
  return plan;
}

ExchangeNumbers::ExchangeNumbers(int area_code, const ExchangePlan& plan, uint64_t seed) {
  Random random(seed, Purpose::kNumbers,
                {static_cast<uint64_t>(area_code), static_cast<uint64_t>(plan.exchange)});
  // If more than half are taken, it is faster to remove numbers from a full exchange.
  const bool invert = plan.numbers > kNumbersPerExchange / 2;
  uint32_t left = invert ? kNumbersPerExchange - plan.numbers : plan.numbers;
  if (invert) {
    words_.fill(~uint64_t{0});
    words_.back() = (uint64_t{1} << (kNumbersPerExchange % 64)) - 1;
  }
  const auto flip = [&](uint32_t suffix) {
    if (left == 0 || Test(suffix) != invert) return;
    Flip(suffix);
    --left;
  };
  if (random.Below(100) < 35) {  // blocks of a company or of a new development
    for (uint32_t runs = 1 + random.Below(4); runs > 0; --runs) {
      const uint32_t length = std::min(5 + random.Below(56), 1 + left / 4);
      const uint32_t start = random.Below(kNumbersPerExchange - length);
      for (uint32_t i = 0; i < length; ++i) flip(start + i);
    }
  }
  while (left > 0) {
    const uint64_t bits = random.Next();
    flip(static_cast<uint32_t>(((bits >> 32) * kNumbersPerExchange) >> 32));
    flip(static_cast<uint32_t>(((bits & 0xffffffff) * kNumbersPerExchange) >> 32));
  }
}

}  // namespace dnc
