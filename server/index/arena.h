// A run of memory that is filled from its start and given back to the pool as a whole.
//
// The blocks of one area code live in one arena: no allocation a block, none of them on the heap,
// all in huge pages (page_pool.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace dnc {

// Everything in an arena starts at a multiple of this, the size of a cache line.
inline constexpr size_t kArenaAlignment = 64;

// Not thread-safe while it is filled. Movable; a moved-from arena is empty.
class Arena {
 public:
  // An empty arena, without memory.
  Arena() = default;

  // Takes room for `capacity` bytes, rounded up to a page. Pages take memory when first written.
  // Ends the process if the system refuses it.
  explicit Arena(size_t capacity);
  ~Arena();
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;

  // The next `bytes` bytes, zeroed and aligned to kArenaAlignment. Ends the process beyond the
  // capacity.
  uint8_t* Allocate(size_t bytes);

  // Gives the pages behind the last allocation back; nothing can be allocated afterwards.
  void Trim();

  bool Contains(const void* address) const;
  // Where it starts; null if it is empty.
  const uint8_t* data() const { return memory_; }

  // Bytes of the run: what the arena takes at most.
  size_t size() const { return size_; }

 private:
  uint8_t* memory_ = nullptr;
  size_t size_ = 0;
  size_t used_ = 0;
};

}  // namespace dnc
