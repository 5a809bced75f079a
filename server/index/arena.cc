#include "server/index/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace dnc {
namespace {

size_t RoundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

size_t PageBytes() {
  static const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

// An index without its memory must not answer; like a failed `new`, this ends the process.
[[noreturn]] void Die(const char* what, size_t bytes) {
  std::fprintf(stderr, "dncd: %s (%zu bytes)\n", what, bytes);
  std::abort();
}

}  // namespace

Arena::Arena(size_t capacity) : size_(RoundUp(capacity, PageBytes())) {
  if (size_ == 0) return;
  void* memory =
      mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
           /*offset=*/0);
  if (memory == MAP_FAILED) Die("out of memory for the index; give the machine more", size_);
  memory_ = static_cast<uint8_t*>(memory);
}

Arena::~Arena() {
  if (memory_ != nullptr) munmap(memory_, size_);
}

Arena::Arena(Arena&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      used_(std::exchange(other.used_, 0)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(size_, other.size_);
  std::swap(used_, other.used_);
  return *this;
}

uint8_t* Arena::Allocate(size_t bytes) {
  const size_t rounded = RoundUp(bytes, kArenaAlignment);
  if (rounded > size_ - used_) Die("an arena of the index is too small; report this defect", bytes);
  uint8_t* start = memory_ + used_;
  used_ += rounded;
  return start;
}

void Arena::Trim() {
  const size_t kept = RoundUp(used_, PageBytes());
  if (kept == size_) return;
  munmap(memory_ + kept, size_ - kept);
  if (kept == 0) memory_ = nullptr;
  size_ = kept;
}

bool Arena::Contains(const void* address) const {
  const auto at = reinterpret_cast<uintptr_t>(address);
  const auto start = reinterpret_cast<uintptr_t>(memory_);
  return at >= start && at < start + size_;
}

}  // namespace dnc
