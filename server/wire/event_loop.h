// A thread that serves connections: its sockets and timers by Asio, and the calls that wait for
// their turn. A server has one loop for each core that it uses.
//
//      sockets, timers, Post                      jobs (complete calls)
//               |                                        |
//   run: take in what is ready, 64 at most ---> work for 100 us at most ---> flush connections
//         ^                                                                       |
//         +---------- nothing left? look for `spin` longer, then sleep <----------+
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
    virtual void RunJob() = 0;
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

  void Start();
  // Ends the thread. What was posted and not run is dropped.
  void Stop();

  // Runs `task` on the loop's thread, soon. Thread-safe.
  void Post(std::function<void()> task);
  // Whether this is the loop's thread.
  bool InThread() const { return std::this_thread::get_id() == id_.load(); }

  // The rest is for the loop's thread alone.

  boost::asio::io_context& io() { return *io_; }

  // Jobs run in the order of their coming.
  void Submit(std::shared_ptr<Job> job) { jobs_.push_back(std::move(job)); }
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

  void Run();
  // Handles what is ready; whether there was something. `left_over`: the turn before has left work.
  bool TakeIn(bool left_over);
  // Does one turn; whether there was something to do. `woken`: an event ended the sleep before it.
  bool Turn(bool woken);
  // Does one that has work left over, and measures it.
  void FullTurn();
  // Runs jobs for a while; whether there was one.
  bool Work();
  void FlushAll();

  const std::unique_ptr<boost::asio::io_context> io_;
  const std::chrono::nanoseconds max_spin_;
  std::chrono::nanoseconds spin_;
  std::deque<std::shared_ptr<Job>> jobs_;
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
};

}  // namespace dnc
