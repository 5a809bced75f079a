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
// What a slot has of a bucket at most: all together a thousandth of it.
constexpr int64_t kPrepaid = kSecond / 1000 / static_cast<int64_t>(kThreadSlots);
// That is worth its while if so many calls can be paid from it.
constexpr int64_t kCallsPrepaid = 4;
// What a slot takes at once where the limit is far.
constexpr uint64_t kPlacesAtOnce = 16;
constexpr uint64_t kNoLimit = 1ULL << 31;

// A slot's places.
constexpr uint64_t kOnePlace = 1ULL << 32;
constexpr uint64_t PlacesIn(uint64_t places) { return places / kOnePlace; }
constexpr uint64_t UsedOf(uint64_t places) { return places % kOnePlace; }

// Nobody knows when one of the calls under way will end; they take milliseconds.
constexpr absl::Duration kCallsRetry = absl::Milliseconds(100);

// Returns how long the bucket takes to earn `numbers`, rounded up.
int64_t Cost(uint64_t numbers, uint64_t rate) {
  const long double cost = std::ceil(static_cast<long double>(numbers) * kSecond / rate);
  return static_cast<int64_t>(std::min(cost, kMaxCost));
}

// Whether a bucket refuses numbers that cost so much.
bool IsShort(int64_t empty_at, int64_t cost, int64_t now_ns) {
  const int64_t full = now_ns - kSecond;
  return std::max(empty_at, full) + cost > now_ns && empty_at > full;
}

// How long it does so.
absl::Duration ShortFor(int64_t empty_at, int64_t cost, int64_t now_ns) {
  return absl::Nanoseconds(empty_at + std::min(cost, kSecond) - now_ns);
}

// The time in milliseconds that a caller is told to wait: two digits, rounded up.
int64_t MillisecondsToTell(absl::Duration wait) {
  int64_t left = absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1)));
  int64_t unit = 1;
  for (; left >= 100; left = (left + 9) / 10) unit *= 10;
  return left * unit;
}

absl::Status AboveRate(uint64_t rate, absl::Duration wait) {
  return QuotaError(StrCat("above the tenant's quota of ", rate, " numbers a second; try again in ",
                           absl::FormatDuration(wait), ", send less, or ask the operator for more"),
                    wait);
}

// One of those that this thread has made.
absl::Status KeptAboveRate(uint64_t rate, int64_t wait_ms) {
  struct Refusal {
    uint64_t rate = 0;
    int64_t wait_ms = 0;
    absl::Status status;
  };
  constexpr size_t kRefusals = 64;
  thread_local std::array<Refusal, kRefusals> refusals;
  Refusal& kept = refusals[(rate * 31 + static_cast<uint64_t>(wait_ms)) % kRefusals];
  if (kept.rate != rate || kept.wait_ms != wait_ms) {
    kept = {rate, wait_ms, AboveRate(rate, absl::Milliseconds(wait_ms))};
  }
  return kept.status;
}

bool UsePrepaid(std::atomic<int64_t>& prepaid, int64_t cost) {
  int64_t left = prepaid.load(std::memory_order_relaxed);
  while (left >= cost) {
    if (prepaid.compare_exchange_weak(left, left - cost, std::memory_order_relaxed)) return true;
  }
  return false;
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
    for (std::atomic<Leaf*>& slot_of_leaf : *middle) {
      const std::unique_ptr<Leaf> leaf(slot_of_leaf.load(std::memory_order_acquire));
      if (leaf == nullptr) continue;
      for (Entry& entry : *leaf) delete entry.slots.load(std::memory_order_acquire);
    }
  }
}

QuotaMeter::Entry& QuotaMeter::Of(TenantNumber tenant) {
  Middle* middle = FindOrMake(top_[tenant >> (kLeafBits + kMiddleBits)]);
  Leaf* leaf = FindOrMake((*middle)[tenant >> kLeafBits & ((1U << kMiddleBits) - 1)]);
  return (*leaf)[tenant & ((1U << kLeafBits) - 1)];
}

const QuotaMeter::Entry* QuotaMeter::Find(TenantNumber tenant) const {
  const Middle* middle = top_[tenant >> (kLeafBits + kMiddleBits)].load(std::memory_order_acquire);
  if (middle == nullptr) return nullptr;
  const Leaf* leaf =
      (*middle)[tenant >> kLeafBits & ((1U << kMiddleBits) - 1)].load(std::memory_order_acquire);
  return leaf == nullptr ? nullptr : &(*leaf)[tenant & ((1U << kLeafBits) - 1)];
}

