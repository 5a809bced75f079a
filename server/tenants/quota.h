// Tracks how much each tenant uses at the moment, and compares it with the tenant's quotas.
//
//   DNC_ASSIGN_OR_RETURN(const Admission admission, usage.Admit(tenant, quotas, numbers, now));
//   ... answer; the call counts as under way until `admission` is gone ...
//
// Numbers a second are a bucket that holds one second's worth, so a tenant that was quiet may use
// that at once. A batch of more than a second's worth is admitted when the bucket is full, and runs
// it into debt: large batches are possible, but paid for. The limits come with each call, because
// they can change between two calls. 0 stands for the server's default; if that is 0 too, there is
// no limit.
//
// Thread-safe. Takes no locks, and allocates only at a tenant's first call.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/tenants/tenant.h"

namespace dnc {

// A call under way. Must not outlive the object that admitted it.
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
  friend class QuotaBook;
  explicit Admission(std::atomic<uint32_t>* calls) : calls_(calls) {}
  void Release() {
    if (calls_ != nullptr) calls_->fetch_sub(1, std::memory_order_release);
    calls_ = nullptr;
  }
  std::atomic<uint32_t>* calls_ = nullptr;
};

// How often something was refused so far, over all tenants.
struct QuotaRefusals {
  uint64_t calls = 0;    // calls refused because of the calls under way
  uint64_t numbers = 0;  // calls and messages of streams refused because of the numbers a second
};

class QuotaBook {
 public:
  explicit QuotaBook(const Quotas& defaults = {}) : defaults_(defaults) {}
  ~QuotaBook();
  QuotaBook(const QuotaBook&) = delete;
  QuotaBook& operator=(const QuotaBook&) = delete;

  // Admits a call, or fails with RESOURCE_EXHAUSTED QUOTA_EXCEEDED and the time after which a
  // repetition can succeed (RetryAfter of server/base/error.h). A refused call uses nothing up.
  absl::StatusOr<Admission> Admit(TenantNumber tenant, const Quotas& limits, uint64_t numbers,
                                  absl::Time now);

  // Charges only the numbers, for the messages of a stream that was admitted as a call.
  absl::Status Spend(TenantNumber tenant, const Quotas& limits, uint64_t numbers, absl::Time now);

  // Counts a refused call of the tenant. Returns whether the tenant recently had more than about
  // 100 refusals a second: then it floods the server, and its refusals need not be sent at once.
  bool NoteRefusal(TenantNumber tenant, absl::Time now);

  // Returns the limits in force, with the server's defaults in place of zeros.
  Quotas Effective(const Quotas& limits) const;

  uint32_t CallsUnderWay(TenantNumber tenant) const;

  QuotaRefusals refusals() const;

 private:
  // Each entry has its own cache line, so that tenants do not slow each other down.
  struct alignas(64) Entry {
    // When the bucket was or will be empty, in nanoseconds since 1970. One second later it is full.
    std::atomic<int64_t> empty_at{-(1LL << 62)};
    // The latest time seen, which reveals a clock that was set back.
    std::atomic<int64_t> seen{0};
    // The same as empty_at, for refusals that are sent at once.
    std::atomic<int64_t> refusals_empty_at{-(1LL << 62)};
    std::atomic<uint32_t> calls{0};
  };
  // Tenant numbers are given in order, so a table of three levels is dense where it is used.
  static constexpr int kLeafBits = 10;
  static constexpr int kMiddleBits = 10;
  static constexpr int kTopBits = 12;
  using Leaf = std::array<Entry, 1U << kLeafBits>;
  using Middle = std::array<std::atomic<Leaf*>, 1U << kMiddleBits>;
  using Top = std::array<std::atomic<Middle*>, 1U << kTopBits>;
  static_assert(kLeafBits + kMiddleBits + kTopBits == 32);

  Entry& Of(TenantNumber tenant);
  absl::Status SpendFrom(Entry& entry, uint64_t rate, uint64_t numbers, absl::Time now);

  const Quotas defaults_;
  Top top_{};
  std::atomic<uint64_t> refused_calls_{0};
  std::atomic<uint64_t> refused_numbers_{0};
};

}  // namespace dnc
