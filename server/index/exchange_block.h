// How the 10,000 numbers of one exchange lie in memory, and how they are tested.
//
// A BlockRef is a pointer to whole cache lines (64 bytes) whose low six bits tell the kind:
//
//   bitmap   0         1,280 bytes: 10,000 bits, the rest zero; an empty exchange is one shared
//                      bitmap of zeros, so that most tests need no branch
//   array    1 to 4    that many cache lines: line numbers, ascending, the rest 0xFFFF
//   delta    33 to 39  1 to 7 cache lines: the BlockRef of a bitmap (8 bytes), then lines that
//                      differ from it, ascending, the top bit set if the line is listed now; the
//                      rest 0xFFFF
//
//   BlockRef   63 ........ 6   5 .... 0        array   | line | line | ... | FFFF | FFFF |
//              | address / 64 | kind  |        delta   | BlockRef of base | line | ... | FFFF |
//
// "Line" is the line number, the last four digits. Everything here is a value or immutable memory,
// so it is thread-safe for reading.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "server/index/arena.h"
#include "server/numbers/phone_number.h"

namespace dnc {

static_assert(std::endian::native == std::endian::little, "bitmaps are stored as they lie");
static_assert(sizeof(void*) == 8, "block references are tagged 64-bit pointers");

// The bytes of a bitmap that hold numbers; in memory a bitmap is padded to whole cache lines.
inline constexpr size_t kBitmapBytes = kNumbersPerExchange / 8;
inline constexpr size_t kBlockUnit = kArenaAlignment;

// The bit of line L is bit L % 64 of words[L / 64]; as bytes, bit L % 8 of byte L / 8.
struct alignas(kBlockUnit) Bitmap {
  std::array<uint64_t, 160> words;

  bool Test(uint32_t line) const { return ((words[line / 64] >> (line % 64)) & 1) != 0; }
  void Set(uint32_t line) { words[line / 64] |= uint64_t{1} << (line % 64); }
  void Clear(uint32_t line) { words[line / 64] &= ~(uint64_t{1} << (line % 64)); }
  uint32_t Count() const;
  // Returns the first kBitmapBytes bytes: the canonical form of an exchange.
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(words.data()); }
  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(words.data()); }
};
static_assert(sizeof(Bitmap) == 1280);

inline constexpr uint32_t kMaxArrayUnits = 4;
inline constexpr uint32_t kMaxDeltaUnits = 7;
inline constexpr uint32_t kLinesPerUnit = kBlockUnit / sizeof(uint16_t);
// More numbers than this become a bitmap; more differences become a block of their own.
inline constexpr uint32_t kMaxArrayLines = kMaxArrayUnits * kLinesPerUnit;
inline constexpr uint32_t kMaxDeltaLines = kMaxDeltaUnits * kLinesPerUnit - 4;
inline constexpr uint16_t kListedBit = 0x8000;
inline constexpr uint16_t kNoLine = 0xFFFF;

inline constexpr Bitmap kEmptyBitmap{};

// A tagged pointer of 8 bytes. Owns nothing.
class BlockRef {
 public:
  // Makes the empty exchange.
  BlockRef() : BlockRef(&kEmptyBitmap, 0) {}
  static BlockRef ToBitmap(const Bitmap* bitmap) { return BlockRef(bitmap, 0); }
  static BlockRef ToArray(const void* array, uint32_t units) { return BlockRef(array, units); }
  static BlockRef ToDelta(const void* delta, uint32_t units) {
    return BlockRef(delta, kDeltaTag + units);
  }

  bool is_bitmap() const { return tag() == 0; }
  bool is_delta() const { return tag() >= kDeltaTag; }
  bool is_empty() const { return data() == reinterpret_cast<const uint8_t*>(&kEmptyBitmap); }

  // Returns the number of cache lines of an array or a delta.
  uint32_t units() const { return tag() % kDeltaTag; }
  size_t bytes() const { return is_bitmap() ? sizeof(Bitmap) : units() * kBlockUnit; }

  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(bits_ & ~kTagMask); }
  const Bitmap& bitmap() const { return *reinterpret_cast<const Bitmap*>(data()); }
  // Returns a block of the same kind at another place.
  BlockRef MovedTo(const void* data) const { return BlockRef(data, tag()); }

  friend bool operator==(BlockRef, BlockRef) = default;

 private:
  static constexpr uint64_t kTagMask = kBlockUnit - 1;
  static constexpr uint32_t kDeltaTag = 32;

  BlockRef(const void* data, uint32_t tag) : bits_(reinterpret_cast<uintptr_t>(data) | tag) {}
  uint32_t tag() const { return static_cast<uint32_t>(bits_ & kTagMask); }

  uint64_t bits_;
};
static_assert(sizeof(BlockRef) == 8);

