// A bucket is a single number, the time at which it was or will be empty, so charging it needs one
// compare-and-swap. At `rate` numbers a second, admitting n numbers moves that time by n / rate:
//
//   now - 1 s                      now
//   ----|-----------[empty_at]------|---------------> time
//       full        |<-- earned --->|    after a large batch empty_at is here: a debt, which must
//                                        be earned first
//
// A batch is admitted if empty_at does not pass `now`, or if the bucket was full.
#include "server/tenants/quota.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
// A time that is further behind the latest one than this does not come from a slow thread: the
// clock was set back.
constexpr int64_t kSetBack = 10 * kSecond;
// One batch can put a bucket into debt by eleven days at most.
constexpr long double kMaxCost = 1e15L;
// Nobody knows when one of the calls under way will end; they take milliseconds.
constexpr absl::Duration kCallsRetry = absl::Milliseconds(100);

// Returns how long the bucket takes to earn `numbers`, rounded up.
int64_t Cost(uint64_t numbers, uint64_t rate) {
  const long double cost = std::ceil(static_cast<long double>(numbers) * kSecond / rate);
  return static_cast<int64_t>(std::min(cost, kMaxCost));
}

template <typename T>
T* FindOrMake(std::atomic<T*>& slot) {
  T* found = slot.load(std::memory_order_acquire);
  if (found != nullptr) return found;
  auto made = std::make_unique<T>();
  // If another thread was faster, `found` is what it made.
  return slot.compare_exchange_strong(found, made.get(), std::memory_order_acq_rel) ? made.release()
                                                                                    : found;
}

}  // namespace

QuotaMeter::~QuotaMeter() {
  for (std::atomic<Middle*>& slot : top_) {
    const std::unique_ptr<Middle> middle(slot.load(std::memory_order_acquire));
    if (middle == nullptr) continue;
    for (std::atomic<Leaf*>& leaf : *middle) delete leaf.load(std::memory_order_acquire);
  }
}

QuotaMeter::Entry& QuotaMeter::Of(TenantNumber tenant) {
  Middle* middle = FindOrMake(top_[tenant >> (kLeafBits + kMiddleBits)]);
  Leaf* leaf = FindOrMake((*middle)[tenant >> kLeafBits & ((1U << kMiddleBits) - 1)]);
  return (*leaf)[tenant & ((1U << kLeafBits) - 1)];
}

uint32_t QuotaMeter::CallsUnderWay(TenantNumber tenant) const {
  const Middle* middle = top_[tenant >> (kLeafBits + kMiddleBits)].load(std::memory_order_acquire);
  if (middle == nullptr) return 0;
  const Leaf* leaf =
      (*middle)[tenant >> kLeafBits & ((1U << kMiddleBits) - 1)].load(std::memory_order_acquire);
  if (leaf == nullptr) return 0;
  return (*leaf)[tenant & ((1U << kLeafBits) - 1)].calls.load(std::memory_order_acquire);
}

QuotaRefusals QuotaMeter::refusals() const {
  return {refused_calls_.load(std::memory_order_relaxed),
          refused_numbers_.load(std::memory_order_relaxed)};
}

Quotas QuotaMeter::Effective(const Quotas& limits) const {
  Quotas result = limits;
  if (result.numbers_per_second == 0) result.numbers_per_second = defaults_.numbers_per_second;
  if (result.calls_under_way == 0) result.calls_under_way = defaults_.calls_under_way;
  if (result.max_records == 0) result.max_records = defaults_.max_records;
  return result;
}

absl::StatusOr<Admission> QuotaMeter::Admit(TenantNumber tenant, const Quotas& limits,
                                            uint64_t numbers, absl::Time now) {
  const Quotas quotas = Effective(limits);
  Entry& entry = Of(tenant);
  uint32_t calls = entry.calls.load(std::memory_order_relaxed);
  do {
    if (quotas.calls_under_way != 0 && calls >= quotas.calls_under_way) {
      refused_calls_.fetch_add(1, std::memory_order_relaxed);
      return QuotaError(
          StrCat("the tenant has ", calls, " calls under way, and its quota is ",
                 quotas.calls_under_way, "; wait for some of them, or ask the operator for more"),
          kCallsRetry);
    }
  } while (!entry.calls.compare_exchange_weak(calls, calls + 1, std::memory_order_acquire,
                                              std::memory_order_relaxed));
  Admission admission(&entry.calls);
  DNC_RETURN_IF_ERROR(SpendFrom(entry, quotas.numbers_per_second, numbers, now));
  return admission;
}

bool QuotaMeter::NoteRefusal(TenantNumber tenant, absl::Time now) {
  constexpr int64_t kRefusalCost = kSecond / 100;
  std::atomic<int64_t>& empty_at = Of(tenant).refusals_empty_at;
  const int64_t now_ns = absl::ToUnixNanos(now);
  const int64_t before = empty_at.load(std::memory_order_relaxed);
  // A clock that was set back makes nobody wait.
  if (before > now_ns && before < now_ns + kSetBack) return true;
  const int64_t full = now_ns - kSecond;
  const int64_t next = (before > now_ns ? full : std::max(before, full)) + kRefusalCost;
  empty_at.store(next, std::memory_order_relaxed);
  return false;
}

absl::Status QuotaMeter::Spend(TenantNumber tenant, const Quotas& limits, uint64_t numbers,
                               absl::Time now) {
  return SpendFrom(Of(tenant), Effective(limits).numbers_per_second, numbers, now);
}

absl::Status QuotaMeter::SpendFrom(Entry& entry, uint64_t rate, uint64_t numbers, absl::Time now) {
  if (rate == 0 || numbers == 0) return absl::OkStatus();
  const int64_t now_ns = absl::ToUnixNanos(now);
  const int64_t seen = entry.seen.load(std::memory_order_relaxed);
  if (now_ns > seen || now_ns < seen - kSetBack) {
    // If the clock was set back, the count lies in a future that will not come soon.
    if (now_ns < seen) entry.empty_at.store(now_ns - kSecond, std::memory_order_relaxed);
    entry.seen.store(now_ns, std::memory_order_relaxed);
  }
  const int64_t cost = Cost(numbers, rate);
  const int64_t full = now_ns - kSecond;
  int64_t empty_at = entry.empty_at.load(std::memory_order_relaxed);
  while (true) {
    const int64_t next = std::max(empty_at, full) + cost;
    if (next > now_ns && empty_at > full) {
      refused_numbers_.fetch_add(1, std::memory_order_relaxed);
      const absl::Duration wait = absl::Nanoseconds(empty_at + std::min(cost, kSecond) - now_ns);
      return QuotaError(
          StrCat("above the tenant's quota of ", rate, " numbers a second; try again in ",
                 absl::FormatDuration(absl::Ceil(wait, absl::Milliseconds(1))),
                 ", send less, or ask the operator for more"),
          wait);
    }
    if (entry.empty_at.compare_exchange_weak(empty_at, next, std::memory_order_relaxed)) {
      return absl::OkStatus();
    }
  }
}

}  // namespace dnc
