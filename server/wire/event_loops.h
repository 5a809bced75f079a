// The loops of a server, which all of its fronts share: one for each core that it uses.
//
//   EventLoops loops(4, spin);
//   ... fronts set their timers ...
//   loops.Start();
//   EventLoop* const loop = loops.LeastUsed();  // for a connection that has come
//   ...
//   loops.Stop();                               // the threads; the loops stay
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "server/base/sharded_count.h"
#include "server/wire/event_loop.h"

namespace dnc {

// Start and Stop belong to one thread; the rest is thread-safe.
class EventLoops {
 public:
  // At least one loop, each of which gives long jobs to those that are idle. `spin` as EventLoop
  // has it.
  EventLoops(int count, std::chrono::nanoseconds spin);
  ~EventLoops();  // as Stop
  EventLoops(const EventLoops&) = delete;
  EventLoops& operator=(const EventLoops&) = delete;

  void Start();
  // Ends the threads; what was posted and not run is dropped. The loops themselves live as long as
  // this: calls that others hold refer to them.
  void Stop();

  size_t size() const { return loops_.size(); }
  EventLoop* at(size_t index) const { return &loops_[index]->loop; }
  // The index of the loop with the fewest connections of all fronts.
  size_t LeastUsed() const;

 private:
  // Each stands apart from the others, whose threads write to theirs.
  struct alignas(kApartBytes) Apart {
    explicit Apart(std::chrono::nanoseconds spin) : loop(spin) {}
    EventLoop loop;
  };

  std::vector<std::unique_ptr<Apart>> loops_;
};

}  // namespace dnc
