// The one order of accepted changes: every change, of whatever store, takes the next revision.
//
//   RevisionOrder::Turn turn = order.Begin();   // waits for the change before
//   ... write durably, with turn.revision() in the data ...
//   ... publish ...
//   turn.Commit();                              // without it the revision is not used up
//
// A reader that reads last() and then the data has therefore seen every change up to it.
// Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "absl/time/time.h"

namespace dnc {

// Revisions above `after`, up to `up_to`, whose changes were lost: nobody may ask for them. None:
// `up_to` is 0.
struct LostRevisions {
  uint64_t after = 0;
  uint64_t up_to = 0;

  bool Has(uint64_t revision) const { return revision > after && revision <= up_to; }
  // Over both, and over what lies between.
  void Join(const LostRevisions& other) {
    if (other.up_to == 0) return;
    after = up_to == 0 ? other.after : std::min(after, other.after);
    up_to = std::max(up_to, other.up_to);
  }
};

class RevisionOrder {
 public:
  class Turn {
   public:
    uint64_t revision() const { return revision_; }
    void Commit() { order_->Advance(revision_); }

   private:
    friend class RevisionOrder;
    explicit Turn(RevisionOrder* order)
        : order_(order), lock_(order->turn_), revision_(order->last() + 1) {}
    RevisionOrder* order_;
    std::unique_lock<std::mutex> lock_;
    uint64_t revision_;
  };

  // At start, before the first turn: a store holds changes up to `revision`.
  void StartFrom(uint64_t revision) {
    const std::lock_guard lock(turn_);
    if (revision > last()) Advance(revision);
  }

  Turn Begin() { return Turn(this); }

  // The last committed revision.
  uint64_t last() const { return last_.load(std::memory_order_acquire); }

  // Waits until `revision` is committed, at most until `deadline`. False if not.
  bool WaitFor(uint64_t revision, absl::Time deadline) const {
    if (last() >= revision) return true;
    std::unique_lock lock(wait_);
    return advanced_.wait_until(lock, absl::ToChronoTime(deadline),
                                [&] { return last() >= revision; });
  }

  // From now on `listener` is called after each commit, on the thread that commits: it must be
  // quick, and must not ask anything of this order. Returns what RemoveListener takes; when that
  // has returned, the listener is not called any more.
  int AddListener(std::function<void()> listener) const {
    const std::lock_guard lock(listening_);
    listeners_.emplace(++last_listener_, std::move(listener));
    return last_listener_;
  }
  void RemoveListener(int listener) const {
    const std::lock_guard lock(listening_);
    listeners_.erase(listener);
  }

 private:
  void Advance(uint64_t revision) {
    {
      const std::lock_guard lock(wait_);
      last_.store(revision, std::memory_order_release);
    }
    advanced_.notify_all();
    const std::lock_guard lock(listening_);
    for (const auto& [id, listener] : listeners_) listener();
  }

  std::mutex turn_;          // held by the change under way
  mutable std::mutex wait_;  // for a moment
  mutable std::condition_variable advanced_;
  mutable std::mutex listening_;
  mutable int last_listener_ = 0;                           // guarded by listening_
  mutable std::map<int, std::function<void()>> listeners_;  // guarded by listening_
  std::atomic<uint64_t> last_{0};
};

}  // namespace dnc
