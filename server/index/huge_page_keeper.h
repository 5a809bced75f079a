// Has the kernel gather in huge pages what it gave the indexes in small ones.
//
// Where free memory is chopped up, as after a load has read its files, the kernel finds few huge
// pages when a list or a filter is written for the first time, and never tries again by itself
// soon. Since Linux 6.1 it can be asked to (MADV_COLLAPSE): it then makes room, copies the small
// pages and swaps them for a huge one, while readers go on.
//
// Whatever maps memory is seen by the pool (page_pool.h): a load, a fold, a filter's rebuild and a
// start all take memory from it. So the keeper watches the pool, and the rooms know nothing of it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "server/base/memory_mappings.h"
#include "server/index/page_pool.h"

namespace dnc {

// Returns what the pool's memory takes; nothing if the kernel does not tell. Costs what
// ReadMappings costs.
std::optional<MemoryShare> ReadIndexMemory();

struct HugePageKeeperOptions {
  // Asks the kernel for a huge page: returns 0, or what errno says. With no bytes it tells whether
  // the kernel knows the request: EINVAL if not.
  std::function<int(void* start, size_t bytes)> collapse;
  // How many looks a round may be put off because memory is still being taken.
  int max_unsettled_looks = 5;
  // After this many looks without success it gives up, until memory is taken again.
  int max_looks = 600;
  // After this many pages in a row that the kernel has no room for, the round ends.
  int max_failures = 16;
};

// Only Stop is thread-safe.
class HugePageKeeper {
 public:
  // `pool` must outlive it. Without options.collapse the kernel is asked.
  explicit HugePageKeeper(PagePool* pool, HugePageKeeperOptions options = {});

  // To be called every second. When memory has been taken and the taking has paused, begins a
  // round: asks for a huge page wherever there are small ones. It goes on with growing pauses while
  // the share in huge pages is below 99 %. In a round it rests as long as it works, and it never
  // makes memory resident that nobody has written, apart from the rest of a huge page. Logs what an
  // operator should know.
  void Look();

  // Ends the round under way after the page that it is at, and has later looks do nothing.
  void Stop() { stopped_.store(true, std::memory_order_relaxed); }

 private:
  // How a round went.
  struct Round {
    int failures = 0;    // pages in a row for which there was no room
    uint64_t asked = 0;  // pages
    int error = 0;       // of the last page that failed
  };

  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
  // Returns whether it is time for a round.
  bool Due();
  void TellOfMissingPages();
  void Gather(const MemoryMapping& mapping, Round* round);
  void Finish(const MemoryShare& before, const Round& round);

  PagePool* const pool_;
  const HugePageKeeperOptions options_;
  std::atomic<bool> stopped_ = false;
  bool probed_ = false;
  uint64_t seen_taken_ = 0;  // the pool's taken_bytes() at the last look
  int unsettled_looks_ = 0;
  bool pending_ = false;       // memory was taken since the last round that reached its goal
  int waited_looks_ = 0;       // since the last round
  int pause_ = 1;              // looks until the next round
  int looks_ = 0;              // since the first round
  uint64_t told_missing_ = 0;  // reserved pages
  bool told_low_ = false;
};

}  // namespace dnc
