// Wakes streams that wait for news, so that none of them looks by itself while nothing happens.
//
//   ticket_ = waker->Ticket(Topic::kChanges);   // before looking at what there is
//   ... nothing new ...
//   if (!waker->Sleep(this, ticket_, heartbeat_due)) LookAgain();
//
// All streams of a server share one thread:
//
//   committers, health, intake --Notify(topic)--> [ events of a topic ]
//                                                      |  the thread, at most every 50 ms
//   sleeping streams, by topic and by time ----------> Wake(), one after the other
//
// Whoever takes a stream out of its sleep has the turn: the thread, because there is news or the
// time has come, or the stream's own front by End, because its caller is gone.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <set>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/base/steady_wait.h"

namespace dnc {

// News has one of these topics.
enum class Topic : uint8_t { kChanges, kHealth, kLoads };
inline constexpr size_t kTopics = 3;

class Waker;

// A sleeper must not be destroyed while it sleeps.
class Sleeper {
 public:
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

 protected:
  explicit Sleeper(Topic topic) : topic_(topic) {}
  virtual ~Sleeper() = default;
  Topic topic() const { return topic_; }

 private:
  friend class Waker;
  // The waker calls it on its thread, once for each sleep that it ends. It must be quick and must
  // not block.
  virtual void Wake() = 0;

  const Topic topic_;
  // The waker's mutex guards what follows.
  bool asleep_ = false;
  bool ended_ = false;
  int64_t due_ = 0;
};

// The waker is thread-safe.
class Waker {
 public:
  using Clock = std::chrono::steady_clock;
  // Times are kept in steps of this, and news of a topic wakes its sleepers at most that often.
  static constexpr std::chrono::milliseconds kStep{50};
  // A sleeper that waits for nothing but news is due then.
  static constexpr Clock::time_point kNever = Clock::time_point::max() - 2 * kStep;

  Waker();
  ~Waker();  // nothing may sleep any more
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  // Says that there is news. It costs little where nobody sleeps, so that every commit may call it.
  void Notify(Topic topic) ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends every sleep; from now on nobody falls asleep any more.
  void WakeAll() ABSL_LOCKS_EXCLUDED(mutex_);

  // Returns how much news of the topic there has been.
  uint64_t Ticket(Topic topic) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Sleeps until there is news after `ticket`, at most until `due`. Returns false if there is some
  // already, or if End or WakeAll was called: then the sleeper looks again, and is not asleep.
  // After true the sleeper must not be touched any more: another thread may have the turn already.
  [[nodiscard]] bool Sleep(Sleeper* sleeper, uint64_t ticket, Clock::time_point due)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The sleeper does not fall asleep any more. Returns true if it was asleep: then the caller has
  // the turn, and Wake is not called.
  [[nodiscard]] bool End(Sleeper* sleeper) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct News {
    uint64_t events = 0;
    bool told = true;  // to all that sleep
    Clock::time_point last_told;
    std::unordered_set<Sleeper*> sleepers;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Has the thread plan anew.
  void CallThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes those out of their sleep that are to wake now.
  std::vector<Sleeper*> TakeDue(Clock::time_point now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns when there is something to do next, as far as is known.
  Clock::time_point NextDue() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void Remove(Sleeper* sleeper) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  SteadyWait wait_;  // of the thread, for what mutex_ guards
  std::array<News, kTopics> news_ ABSL_GUARDED_BY(mutex_);
  // These are all that sleep, by the step in which they are due.
  std::set<std::pair<int64_t, Sleeper*>> by_time_ ABSL_GUARDED_BY(mutex_);
  Clock::time_point planned_ ABSL_GUARDED_BY(mutex_) = Clock::time_point::max();
  bool called_ ABSL_GUARDED_BY(mutex_) = false;  // the thread must plan anew
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace dnc
