#include "tools/dncgen/tenant_plan.h"

#include <algorithm>

#include "fmt/format.h"
#include "server/rules/area_codes.h"
#include "tools/dncgen/random.h"

namespace dnc {
namespace {

constexpr uint32_t kFirstExchange = 200;
constexpr uint64_t kPositionsPerArea =
    (kExchangesPerArea - kFirstExchange) * uint64_t{kNumbersPerExchange};
// A tenant's numbers are at most this sparse.
constexpr uint64_t kUsualPerArea = 100'000;

std::vector<int> ChooseAreas(uint64_t records, Random random) {
  std::vector<int> all;
  for (const AreaCodeInfo& info : UsAreaCodes()) all.push_back(info.area_code);
  const uint64_t usual = 1 + random.Below(8) + records / kUsualPerArea;
  const size_t count = static_cast<size_t>(std::min<uint64_t>(usual, all.size()));
  for (size_t i = 0; i < count; ++i) {
    std::swap(all[i], all[i + random.Below(static_cast<uint32_t>(all.size() - i))]);
  }
  all.resize(count);
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

std::vector<TenantPlan> PlanTenants(uint64_t tenants, uint64_t records, uint64_t seed) {
  std::vector<double> weights;
  double sum = 0;
  for (uint64_t k = 1; k <= tenants; ++k) {
    const double rank = static_cast<double>(k) + 10;
    weights.push_back(1 / (rank * rank));
    sum += weights.back();
  }
  std::vector<TenantPlan> plans;
  uint64_t left = records - std::min(records, tenants);
  const auto spread = static_cast<double>(left);
  for (uint64_t k = 0; k < tenants; ++k) {
    TenantPlan plan;
    plan.id = fmt::format("t{:05}", k + 1);
    const auto share = std::min(left, static_cast<uint64_t>(spread * weights[k] / sum));
    left -= share;
    plan.records = 1 + share;
    plans.push_back(std::move(plan));
  }
  if (!plans.empty()) plans.front().records += left;  // what rounding has left
  for (uint64_t k = 0; k < tenants; ++k) {
    plans[k].area_codes = ChooseAreas(plans[k].records, Random(seed, Purpose::kTenants, {k}));
  }
  return plans;
}

TenantNumbers::TenantNumbers(const TenantPlan& plan, uint64_t seed)
    : area_codes_(plan.area_codes),
      records_(std::min(plan.records, kPositionsPerArea * plan.area_codes.size())),
      seed_(Random(seed, Purpose::kTenants, {plan.records, Mix(plan.area_codes.size())}).Next()) {}

uint64_t TenantNumbers::CellBegin(uint64_t i) const {
  const uint64_t positions = area_codes_.size() * kPositionsPerArea;
  return positions * i / records_;
}

uint64_t TenantNumbers::PositionOf(uint64_t i) const {
  const uint64_t begin = CellBegin(i);
  return begin + Mix(seed_ ^ Mix(i)) % (CellBegin(i + 1) - begin);
}

Number TenantNumbers::Nth(uint64_t i) const {
  const uint64_t position = PositionOf(i);
  const int area_code = area_codes_[static_cast<size_t>(position / kPositionsPerArea)];
  return MakeNumber(area_code, static_cast<uint32_t>(position % kPositionsPerArea) +
                                   kFirstExchange * kNumbersPerExchange);
}

std::optional<uint64_t> TenantNumbers::IndexOf(Number number) const {
  if (number >= kNumberLimit || records_ == 0) return std::nullopt;
  const auto area = std::lower_bound(area_codes_.begin(), area_codes_.end(), AreaCodeOf(number));
  if (area == area_codes_.end() || *area != AreaCodeOf(number)) return std::nullopt;
  const uint64_t in_area = number % (uint64_t{kExchangesPerArea} * kNumbersPerExchange);
  if (in_area < kFirstExchange * uint64_t{kNumbersPerExchange}) return std::nullopt;
  const uint64_t position = static_cast<uint64_t>(area - area_codes_.begin()) * kPositionsPerArea +
                            in_area - kFirstExchange * uint64_t{kNumbersPerExchange};
  const uint64_t positions = area_codes_.size() * kPositionsPerArea;
  uint64_t i = position * records_ / positions;
  // Cells begin at rounded positions, so the next cell may be the one that holds it.
  while (i + 1 < records_ && CellBegin(i + 1) <= position) ++i;
  if (PositionOf(i) != position) return std::nullopt;
  return i;
}

PlannedList TenantNumbers::ListOf(uint64_t i) const {
  const uint64_t draw = Mix(Mix(seed_) ^ i) % 100;
  if (draw < 85) return PlannedList::kInternal;
  return draw < 95 ? PlannedList::kEbr : PlannedList::kConsent;
}

}  // namespace dnc
