// How many streams of one kind run at the same time, counted by who calls (a tenant, a key, an
// address), so that nobody takes all places.
//
//   if (!place_.Take(places, caller.tenant->tenant.number)) ...refuse...
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

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
    const std::lock_guard lock(mutex_);
    if (taken_ >= all_) return false;
    int& of_caller = by_caller_[who];
    if (of_caller >= each_) return false;
    ++of_caller;
    ++taken_;
    return true;
  }
  void Leave(const std::string& who) {
    const std::lock_guard lock(mutex_);
    --taken_;
    const auto found = by_caller_.find(who);
    if (--found->second == 0) by_caller_.erase(found);
  }

  const int all_;
  const int each_;
  std::mutex mutex_;
  int taken_ = 0;                         // guarded by mutex_
  std::map<std::string, int> by_caller_;  // guarded by mutex_
};

// A place, given back when it goes.
class StreamPlace {
 public:
  StreamPlace() = default;
  ~StreamPlace() {
    if (places_ != nullptr) places_->Leave(who_);
  }
  StreamPlace(const StreamPlace&) = delete;
  StreamPlace& operator=(const StreamPlace&) = delete;

  // Once. False: there is none for this caller.
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