// What a delta says about a line.
enum class DeltaAnswer { kAsBase, kListed, kNotListed };

// A line that differs from the base of a delta.
struct LineState {
  uint16_t line;
  bool listed;
};

inline const uint16_t* ArrayLines(BlockRef array) {
  return reinterpret_cast<const uint16_t*>(array.data());
}
inline const uint16_t* DeltaLines(BlockRef delta) {
  return reinterpret_cast<const uint16_t*>(delta.data() + sizeof(BlockRef));
}

// `delta` must be a delta. Its base is a bitmap, perhaps the empty one.
inline BlockRef DeltaBase(BlockRef delta) {
  BlockRef base;
  std::memcpy(&base, delta.data(), sizeof(base));
  return base;
}

// Returns whether `value` is one of `kCount` entries, without branches and in a form that suits
// vector instructions.
template <uint32_t kCount>
inline bool HasEntry(const uint16_t* entries, uint16_t value) {
  uint16_t found = 0;
  for (uint32_t i = 0; i < kCount; ++i) {
    found = static_cast<uint16_t>(found | (entries[i] == value ? 1 : 0));
  }
  return found != 0;
}

// Scans the whole array: its cache lines are read at once, while a binary search would wait for
// them one by one.
inline bool ArrayContains(BlockRef array, uint32_t line) {
  const uint16_t* lines = ArrayLines(array);
  const auto value = static_cast<uint16_t>(line);
  bool found = HasEntry<kLinesPerUnit>(lines, value);
  for (uint32_t unit = 1; unit < array.units(); ++unit) {
    found |= HasEntry<kLinesPerUnit>(lines + unit * kLinesPerUnit, value);
  }
  return found;
}

inline DeltaAnswer DeltaLookup(BlockRef delta, uint32_t line) {
  constexpr uint32_t kFirstLines = kLinesPerUnit - sizeof(BlockRef) / sizeof(uint16_t);
  const uint16_t* lines = DeltaLines(delta);
  const auto not_listed_entry = static_cast<uint16_t>(line);
  const auto listed_entry = static_cast<uint16_t>(line | kListedBit);
  bool listed = HasEntry<kFirstLines>(lines, listed_entry);
  bool not_listed = HasEntry<kFirstLines>(lines, not_listed_entry);
  lines += kFirstLines;
  for (uint32_t unit = 1; unit < delta.units(); ++unit, lines += kLinesPerUnit) {
    listed |= HasEntry<kLinesPerUnit>(lines, listed_entry);
    not_listed |= HasEntry<kLinesPerUnit>(lines, not_listed_entry);
  }
  if (listed) return DeltaAnswer::kListed;
  return not_listed ? DeltaAnswer::kNotListed : DeltaAnswer::kAsBase;
}

// Returns whether `line` (below 10,000) is in the block.
inline bool BlockContains(BlockRef block, uint32_t line) {
  if (block.is_bitmap()) return block.bitmap().Test(line);
  if (!block.is_delta()) return ArrayContains(block, line);
  const DeltaAnswer answer = DeltaLookup(block, line);
  if (answer == DeltaAnswer::kAsBase) return DeltaBase(block).bitmap().Test(line);
  return answer == DeltaAnswer::kListed;
}

// Returns the block as a bitmap: the block itself, or `scratch` filled from it.
const Bitmap& ReadBitmap(BlockRef block, Bitmap& scratch);

// Calls `fn` for the lines of the bitmap, ascending.
void ForEachLine(const Bitmap& bitmap, absl::FunctionRef<void(uint32_t line)> fn);

// Returns how many bytes of an arena PackBlock takes for `count` numbers.
size_t PackedBytes(uint32_t count);

// Writes the smaller form of `bitmap`, which holds `count` numbers.
BlockRef PackBlock(const Bitmap& bitmap, uint32_t count, Arena& arena);

// Appends the lines in which a delta differs from its base, ascending.
void AppendDeltaLines(BlockRef delta, std::vector<LineState>& lines);

// Writes a delta of 1 to kMaxDeltaLines lines, ascending, over `base`, which must be a bitmap.
BlockRef WriteDelta(BlockRef base, absl::Span<const LineState> lines, Arena& arena);

}  // namespace dnc
