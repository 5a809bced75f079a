// Plans the tenants of a synthetic platform and the numbers of their records: a few tenants have
// tens of millions of records, most have hundreds.
//
//   const std::vector<TenantPlan> tenants = PlanTenants(10'000, 500'000'000, seed);
//   TenantNumbers numbers(tenants.front(), seed);
//   numbers.Nth(0);           // the first number, in no time
//   numbers.Contains(number);
//
// All functions are pure: the same arguments give the same answer, on any thread, without memory
// for the numbers. So a program that asks a server knows what it should answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/numbers/phone_number.h"

namespace dnc {

struct TenantPlan {
  std::string id;               // t00001, t00002, ...
  uint64_t records = 0;         // each with another number
  std::vector<int> area_codes;  // of its numbers, ascending
};

// Spreads exactly `records` over `tenants`, the largest first, with at least one each. The k-th has
// a share proportional to 1 / (k + 10)^2: of 500 million over 10,000 tenants, the first has 43
// million, the hundredth 350,000 and the median 200.
std::vector<TenantPlan> PlanTenants(uint64_t tenants, uint64_t records, uint64_t seed);

// The tenant's list that a number is on.
enum class PlannedList : uint8_t { kInternal, kEbr, kConsent };

// The numbers of one tenant: `plan.records` numbers of its area codes, with exchanges that begin
// with 2 to 9.
class TenantNumbers {
 public:
  TenantNumbers(const TenantPlan& plan, uint64_t seed);

  uint64_t size() const { return records_; }
  // Returns the numbers in ascending order; `i` is below size().
  Number Nth(uint64_t i) const;
  // Returns the position of `number`; nullopt if it is not one of them.
  std::optional<uint64_t> IndexOf(Number number) const;
  bool Contains(Number number) const { return IndexOf(number).has_value(); }
  // Returns the list: 85 of 100 are do-not-call requests, 10 relationships, 5 consents.
  PlannedList ListOf(uint64_t i) const;

 private:
  // Positions are numbers without the gaps between area codes and exchanges. They are cut into as
  // many cells as there are records, and each cell holds one. Both counts are below 2^32.
  uint64_t CellBegin(uint64_t i) const;
  uint64_t PositionOf(uint64_t i) const;

  const std::vector<int> area_codes_;
  const uint64_t records_;
  const uint64_t seed_;
};

}  // namespace dnc
