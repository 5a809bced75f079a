// A stretch of memory that is filled from its start and returned to the pool as a whole.
//
// The blocks of one area code are in one arena. So no block needs an allocation of its own, none is
// on the heap, and all are in huge pages (page_pool.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace dnc {

// Everything in an arena starts at a multiple of this, the size of a cache line.
inline constexpr size_t kArenaAlignment = 64;

// Not thread-safe while it is being filled. Movable; a moved-from arena is empty.
class Arena {
 public:
  // Makes an empty arena, without memory.
  Arena() = default;

  // Reserves `capacity` bytes, rounded up to a page. Pages take memory when they are first written.
  // Ends the process if the system refuses memory.
  explicit Arena(size_t capacity);
  ~Arena();
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;

  // Returns the next `bytes` bytes, zeroed and aligned to kArenaAlignment. Ends the process if the
  // capacity is exceeded.
  uint8_t* Allocate(size_t bytes);

  // Returns the pages behind the last allocation to the pool. Nothing can be allocated afterwards.
  void Trim();

  bool Contains(const void* address) const;
  // Returns where the memory starts; null if the arena is empty.
  const uint8_t* data() const { return memory_; }

  // Returns the size in bytes, which is the most memory that the arena takes.
  size_t size() const { return size_; }

 private:
  uint8_t* memory_ = nullptr;
  size_t size_ = 0;
  size_t used_ = 0;
};

}  // namespace dnc
