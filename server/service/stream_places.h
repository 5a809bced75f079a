// Bounds how many streams of one kind run at the same time, in all and for each who calls (a
// tenant, a key, an address), so that nobody takes all places.
//
//   if (!place_.Take(places, caller.tenant->tenant.number)) ...refuse...
#pragma once

#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/tenants/tenant.h"

namespace dnc {

// Thread-safe.
class StreamPlaces {
 public:
  // At most `all` streams, and at most `each` of one caller.
  StreamPlaces(int all, int each) : all_(all), each_(each) {}
  StreamPlaces(const StreamPlaces&) = delete;
  StreamPlaces& operator=(const StreamPlaces&) = delete;

  int all() const { return all_; }
  int each() const { return each_; }

 private:
  friend class StreamPlace;

  bool Take(const std::string& who) {
    const absl::MutexLock lock(&mutex_);
    if (taken_ >= all_) return false;
    int& of_caller = by_caller_[who];
    if (of_caller >= each_) return false;
    ++of_caller;
    ++taken_;
    return true;
  }
  void Leave(const std::string& who) {
    const absl::MutexLock lock(&mutex_);
    --taken_;
    const auto found = by_caller_.find(who);
    if (--found->second == 0) by_caller_.erase(found);
  }

  const int all_;
  const int each_;
  absl::Mutex mutex_;
  int taken_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, int> by_caller_ ABSL_GUARDED_BY(mutex_);
};

// A place among them, which is given back when this value is destroyed.
class StreamPlace {
 public:
  StreamPlace() = default;
  ~StreamPlace() {
    if (places_ != nullptr) places_->Leave(who_);
  }
  StreamPlace(const StreamPlace&) = delete;
  StreamPlace& operator=(const StreamPlace&) = delete;

  // Called once. False: there is no place for this caller.
  bool Take(StreamPlaces* places, std::string who) {
    if (!places->Take(who)) return false;
    places_ = places;
    who_ = std::move(who);
    return true;
  }
  bool Take(StreamPlaces* places, TenantNumber tenant) {
    return Take(places, std::to_string(tenant));
  }

 private:
  StreamPlaces* places_ = nullptr;
  std::string who_;
};

}  // namespace dnc
