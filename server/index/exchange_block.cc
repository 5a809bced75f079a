#include "server/index/exchange_block.h"

#include <algorithm>
#include <bit>

#include "server/base/cpu_level.h"

namespace dnc {
namespace {

constexpr uint32_t kDeltaHeaderLines = sizeof(BlockRef) / sizeof(uint16_t);

uint32_t UnitsFor(size_t lines) {
  return static_cast<uint32_t>((lines + kLinesPerUnit - 1) / kLinesPerUnit);
}

__attribute__((always_inline)) inline uint32_t CountBits(const Bitmap& bitmap) {
  uint32_t count = 0;
  for (const uint64_t word : bitmap.words) count += static_cast<uint32_t>(std::popcount(word));
  return count;
}

#if defined(__x86_64__)
// Every processor with AVX2 has this instruction.
__attribute__((target("popcnt"))) uint32_t CountByInstruction(const Bitmap& bitmap) {
  return CountBits(bitmap);
}
#endif

}  // namespace

uint32_t Bitmap::Count() const {
#if defined(__x86_64__)
  if (UsedCpuLevel() >= CpuLevel::kAvx2) return CountByInstruction(*this);
#endif
  return CountBits(*this);
}

const Bitmap& ReadBitmap(BlockRef block, Bitmap& scratch) {
  if (block.is_bitmap()) return block.bitmap();
  if (block.is_delta()) {
    scratch = DeltaBase(block).bitmap();
    const uint16_t* lines = DeltaLines(block);
    const uint32_t capacity = block.units() * kLinesPerUnit - kDeltaHeaderLines;
    for (uint32_t i = 0; i < capacity && lines[i] != kNoLine; ++i) {
      const uint32_t line = lines[i] & ~uint32_t{kListedBit};
      if ((lines[i] & kListedBit) != 0) {
        scratch.Set(line);
      } else {
        scratch.Clear(line);
      }
    }
    return scratch;
  }
  scratch = kEmptyBitmap;
  const uint16_t* lines = ArrayLines(block);
  const uint32_t capacity = block.units() * kLinesPerUnit;
  for (uint32_t i = 0; i < capacity && lines[i] != kNoLine; ++i) scratch.Set(lines[i]);
  return scratch;
}

void ForEachLine(const Bitmap& bitmap, absl::FunctionRef<void(uint32_t line)> fn) {
  for (uint32_t i = 0; i < bitmap.words.size(); ++i) {
    for (uint64_t word = bitmap.words[i]; word != 0; word &= word - 1) {
      fn(i * 64 + static_cast<uint32_t>(std::countr_zero(word)));
    }
  }
}

size_t PackedBytes(uint32_t count) {
  return count > kMaxArrayLines ? sizeof(Bitmap) : UnitsFor(count) * kBlockUnit;
}

BlockRef PackBlock(const Bitmap& bitmap, uint32_t count, Arena& arena) {
  if (count == 0) return BlockRef();
  uint8_t* data = arena.Allocate(PackedBytes(count));
  if (count > kMaxArrayLines) {
    std::memcpy(data, &bitmap, sizeof(bitmap));
    return BlockRef::ToBitmap(reinterpret_cast<const Bitmap*>(data));
  }
  const uint32_t units = UnitsFor(count);
  auto* lines = reinterpret_cast<uint16_t*>(data);
  uint16_t* end = lines;
  ForEachLine(bitmap, [&end](uint32_t line) { *end++ = static_cast<uint16_t>(line); });
  std::fill(end, lines + units * kLinesPerUnit, kNoLine);
  return BlockRef::ToArray(data, units);
}

void AppendDeltaLines(BlockRef delta, std::vector<LineState>& lines) {
  const uint16_t* entry = DeltaLines(delta);
  const uint32_t capacity = delta.units() * kLinesPerUnit - kDeltaHeaderLines;
  for (uint32_t i = 0; i < capacity && entry[i] != kNoLine; ++i) {
    const auto line = static_cast<uint16_t>(entry[i] & ~uint32_t{kListedBit});
    lines.push_back({line, (entry[i] & kListedBit) != 0});
  }
}

BlockRef WriteDelta(BlockRef base, absl::Span<const LineState> lines, Arena& arena) {
  const uint32_t units = UnitsFor(lines.size() + kDeltaHeaderLines);
  uint8_t* data = arena.Allocate(units * kBlockUnit);
  std::memcpy(data, &base, sizeof(base));
  auto* entry = reinterpret_cast<uint16_t*>(data + sizeof(base));
  for (const LineState& state : lines) {
    *entry++ = static_cast<uint16_t>(state.line | (state.listed ? kListedBit : 0));
  }
  std::fill(entry, reinterpret_cast<uint16_t*>(data + units * kBlockUnit), kNoLine);
  return BlockRef::ToDelta(data, units);
}

}  // namespace dnc
