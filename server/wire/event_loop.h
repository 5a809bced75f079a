// A thread that serves connections: its sockets and timers by Asio, and the calls that wait for
// their turn. A server has one loop for each core that it uses.
//
//      sockets, timers, Post                      jobs (complete calls)
//               |                                        |
//   run: take in what is ready, 64 at most ---> work for 100 us at most ---> flush connections
//         ^                                                                       |
//         +---------- nothing left? look for `spin` longer, then sleep <----------+
//
// A long job need not hold up the calls behind it: a loop that has nothing to do takes it over.
//
//   busy loop    jobs: | long | a | b |   --Post: the long job-->   idle loop   runs it
//   the caller's connection stays here    <--Post: the answer--
//
// An idle loop offers itself in a cache line that it alone writes, and that others read only when
// they have such a job. What holds up nobody stays where it is, because a hand-over costs two
// posts, each of which may wake a thread. A loop also gives a long job away when callers waited
// behind one lately, because then others are likely to come while it is computed. To such a loop,
// however, nobody gives a job unless somebody waits at this moment: its own callers would wait
// instead.
//
// The turns are bounded on both sides. While calls wait, what arrives is taken in for 100 us at
// most, and long batches leave the sockets their time. Once calls are refused, a turn takes in
// nothing until the time for that is earned by work (WorkMeter).
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "server/base/sharded_count.h"
#include "server/wire/work_meter.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace dnc {

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;

  // What waits for its turn on the loop.
  class Job {
   public:
    virtual ~Job() = default;
    // Runs on the thread of the loop that it was submitted to, or that has taken it over.
    virtual void RunJob() = 0;
    // Another loop takes the job over. The first is called on the thread of the loop that gives it
    // away, and then the other on that of the loop that takes it.
    virtual void OnGivenAway() {}
    virtual void OnTaken(EventLoop* /*by*/) {}
  };

  // What has output to send when the jobs of a turn are done.
  class Flushed {
   public:
    virtual ~Flushed() = default;
    virtual void Flush() = 0;
  };

  // `spin`: how long an idle loop looks for the next event before it sleeps.
  explicit EventLoop(std::chrono::nanoseconds spin);
  ~EventLoop();  // as Stop
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Lets these loops, each of which has a thread of its own, take over each other's long jobs. Call
  // it for each of them before Start; all must outlive the threads of the others.
  void ShareWith(std::vector<EventLoop*> others) { others_ = std::move(others); }
  void Start();
  // Ends the thread. What was posted and not run is dropped.
  void Stop();

  // Runs `task` on the loop's thread, soon. Thread-safe.
  void Post(std::function<void()> task);
  // Whether this is the loop's thread.
  bool InThread() const { return std::this_thread::get_id() == id_.load(); }

  // Whether the loop has nothing to do, and would take a long job over. Thread-safe.
  bool IsFree() const { return offer_.load(std::memory_order_relaxed) != Offer::kNone; }

  // The rest is for the loop's thread alone.

  boost::asio::io_context& io() { return *io_; }

  // Jobs run in the order of their coming. One of a `cost`, in the units of WorkMeter, may be taken
  // over by another loop if that makes it a long one; without a cost it runs on this loop.
  void Submit(std::shared_ptr<Job> job, int64_t cost = 0) {
    jobs_.push_back({std::move(job), cost, /*taken=*/false});
  }
  // Flushes at the end of this turn.
  void FlushSoon(std::shared_ptr<Flushed> flushed) { dirty_.push_back(std::move(flushed)); }

  // What was admitted for this loop and is not done, and how long it takes.
  WorkMeter& work() { return meter_; }

  // Space for bytes that are read or written now; nobody may keep anything in it.
  absl::Span<char> read_space() { return absl::MakeSpan(*read_space_); }
  absl::Span<char> plain_space() { return absl::MakeSpan(*plain_space_); }
  std::string& write_space() { return write_space_; }

  // How many connections belong to this loop; counted by who hands them out. Thread-safe.
  std::atomic<int>& connections() { return connections_; }

 private:
  static constexpr size_t kSpaceBytes = 64 << 10;
  using Space = std::array<char, kSpaceBytes>;

  struct Waiting {
    std::shared_ptr<Job> job;
    int64_t cost;
    bool taken;  // over from another loop
  };
  // Whether the loop takes jobs over, the better offer last.
  enum class Offer : uint8_t {
    kNone,          // it has something to do, or another loop has taken up the offer
    kIfOthersWait,  // callers waited here lately behind a long job
    kAsleep,        // the thread must be woken
    kAwake,
  };

  void Run();
  // Handles what is ready; whether there was something. `left_over`: the turn before has left work.
  bool TakeIn(bool left_over);
  // Does one turn; whether there was something to do. `woken`: an event ended the sleep before it.
  bool Turn(bool woken);
  // Does one that has work left over, and measures it.
  void FullTurn();
  // Runs jobs for a while; whether there was one.
  bool Work();
  // Runs a job that may be long, or gives it away. `waited`: it was found when a long one had
  // ended.
  void RunOrGive(Waiting* next, bool waited);
  // Gives the job to another loop, if one is free. `others_wait`: behind the job.
  bool GiveAway(Waiting* next, bool others_wait);
  EventLoop* FindFree(bool others_wait);
  // Tell others that nothing is to do here, and that there is again.
  void OfferItself(Clock::time_point now);
  void WithdrawOffer() {
    if (std::exchange(offered_, false)) offer_.store(Offer::kNone, std::memory_order_relaxed);
  }
  void FlushAll();

  const std::unique_ptr<boost::asio::io_context> io_;
  const std::chrono::nanoseconds max_spin_;
  std::chrono::nanoseconds spin_;
  std::deque<Waiting> jobs_;
  std::vector<EventLoop*> others_;
  bool offered_ = false;   // what `offer_` was before another loop took it up
  bool ran_long_ = false;  // in this turn's work
  // Until then the loop counts as one whose callers wait behind long jobs.
  Clock::time_point crowded_until_{};
  // Until then a job that was given away would still hold up whoever comes.
  Clock::time_point away_until_{};
  WorkMeter meter_;
  // The thread's processor time when the last turn ended, if it has left work.
  std::chrono::nanoseconds measured_since_{0};
  std::vector<std::shared_ptr<Flushed>> dirty_;
  std::vector<std::shared_ptr<Flushed>> flushing_;
  const std::unique_ptr<Space> read_space_ = std::make_unique<Space>();
  const std::unique_ptr<Space> plain_space_ = std::make_unique<Space>();
  std::string write_space_;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<std::thread::id> id_{};
  std::thread thread_;
  // Stands apart from all else, because other loops write to it when they take up the offer.
  alignas(kApartBytes) std::atomic<Offer> offer_{Offer::kNone};
};

}  // namespace dnc
