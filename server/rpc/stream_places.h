// How many streams of one kind run at the same time, counted by tenant, so that no tenant takes all
// places.
//
//   if (!place_.Take(places, caller.tenant)) ...refuse...
#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "server/tenants/tenant.h"

namespace dnc {

// Thread-safe.
class StreamPlaces {
 public:
  // At most `all` streams, and at most `each` of one tenant.
  StreamPlaces(int all, int each) : all_(all), each_(each) {}
  StreamPlaces(const StreamPlaces&) = delete;
  StreamPlaces& operator=(const StreamPlaces&) = delete;

  int all() const { return all_; }
  int each() const { return each_; }

 private:
  friend class StreamPlace;

  bool Take(TenantNumber tenant) {
    const std::lock_guard lock(mutex_);
    if (taken_ >= all_) return false;
    int& of_tenant = by_tenant_[tenant];
    if (of_tenant >= each_) return false;
    ++of_tenant;
    ++taken_;
    return true;
  }
  void Leave(TenantNumber tenant) {
    const std::lock_guard lock(mutex_);
    --taken_;
    const auto found = by_tenant_.find(tenant);
    if (--found->second == 0) by_tenant_.erase(found);
  }

  const int all_;
  const int each_;
  std::mutex mutex_;
  int taken_ = 0;                          // guarded by mutex_
  std::map<TenantNumber, int> by_tenant_;  // guarded by mutex_
};

// A place, given back when it goes.
class StreamPlace {
 public:
  StreamPlace() = default;
  ~StreamPlace() {
    if (places_ != nullptr) places_->Leave(tenant_);
  }
  StreamPlace(const StreamPlace&) = delete;
  StreamPlace& operator=(const StreamPlace&) = delete;

  // Once. False: there is none for this tenant.
  bool Take(StreamPlaces* places, TenantNumber tenant) {
    if (!places->Take(tenant)) return false;
    places_ = places;
    tenant_ = tenant;
    return true;
  }

 private:
  StreamPlaces* places_ = nullptr;
  TenantNumber tenant_ = 0;
};

}  // namespace dnc
