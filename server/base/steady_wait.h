// Waits with a timeout for something that an absl::Mutex guards.
//
// absl's own timeouts end at a moment of the time of day: where somebody sets the machine's clock
// back by an hour, a wait of a second lasts an hour longer, and what was to be done each second is
// not done meanwhile. These end by the steady clock.
//
//   absl::Mutex mutex_;
//   SteadyWait wait_;  // for what mutex_ guards
//   ...
//   const absl::MutexLock lock(&mutex_);
//   wait_.Await(&mutex_, absl::Seconds(1), [this] { return stopping_; });
//
//   const absl::MutexLock lock(&mutex_);  // who changes what is waited for
//   stopping_ = true;
//   wait_.Notify();
#pragma once

#include <condition_variable>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace dnc {

// Thread-safe; always used with the same mutex.
class SteadyWait {
 public:
  // With `mutex` held: returns when `reached` is true, at the latest after `timeout`, and whether
  // it is true. It is asked with the mutex held.
  template <class Reached>
  bool Await(absl::Mutex* mutex, absl::Duration timeout,
             const Reached& reached) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    Lockable lock{mutex};
    // So far ahead no clock has a moment.
    if (timeout > absl::Hours(24 * 365)) {
      changed_.wait(lock, reached);
      return true;
    }
    return changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout), reached);
  }

  // After what is waited for has changed, with the mutex held: all that wait look again.
  void Notify() { changed_.notify_all(); }
  // One of them does.
  void NotifyOne() { changed_.notify_one(); }

 private:
  // A mutex as the standard library knows one.
  struct Lockable {
    absl::Mutex* mutex;
    void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex->Lock(); }
    void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex->Unlock(); }
  };

  std::condition_variable_any changed_;
};

}  // namespace dnc
