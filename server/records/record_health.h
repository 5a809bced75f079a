// What is known of the wholeness of the tenants' records: whether all of them were read, whether it
// is proven that none is missing, and of which tenants some are damaged.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/tenants/tenant.h"

namespace dnc {

class RecordHealth {
 public:
  // What a lookup must know before it calls a number's absence from the store an answer.
  struct OfTenant {
    bool proven = false;   // that no record is missing: all were read, or the files are sealed
    bool damaged = false;  // some of this tenant's records are damaged or missing
  };
  // Whether all is proven is read first: a reading of all records names the damaged tenants, and
  // only then says that it is done. A lookup in between is told either that nothing is proven or
  // which tenants are damaged.
  OfTenant Of(TenantNumber tenant) const ABSL_LOCKS_EXCLUDED(mutex_) {
    OfTenant of;
    of.proven = proven_.load(std::memory_order_acquire);
    of.damaged = any_damaged_.load(std::memory_order_acquire) && IsDamaged(tenant);
    return of;
  }

  // All records were read and compared with the ledger.
  bool verified() const { return verified_; }
  bool proven() const { return proven_; }
  // Some tenant's records were found damaged since the start, also if it is gone by now.
  bool any_damaged() const { return any_damaged_; }
  size_t damaged_tenants() const ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    return damaged_.size();
  }

  // At the start, before anybody asks.
  void Begin(bool verified, bool proven) {
    verified_ = verified;
    proven_ = proven;
  }
  void AddDamaged(std::set<TenantNumber> tenants) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    damaged_.merge(tenants);
    any_damaged_.store(true, std::memory_order_release);
  }
  // A reading of all records that began without proof has ended, and AddDamaged was called with
  // what it found. An error of the store, or an end before it was done, says nothing, so all is
  // read again; but a store that can't be read is not the whole one that was sealed.
  void EndReading(const absl::Status& status) {
    verified_ = status.ok() || any_damaged_;
    if (!absl::IsCancelled(status)) proven_ = verified_.load();
  }
  // The tenant's records were dropped, and its number is never given again.
  void Forget(TenantNumber tenant) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    damaged_.erase(tenant);
  }

 private:
  bool IsDamaged(TenantNumber tenant) const ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    return damaged_.count(tenant) != 0;
  }

  mutable absl::Mutex mutex_;
  std::set<TenantNumber> damaged_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> any_damaged_{false};
  std::atomic<bool> verified_{true};
  std::atomic<bool> proven_{true};
};

}  // namespace dnc
