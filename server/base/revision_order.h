// The one order of accepted changes: every change, of whatever store, takes the next revision.
//
//   RevisionOrder::Change change = order.Begin();   // waits for the change before
//   ... write durably, with change.revision() in the data ...
//   ... publish ...
//   change.Commit();                                // without it the revision is not used up
//
// A reader that reads last() and then the data has therefore seen every change up to it.
// Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/base/listeners.h"
#include "server/base/steady_wait.h"

namespace dnc {

// Revisions above `after`, up to `up_to`, whose changes were lost: nobody may ask for them. None:
// `up_to` is 0.
struct LostRevisions {
  uint64_t after = 0;
  uint64_t up_to = 0;

  bool Has(uint64_t revision) const { return revision > after && revision <= up_to; }
  // Spreads over both, and over what lies between.
  void Join(const LostRevisions& other) {
    if (other.up_to == 0) return;
    after = up_to == 0 ? other.after : std::min(after, other.after);
    up_to = std::max(up_to, other.up_to);
  }
};

class RevisionOrder {
 public:
  // A change of the order that is under way; no other begins before this object is gone. It must
  // go on the thread that began it.
  class Change {
   public:
    // Clang's analysis can't follow a lock that leaves the function that takes it.
    ~Change() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      if (order_ != nullptr) order_->changing_.Unlock();
    }
    Change(Change&& other) noexcept
        : order_(std::exchange(other.order_, nullptr)), revision_(other.revision_) {}
    Change& operator=(Change&&) = delete;

    uint64_t revision() const { return revision_; }
    // Makes the revision the last one. At most once.
    void Commit() { order_->Advance(revision_); }

   private:
    friend class RevisionOrder;
    explicit Change(RevisionOrder* order) ABSL_NO_THREAD_SAFETY_ANALYSIS : order_(order) {
      order_->changing_.Lock();
      revision_ = order_->last() + 1;
    }

    RevisionOrder* order_;  // null: moved away
    uint64_t revision_ = 0;
  };

  // Says that a store holds changes up to `revision`. Call it at the start, before any change.
  void StartFrom(uint64_t revision) ABSL_LOCKS_EXCLUDED(changing_, wait_) {
    const absl::MutexLock lock(&changing_);
    if (revision > last()) Advance(revision);
  }

  // Waits until the change before is over.
  [[nodiscard]] Change Begin() ABSL_LOCKS_EXCLUDED(changing_) { return Change(this); }

  // The last committed revision.
  uint64_t last() const { return last_.load(std::memory_order_acquire); }

  // Waits until `revision` is committed, at most until `deadline` or GiveUpWaits. False if not.
  bool WaitFor(uint64_t revision, absl::Time deadline) const ABSL_LOCKS_EXCLUDED(wait_) {
    if (last() >= revision) return true;
    const absl::MutexLock lock(&wait_);
    const auto over = [this, revision, before = given_up_]() ABSL_SHARED_LOCKS_REQUIRED(wait_) {
      return given_up_ != before || last() >= revision;
    };
    advanced_.Await(&wait_, deadline - absl::Now(), over);
    return last() >= revision;
  }
  // Ends the waits that are under way: nobody waits for their answers any more.
  void GiveUpWaits() const ABSL_LOCKS_EXCLUDED(wait_) {
    const absl::MutexLock lock(&wait_);
    ++given_up_;
    advanced_.Notify();
  }

  // From now on `listener` is called after each commit, on the thread that commits: it must be
  // quick, and must not ask anything of this order. Returns what RemoveListener takes; when that
  // has returned, the listener is not called any more.
  int AddListener(std::function<void()> listener) const {
    return listeners_.Add(std::move(listener));
  }
  void RemoveListener(int listener) const { listeners_.Remove(listener); }

 private:
  void Advance(uint64_t revision) ABSL_LOCKS_EXCLUDED(wait_) {
    {
      const absl::MutexLock lock(&wait_);
      last_.store(revision, std::memory_order_release);
      advanced_.Notify();
    }
    listeners_.Tell();
  }

  absl::Mutex changing_;      // held by the change under way
  mutable absl::Mutex wait_;  // for a moment: who waits is woken when it is let go
  mutable SteadyWait advanced_;
  mutable int given_up_ ABSL_GUARDED_BY(wait_) = 0;  // so many times
  mutable Listeners listeners_;
  std::atomic<uint64_t> last_{0};
};

}  // namespace dnc