uint32_t QuotaMeter::CallsUnderWay(TenantNumber tenant) const {
  const Entry* const entry = Find(tenant);
  if (entry == nullptr) return 0;
  uint64_t calls = entry->calls.load(std::memory_order_acquire);
  const Slots* const slots = entry->slots.load(std::memory_order_acquire);
  if (slots == nullptr) return static_cast<uint32_t>(calls);
  // Places that are taken meanwhile may be seen as unused before they are counted.
  for (const Slot& slot : *slots) {
    const uint64_t places = slot.places.load(std::memory_order_acquire);
    calls -= std::min(calls, PlacesIn(places) - UsedOf(places));
  }
  return static_cast<uint32_t>(calls);
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

QuotaMeter::Slots* QuotaMeter::SlotsOf(Entry& entry) const {
  return often_ == 0 ? FindOrMake(entry.slots) : entry.slots.load(std::memory_order_acquire);
}

void QuotaMeter::NoteMeeting(Entry& entry, absl::Time now) const {
  const auto second = static_cast<uint32_t>(absl::ToUnixSeconds(now));
  if (entry.meetings_second.exchange(second, std::memory_order_relaxed) != second) {
    entry.meetings.store(0, std::memory_order_relaxed);
  }
  if (entry.meetings.fetch_add(1, std::memory_order_relaxed) + 1 >= often_) {
    FindOrMake(entry.slots);
  }
}

bool QuotaMeter::TakePlaces(Entry& entry, uint64_t count, uint64_t limit, absl::Time now) const {
  uint64_t taken = entry.calls.load(std::memory_order_relaxed);
  while (taken + count <= limit) {
    if (entry.calls.compare_exchange_weak(taken, taken + count, std::memory_order_acquire,
                                          std::memory_order_relaxed)) {
      return true;
    }
    NoteMeeting(entry, now);
  }
  return false;
}

Admission QuotaMeter::TakePlace(Entry& entry, uint64_t limit, absl::Time now) const {
  if (Slots* const slots = SlotsOf(entry); slots != nullptr) {
    return TakePlaceFrom(*slots, entry, limit, now);
  }
  return TakePlaces(entry, 1, limit, now) ? Admission(&entry.calls) : Admission();
}

Admission QuotaMeter::TakePlaceFrom(Slots& slots, Entry& entry, uint64_t limit,
                                    absl::Time now) const {
  std::atomic<uint64_t>& mine = slots[ThreadSlot()].places;
  // If more is taken than the limit, it has become lower, and unused places are none any more.
  const uint64_t taken = entry.calls.load(std::memory_order_relaxed);
  uint64_t places = mine.load(std::memory_order_relaxed);
  while (taken <= limit && UsedOf(places) < PlacesIn(places)) {
    if (mine.compare_exchange_weak(places, places + 1, std::memory_order_acquire,
                                   std::memory_order_relaxed)) {
      return Admission(&mine);
    }
  }
  const uint64_t many = taken >= limit ? 1 : (limit - taken) / (2 * kThreadSlots);
  uint64_t count = std::clamp<uint64_t>(many, 1, kPlacesAtOnce);
  if (!TakePlaces(entry, count, limit, now)) {
    TakeBack(slots, entry);
    count = 1;
    if (!TakePlaces(entry, count, limit, now)) return {};
  }
  mine.fetch_add(count * kOnePlace + 1, std::memory_order_acquire);
  return Admission(&mine);
}

void QuotaMeter::TakeBack(Slots& slots, Entry& entry) {
  for (Slot& slot : slots) {
    uint64_t places = slot.places.load(std::memory_order_relaxed);
    while (UsedOf(places) < PlacesIn(places)) {
      const uint64_t unused = PlacesIn(places) - UsedOf(places);
      if (slot.places.compare_exchange_weak(places, places - unused * kOnePlace,
                                            std::memory_order_acq_rel, std::memory_order_relaxed)) {
        entry.calls.fetch_sub(unused, std::memory_order_release);
        break;
      }
    }
  }
}

absl::StatusOr<Admission> QuotaMeter::Admit(TenantNumber tenant, const Quotas& limits,
                                            uint64_t numbers, absl::Time now) {
  const Quotas quotas = Effective(limits);
  Entry& entry = Of(tenant);
  const uint64_t limit = quotas.calls_under_way == 0 ? kNoLimit : quotas.calls_under_way;
  Admission admission = TakePlace(entry, limit, now);
  if (admission.calls_ == nullptr) {
    refused_calls_.fetch_add(1, std::memory_order_relaxed);
    return QuotaError(
        StrCat("the tenant has ", CallsUnderWay(tenant), " calls under way, and its quota is ",
               quotas.calls_under_way, "; wait for some of them, or ask the operator for more"),
        kCallsRetry);
  }
  DNC_RETURN_IF_ERROR(SpendFrom(entry, quotas.numbers_per_second, numbers, now));
  return admission;
}

absl::Status QuotaMeter::Spend(TenantNumber tenant, const Quotas& limits, uint64_t numbers,
                               absl::Time now) {
  return SpendFrom(Of(tenant), Effective(limits).numbers_per_second, numbers, now);
}

absl::Status QuotaMeter::Check(TenantNumber tenant, const Quotas& limits, uint64_t numbers,
                               absl::Time now) {
  const uint64_t rate = Effective(limits).numbers_per_second;
  if (rate == 0 || numbers == 0) return absl::OkStatus();
  Entry& entry = Of(tenant);
  const int64_t now_ns = absl::ToUnixNanos(now);
  const int64_t cost = Cost(numbers, rate);
  // Some may be paid for already, and a clock that was set back is for Admit to see.
  if (cost <= kPrepaid / kCallsPrepaid ||
      now_ns < entry.seen.load(std::memory_order_relaxed) - kSetBack) {
    return absl::OkStatus();
  }
  const int64_t empty_at = entry.empty_at.load(std::memory_order_relaxed);
  return IsShort(empty_at, cost, now_ns) ? RefuseNumbers(rate, ShortFor(empty_at, cost, now_ns))
                                         : absl::OkStatus();
}

absl::Status QuotaMeter::RefuseNumbers(uint64_t rate, absl::Duration wait) {
  refused_numbers_.fetch_add(1, std::memory_order_relaxed);
  return KeptAboveRate(rate, MillisecondsToTell(wait));
}

absl::Status QuotaMeter::SpendFrom(Entry& entry, uint64_t rate, uint64_t numbers, absl::Time now) {
  if (rate == 0 || numbers == 0) return absl::OkStatus();
  const int64_t now_ns = absl::ToUnixNanos(now);
  const int64_t cost = Cost(numbers, rate);
  Slots* const slots = cost <= kPrepaid / kCallsPrepaid ? SlotsOf(entry) : nullptr;
  std::atomic<int64_t>* const prepaid =
      slots == nullptr ? nullptr : &(*slots)[ThreadSlot()].prepaid;
  if (prepaid != nullptr && UsePrepaid(*prepaid, cost)) return absl::OkStatus();
  const int64_t seen = entry.seen.load(std::memory_order_relaxed);
  if (now_ns > seen + kSecond || now_ns < seen - kSetBack) {
    // If the clock was set back, the count lies in a future that will not come soon.
    if (now_ns < seen) entry.empty_at.store(now_ns - kSecond, std::memory_order_relaxed);
    entry.seen.store(now_ns, std::memory_order_relaxed);
  }
  int64_t empty_at = entry.empty_at.load(std::memory_order_relaxed);
  while (true) {
    if (IsShort(empty_at, cost, now_ns)) {
      return RefuseNumbers(rate, ShortFor(empty_at, cost, now_ns));
    }
    const int64_t next = std::max(empty_at, now_ns - kSecond) + cost;
    const bool half_full = next + kPrepaid <= now_ns - kSecond / 2;
    const int64_t ahead =
        prepaid != nullptr && half_full ? std::max<int64_t>(0, kPrepaid - prepaid->load()) : 0;
    if (entry.empty_at.compare_exchange_weak(empty_at, next + ahead, std::memory_order_relaxed)) {
      if (ahead > 0) prepaid->fetch_add(ahead, std::memory_order_relaxed);
      return absl::OkStatus();
    }
    NoteMeeting(entry, now);
  }
}

}  // namespace dnc
