#include "server/index/arena.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "server/index/page_pool.h"

namespace dnc {

Arena::Arena(size_t capacity) : size_(PagePool::RunBytes(capacity)) {
  if (size_ != 0) memory_ = PagePool::Instance().Take(size_);
}

Arena::~Arena() {
  if (memory_ != nullptr) PagePool::Instance().Give(memory_, size_);
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
  const size_t rounded = (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
  if (rounded > size_ - used_) {
    std::fprintf(stderr,
                 "dncd: an arena of the index is too small (%zu bytes); report this defect\n",
                 bytes);
    std::abort();
  }
  uint8_t* start = memory_ + used_;
  used_ += rounded;
  // The pool hands out memory that others have used before.
  std::memset(start, 0, rounded);
  return start;
}

void Arena::Trim() {
  const size_t kept = PagePool::RunBytes(used_);
  if (kept == size_) return;
  PagePool::Instance().Give(memory_ + kept, size_ - kept);
  if (kept == 0) memory_ = nullptr;
  size_ = kept;
}

bool Arena::Contains(const void* address) const {
  const auto at = reinterpret_cast<uintptr_t>(address);
  const auto start = reinterpret_cast<uintptr_t>(memory_);
  return at >= start && at < start + size_;
}

}  // namespace dnc
