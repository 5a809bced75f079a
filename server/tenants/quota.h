// Measures how much each tenant uses at the moment, and holds it against its quotas.
//
//   DNC_ASSIGN_OR_RETURN(const Admission admission, meter.Admit(tenant, quotas, numbers, now));
//   ... answer; the call counts as under way until `admission` is gone ...
//
// Numbers a second are a bucket that holds one second's worth: a tenant that was quiet may use
// that at once. A batch above a whole second's worth is admitted when the bucket is full and runs
// it into debt, so that it is possible and yet paid for. Limits come with each call, because they
// can change between two of them; 0 takes the server's default, and where that is 0 too, there is
// no limit.
//
// Threads that serve the same tenant would write the same cache line for each call. Once they meet
// there often, each takes some places for calls in advance, and a little of the bucket while that
// is at least half full:
//
//   Entry   calls: 5 places taken ------+--> slot of one thread:     3 places, 2 calls under way
//           empty_at                    +--> slot of another thread: 2 places, 0 calls under way
//
// The limit of calls stays exact, because places that no call uses are taken back before a call is
// refused. Of numbers, a tenant may get a thousandth of a second's worth more or less.
//
// What a tenant in excess is told is made once a thread and kept: how long to wait is rounded up to
// two digits, so that a flood's refusals are the same for a while.
//
// The meter is thread-safe. It takes no locks, and allocates only at the first call of a tenant and
// when threads begin to meet there.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/sharded_count.h"
#include "server/tenants/tenant.h"

namespace dnc {

// This is a call under way. It must not outlive the meter that admitted it.
class Admission {
 public:
  Admission() = default;
  Admission(Admission&& other) noexcept : calls_(std::exchange(other.calls_, nullptr)) {}
  Admission& operator=(Admission&& other) noexcept {
    if (this != &other) {
      Release();
      calls_ = std::exchange(other.calls_, nullptr);
    }
    return *this;
  }
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  ~Admission() { Release(); }

 private:
  friend class QuotaMeter;
  explicit Admission(std::atomic<uint64_t>* calls) : calls_(calls) {}
  void Release() {
    if (calls_ != nullptr) calls_->fetch_sub(1, std::memory_order_release);
    calls_ = nullptr;
  }
  std::atomic<uint64_t>* calls_ = nullptr;  // counts the call in its lower half
};

// Counts what was refused so far, for all tenants together.
struct QuotaRefusals {
  uint64_t calls = 0;    // calls, because of the calls under way
  uint64_t numbers = 0;  // calls and messages of streams, because of the numbers a second
};

class QuotaMeter {
 public:
  // Threads take in advance once they have met `often` times within a second at a tenant.
  explicit QuotaMeter(const Quotas& defaults = {}, uint32_t often = 100)
      : defaults_(defaults), often_(often) {}
  ~QuotaMeter();
  QuotaMeter(const QuotaMeter&) = delete;
  QuotaMeter& operator=(const QuotaMeter&) = delete;

  // Charges the numbers, and counts the call as under way. Errors: RESOURCE_EXHAUSTED
  // QUOTA_EXCEEDED with the time after which a repetition can succeed (RetryAfter of
  // server/base/error.h), if a limit stands against it. Then nothing is used up.
  absl::StatusOr<Admission> Admit(TenantNumber tenant, const Quotas& limits, uint64_t numbers,
                                  absl::Time now);

  // Fails if a call with so many numbers would be refused now because of the numbers a second, as
  // Admit does; that counts as a refusal. Nothing is used up, and OK promises nothing.
  absl::Status Check(TenantNumber tenant, const Quotas& limits, uint64_t numbers, absl::Time now);

  // Charges only the numbers, for the messages of a stream that was admitted as a call.
  absl::Status Spend(TenantNumber tenant, const Quotas& limits, uint64_t numbers, absl::Time now);

  // Returns the limits in force: the server's defaults in place of zeros.
  Quotas Effective(const Quotas& limits) const;

  uint32_t CallsUnderWay(TenantNumber tenant) const;

  QuotaRefusals refusals() const;

 private:
  // What a thread has taken in advance of one tenant's quota.
  struct alignas(kApartBytes) Slot {
    // The upper half counts the places, the lower one those in use by a call.
    std::atomic<uint64_t> places{0};
    // How many nanoseconds of the bucket are paid for and not used.
    std::atomic<int64_t> prepaid{0};
  };
  using Slots = std::array<Slot, kThreadSlots>;

  // Each has a cache line for itself, so that tenants do not slow each other.
  struct alignas(64) Entry {
    // The bucket was, or will be, empty at this nanosecond since 1970: it is full a second later.
    std::atomic<int64_t> empty_at{-(1LL << 62)};
    // This is the latest time seen, or a second before it; by it a clock that was set back is
    // noticed.
    std::atomic<int64_t> seen{0};
    // Places for calls that are taken: by a call each, or by the slots.
    std::atomic<uint64_t> calls{0};
    // How often threads have met here in the second that began then, and what they have got since
    // that was often.
    std::atomic<uint32_t> meetings{0};
    std::atomic<uint32_t> meetings_second{0};
    std::atomic<Slots*> slots{nullptr};
  };
  static_assert(sizeof(Entry) == 64);
  // Tenant numbers are given in order, so a table of three steps is dense where it is used.
  static constexpr int kLeafBits = 10;
  static constexpr int kMiddleBits = 10;
  static constexpr int kTopBits = 12;
  using Leaf = std::array<Entry, 1U << kLeafBits>;
  using Middle = std::array<std::atomic<Leaf*>, 1U << kMiddleBits>;
  using Top = std::array<std::atomic<Middle*>, 1U << kTopBits>;
  static_assert(kLeafBits + kMiddleBits + kTopBits == 32);

  Entry& Of(TenantNumber tenant);
  const Entry* Find(TenantNumber tenant) const;
  // Null while threads don't meet often.
  Slots* SlotsOf(Entry& entry) const;
  // Takes so many places of the tenant's, unless more than `limit` would be taken then.
  bool TakePlaces(Entry& entry, uint64_t count, uint64_t limit, absl::Time now) const;
  // Takes a place for a call; the admission is empty if there is none.
  Admission TakePlace(Entry& entry, uint64_t limit, absl::Time now) const;
  Admission TakePlaceFrom(Slots& slots, Entry& entry, uint64_t limit, absl::Time now) const;
  // Takes back the places that no call uses.
  static void TakeBack(Slots& slots, Entry& entry);
  // Notes that another thread was faster.
  void NoteMeeting(Entry& entry, absl::Time now) const;
  // Counts a refusal, whose numbers can be had after `wait`.
  absl::Status RefuseNumbers(uint64_t rate, absl::Duration wait);
  absl::Status SpendFrom(Entry& entry, uint64_t rate, uint64_t numbers, absl::Time now);

  const Quotas defaults_;
  const uint32_t often_;
  Top top_{};
  std::atomic<uint64_t> refused_calls_{0};
  std::atomic<uint64_t> refused_numbers_{0};
};

}  // namespace dnc
