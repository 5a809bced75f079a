#include "server/index/page_pool.h"

#include <linux/mman.h>
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace dnc {
namespace {

constexpr size_t kPage = 4096;
// This much address space is requested at a time; it takes no memory before it is written.
constexpr size_t kRegion = size_t{256} << 20;
// Reserved huge pages are used up when they are mapped, so they are mapped in smaller parts.
constexpr size_t kReservedRegion = size_t{8} << 20;

uintptr_t RoundUp(uintptr_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

[[noreturn]] void Die(size_t bytes) {
  std::fprintf(stderr, "dncd: out of memory for the index (%zu bytes); give the machine more\n",
               bytes);
  std::abort();
}

void Release(uintptr_t start, size_t bytes) {
  madvise(reinterpret_cast<void*>(start), bytes, MADV_DONTNEED);
}

// Asks for addresses that begin at a huge page, without memory. More addresses stay unused behind
// them, so no two regions touch. Returns 0 if the system refuses.
uintptr_t MapAddresses(size_t bytes, int protection) {
  void* const mapped = mmap(nullptr, bytes + kHugePage, protection,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, /*offset=*/0);
  return mapped == MAP_FAILED ? 0 : RoundUp(reinterpret_cast<uintptr_t>(mapped), kHugePage);
}

uintptr_t MapMemory(size_t bytes, bool huge) {
  const uintptr_t start = MapAddresses(bytes, PROT_READ | PROT_WRITE);
  // This fails where the kernel has no huge pages; small ones then do the work more slowly.
  if (start != 0) {
    madvise(reinterpret_cast<void*>(start), bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  }
  return start;
}

// Maps reserved huge pages and takes them at once: a page that is missing only when it is written
// would end the process. Returns 0 if there are too few.
uintptr_t MapReserved(size_t bytes) {
  const uintptr_t start = MapAddresses(bytes, PROT_NONE);
  if (start == 0) return 0;
  void* const memory = reinterpret_cast<void*>(start);
  void* const mapped =
      mmap(memory, bytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB | MAP_FIXED, -1, /*offset=*/0);
  if (mapped != MAP_FAILED && madvise(memory, bytes, MADV_POPULATE_WRITE) == 0) return start;
  munmap(memory, bytes);
  return 0;
}

}  // namespace

PagePool& PagePool::Instance() {
  static PagePool* const pool = new PagePool();
  return *pool;
}

bool PagePool::HugePagesOff() {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string choices;  // like "always madvise [never]"; the brackets mark the one in effect
  std::getline(file, choices);
  return choices.find("[never]") != std::string::npos;
}

size_t PagePool::RunBytes(size_t bytes) { return RoundUp(bytes, kPage); }

std::map<uintptr_t, size_t>::iterator PagePool::FirstThatFits(size_t bytes) {
  return std::find_if(free_.begin(), free_.end(),
                      [bytes](const auto& run) { return run.second >= bytes; });
}

uint8_t* PagePool::Take(size_t bytes) {
  const size_t wanted = RunBytes(bytes);
  const absl::MutexLock lock(&mutex_);
  auto run = FirstThatFits(wanted);
  if (run == free_.end()) {
    AddRegion(wanted);
    run = FirstThatFits(wanted);
  }
  const auto [start, size] = *run;
  free_.erase(run);
  if (size > wanted) free_.emplace(start + wanted, size - wanted);
  used_ += wanted;
  taken_ += wanted;
  auto* memory = reinterpret_cast<uint8_t*>(start);
  ASAN_UNPOISON_MEMORY_REGION(memory, wanted);
  return memory;
}

void PagePool::Give(uint8_t* start, size_t bytes) {
  if (bytes == 0) return;
  ASAN_POISON_MEMORY_REGION(start, bytes);
  const auto first = reinterpret_cast<uintptr_t>(start);
  const absl::MutexLock lock(&mutex_);
  used_ -= bytes;
  const auto run = Join(first, bytes);
  // Releases the huge pages that this run touches and that are free now. Those in the rest of the
  // joined run were released before.
  const uintptr_t low = std::max(RoundUp(run->first, kHugePage), first / kHugePage * kHugePage);
  const uintptr_t high = std::min((run->first + run->second) / kHugePage * kHugePage,
                                  RoundUp(first + bytes, kHugePage));
  if (low < high && !RegionOf(low)->reserved) Release(low, high - low);
}

void PagePool::Use(HugePages source) {
  const absl::MutexLock lock(&mutex_);
  source_ = source;
}

size_t PagePool::used_bytes() const {
  const absl::MutexLock lock(&mutex_);
  return used_;
}

uint64_t PagePool::taken_bytes() const {
  const absl::MutexLock lock(&mutex_);
  return taken_;
}

uint64_t PagePool::missing_pages() const {
  const absl::MutexLock lock(&mutex_);
  return missing_pages_;
}

std::vector<MemoryMapping> PagePool::OwnMappings(const std::vector<MemoryMapping>& all) const {
  std::vector<MemoryMapping> own;
  const absl::MutexLock lock(&mutex_);
  for (const MemoryMapping& mapping : all) {
    for (const Region& region : regions_) {
      MemoryMapping part = mapping;
      part.begin = std::max(mapping.begin, region.start);
      part.end = std::min(mapping.end, region.start + region.bytes);
      if (part.begin >= part.end) continue;
      // Without huge pages the kernel may show more than the pool's memory as one mapping.
      part.resident = std::min<uint64_t>(part.resident, part.end - part.begin);
      part.huge = std::min(part.huge, part.resident);
      own.push_back(part);
    }
  }
  return own;
}

int PagePool::AskFor(uintptr_t page, const std::function<int(void* start, size_t bytes)>& ask) {
  {
    const absl::MutexLock lock(&mutex_);
    if (IsFree(page, kHugePage)) return 0;
  }
  const int result = ask(reinterpret_cast<void*>(page), kHugePage);
  const absl::MutexLock lock(&mutex_);
  if (IsFree(page, kHugePage)) Release(page, kHugePage);
  return result;
}

void PagePool::AddRegion(size_t bytes) {
  Region region;
  region.reserved = source_ == HugePages::kReserved;
  region.bytes = RoundUp(std::max(bytes, region.reserved ? kReservedRegion : kRegion), kHugePage);
  if (region.reserved) {
    region.start = MapReserved(region.bytes);
    region.reserved = region.start != 0;
    if (!region.reserved) {
      missing_pages_ += region.bytes / kHugePage;
      region.bytes = RoundUp(std::max(bytes, kRegion), kHugePage);
    }
  }
  if (region.start == 0) region.start = MapMemory(region.bytes, source_ != HugePages::kOff);
  if (region.start == 0) Die(bytes);
  ASAN_POISON_MEMORY_REGION(reinterpret_cast<void*>(region.start), region.bytes);
  regions_.push_back(region);
  Join(region.start, region.bytes);
}

const PagePool::Region* PagePool::RegionOf(uintptr_t address) const {
  for (const Region& region : regions_) {
    if (address - region.start < region.bytes) return &region;
  }
  return nullptr;
}

bool PagePool::IsFree(uintptr_t start, size_t bytes) const {
  auto run = free_.upper_bound(start);
  if (run == free_.begin()) return false;
  run = std::prev(run);
  return run->first + run->second >= start + bytes;
}

std::map<uintptr_t, size_t>::iterator PagePool::Join(uintptr_t start, size_t bytes) {
  auto next = free_.lower_bound(start);
  if (next != free_.end() && next->first == start + bytes) {
    bytes += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == start) {
      before->second += bytes;
      return before;
    }
  }
  return free_.emplace_hint(next, start, bytes);
}

}  // namespace dnc
