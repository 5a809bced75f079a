#include "server/index/page_pool.h"

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
constexpr size_t kHugePage = size_t{2} << 20;
// This much address space is requested at a time; it takes no memory before it is written.
constexpr size_t kRegion = size_t{256} << 20;

uintptr_t RoundUp(uintptr_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

[[noreturn]] void Die(size_t bytes) {
  std::fprintf(stderr, "dncd: out of memory for the index (%zu bytes); give the machine more\n",
               bytes);
  std::abort();
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
  if (low < high) madvise(reinterpret_cast<void*>(low), high - low, MADV_DONTNEED);
}

size_t PagePool::used_bytes() const {
  const absl::MutexLock lock(&mutex_);
  return used_;
}

void PagePool::AddRegion(size_t bytes) {
  const size_t size = RoundUp(std::max(bytes, kRegion), kHugePage);
  void* mapped = mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, /*offset=*/0);
  if (mapped == MAP_FAILED) Die(bytes);
  const uintptr_t start = RoundUp(reinterpret_cast<uintptr_t>(mapped), kHugePage);
  // This fails where the kernel has no huge pages; small ones then do the work more slowly.
  madvise(reinterpret_cast<void*>(start), size, MADV_HUGEPAGE);
  ASAN_POISON_MEMORY_REGION(reinterpret_cast<void*>(start), size);
  Join(start, size);
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
