#include "server/index/huge_page_keeper.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "server/base/log_line.h"

#ifndef MADV_COLLAPSE  // the C library of Debian 12 is older than its kernel
#define MADV_COLLAPSE 25
#endif

namespace dnc {
namespace {

constexpr double kGoal = 0.99;
constexpr int kShortPause = 4;  // looks
constexpr int kLongestPause = 60;
constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr std::chrono::milliseconds kLongestRest(50);
constexpr size_t kSmallPage = 4096;

int AskKernel(void* start, size_t bytes) {
  return madvise(start, bytes, MADV_COLLAPSE) == 0 ? 0 : errno;
}

HugePageKeeperOptions WithDefaults(HugePageKeeperOptions options) {
  if (!options.collapse) options.collapse = AskKernel;
  return options;
}

// Tells which huge pages of the process have any memory, from /proc/self/pagemap.
class PageMap {
 public:
  PageMap() : file_(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)) {}
  ~PageMap() {
    if (file_ >= 0) close(file_);
  }
  PageMap(const PageMap&) = delete;
  PageMap& operator=(const PageMap&) = delete;

  // Returns false also if the kernel does not tell.
  bool HasMemory(uintptr_t huge_page) const {
    constexpr uint64_t kPresent = uint64_t{1} << 63;
    std::array<uint64_t, kHugePage / kSmallPage> entries{};
    const auto at = static_cast<off_t>(huge_page / kSmallPage * sizeof(uint64_t));
    if (pread(file_, entries.data(), sizeof(entries), at) != sizeof(entries)) return false;
    return std::any_of(entries.begin(), entries.end(),
                       [](uint64_t entry) { return (entry & kPresent) != 0; });
  }

 private:
  const int file_;
};

MemoryShare SumOf(const std::vector<MemoryMapping>& mappings) {
  MemoryShare sum;
  for (const MemoryMapping& mapping : mappings) {
    sum.resident += mapping.resident;
    sum.huge += mapping.huge;
  }
  return sum;
}

int Percent(const MemoryShare& share) { return static_cast<int>(100 * share.share()); }

// Returns how many huge pages the operator has reserved on this machine.
uint64_t ReservedPages() {
  std::ifstream file("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
  uint64_t pages = 0;
  file >> pages;
  return pages;
}

}  // namespace

std::optional<MemoryShare> ReadIndexMemory() {
  const auto mappings = ReadMappings();
  if (!mappings.has_value()) return std::nullopt;
  return SumOf(PagePool::Instance().OwnMappings(*mappings));
}

HugePageKeeper::HugePageKeeper(PagePool* pool, HugePageKeeperOptions options)
    : pool_(pool), options_(WithDefaults(std::move(options))) {}

bool HugePageKeeper::Due() {
  const uint64_t taken = pool_->taken_bytes();
  if (taken != seen_taken_) {
    seen_taken_ = taken;
    // A round that waits for its turn begins soon, but what was tried in vain still counts: a
    // server to which changes come all the time must give up, too.
    pause_ = pending_ ? std::min(pause_, kShortPause) : 1;
    if (!pending_) looks_ = waited_looks_ = 0;
    pending_ = true;
    // A page that is moved delays who writes it, so a load is left to finish first.
    if (++unsettled_looks_ <= options_.max_unsettled_looks) return false;
  }
  unsettled_looks_ = 0;
  if (!pending_) return false;
  ++looks_;
  return ++waited_looks_ >= pause_;
}

void HugePageKeeper::TellOfMissingPages() {
  const uint64_t missing = pool_->missing_pages();
  if (missing == told_missing_) return;
  told_missing_ = missing;
  const uint64_t reserved = ReservedPages();
  LogWarn(
      "of the huge pages that the operator reserved, {} too few were free, and the kernel is "
      "asked for others instead; sysctl vm.nr_hugepages={} and restart dncd, or set "
      "memory.huge_pages to madvise",
      missing, reserved + missing);
}

void HugePageKeeper::Look() {
  if (stopped() || !Due()) return;
  TellOfMissingPages();
  if (!probed_) {
    probed_ = true;
    // With no bytes the kernel only tells whether it knows the request.
    if (options_.collapse(reinterpret_cast<void*>(kHugePage), 0) != 0) {
      LogInfo(
          "this kernel cannot gather small pages in huge ones (Linux 6.1 can); the indexes stay "
          "in the pages that they came in");
      Stop();
      return;
    }
  }
  const auto all = ReadMappings();
  if (!all.has_value()) return;
  const std::vector<MemoryMapping> mappings = pool_->OwnMappings(*all);
  Round round;
  for (const MemoryMapping& mapping : mappings) {
    if (mapping.huge < mapping.resident) Gather(mapping, &round);
  }
  if (!stopped()) Finish(SumOf(mappings), round);
}

void HugePageKeeper::Gather(const MemoryMapping& mapping, Round* round) {
  const PageMap pages;
  for (uintptr_t page = mapping.begin; page + kHugePage <= mapping.end; page += kHugePage) {
    if (stopped() || round->failures >= options_.max_failures) return;
    if (!pages.HasMemory(page)) continue;
    const auto start = std::chrono::steady_clock::now();
    const int error = pool_->AskFor(page, options_.collapse);
    ++round->asked;
    if (error != 0) round->error = error;
    round->failures = error == ENOMEM ? round->failures + 1 : 0;
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(
        std::chrono::steady_clock::now() - start, kLongestRest));
  }
}

void HugePageKeeper::Finish(const MemoryShare& before, const Round& round) {
  waited_looks_ = 0;
  MemoryShare after = before;
  if (round.asked > 0) {
    const auto all = ReadMappings();
    if (!all.has_value()) return;
    after = SumOf(pool_->OwnMappings(*all));
  }
  if (after.share() >= kGoal) {
    pending_ = false;
    if (told_low_ || (round.asked > 0 && before.low())) {
      LogInfo("{} % of the indexes' {} MiB are in huge pages; before, {} % were", Percent(after),
              after.resident / kMiB, Percent(before));
    }
    told_low_ = false;
    return;
  }
  pause_ = std::min(2 * pause_, kLongestPause);
  if (looks_ < options_.max_looks) return;
  pending_ = false;
  if (!after.low()) return;
  told_low_ = true;
  LogWarn(
      "only {} % of the indexes' {} MiB are in huge pages, and the kernel finds no more ({}), so "
      "batches take longer; free some memory and run sysctl vm.compact_memory=1, or reserve huge "
      "pages (docs/operations.md, Huge pages)",
      Percent(after), after.resident / kMiB, std::strerror(round.error));
}

}  // namespace dnc
