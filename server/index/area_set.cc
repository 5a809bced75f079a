// How a set lies in memory. Its arena begins with the directory, followed by the blocks of the
// exchanges (exchange_block.h has their forms). A set made by WithChanges owns only what changed;
// the rest of its directory points into the arena of the root, which it keeps alive:
//
//   root:                 | directory | bitmap of 555 | array of 556 | ...
//                                        ^               ^
//   made by WithChanges:                 |               |
//     directory: 555 -> delta of 555 ----+               |    its own arena
//                556 -> ------------------------------+    shared, as most are
//                557 -> bitmap of 557                         its own arena
//
// A delta always refers to a bitmap of the root, never to another delta. When a changed set is
// changed again, the lines of both deltas are merged, and what belonged only to the set in between
// is copied. So a chain is never longer than one, and dropping the set in between frees all its
// memory.
#include "server/index/area_set.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/index/area_set_writer.h"
#include "server/index/stored_block.h"

namespace dnc {
namespace {

BlockRef BlockOf(const AreaSet* set, int exchange) {
  return set == nullptr ? BlockRef() : set->block(exchange);
}

void DiffExchange(int exchange, const Bitmap& before, const Bitmap& after,
                  absl::FunctionRef<void(Change)> fn) {
  const uint32_t first = static_cast<uint32_t>(exchange) * kNumbersPerExchange;
  for (uint32_t i = 0; i < before.words.size(); ++i) {
    for (uint64_t word = before.words[i] ^ after.words[i]; word != 0; word &= word - 1) {
      const uint32_t line = i * 64 + static_cast<uint32_t>(std::countr_zero(word));
      fn({first + line, after.Test(line)});
    }
  }
}

// Sorts the changes by number and keeps the last one of each number.
std::vector<Change> LastOfEach(absl::Span<const Change> changes) {
  std::vector<uint64_t> order;  // sorted by number, then by position
  order.reserve(changes.size());
  for (size_t i = 0; i < changes.size(); ++i) {
    assert(changes[i].subscriber < kNumbersPerArea);
    order.push_back((uint64_t{changes[i].subscriber} << 32) | i);
  }
  std::sort(order.begin(), order.end());
  std::vector<Change> last;
  last.reserve(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    if (i + 1 < order.size() && (order[i + 1] >> 32) == (order[i] >> 32)) continue;
    last.push_back(changes[static_cast<uint32_t>(order[i])]);
  }
  return last;
}

int ExchangeOf(const Change& change) {
  return static_cast<int>(change.subscriber / kNumbersPerExchange);
}

// Puts the new differences over the old ones. Both are ascending and have each line at most once.
std::vector<LineState> Merged(const std::vector<LineState>& old_lines,
                              const std::vector<LineState>& new_lines) {
  std::vector<LineState> merged;
  merged.reserve(old_lines.size() + new_lines.size());
  auto old_line = old_lines.begin();
  for (const LineState& line : new_lines) {
    while (old_line != old_lines.end() && old_line->line < line.line) {
      merged.push_back(*old_line++);
    }
    if (old_line != old_lines.end() && old_line->line == line.line) ++old_line;
    merged.push_back(line);
  }
  merged.insert(merged.end(), old_line, old_lines.end());
  return merged;
}

// Returns a set with the additions of `effective`, for a base without numbers, in which nothing can
// be deleted.
AreaSetPtr Added(const std::vector<Change>& effective) {
  AreaSetBuilder builder;
  for (const Change& change : effective) builder.Add(change.subscriber);
  return std::move(builder).Build();
}

}  // namespace

std::string Digest::ToHex() const {
  return absl::StrCat(absl::Hex(high, absl::kZeroPad16), absl::Hex(low, absl::kZeroPad16));
}

AreaSet::AreaSet(Arena arena, const AreaDirectory* directory, uint32_t size, const Digest& digest,
                 AreaSetPtr base)
    : arena_(std::move(arena)),
      directory_(directory),
      size_(size),
      digest_(digest),
      base_(std::move(base)) {}

AreaSet::~AreaSet() = default;

bool AreaSet::Contains(uint32_t subscriber) const {
  assert(subscriber < kNumbersPerArea);
  return BlockContains(block(static_cast<int>(subscriber / kNumbersPerExchange)),
                       subscriber % kNumbersPerExchange);
}

size_t AreaSet::memory_bytes() const { return sizeof(AreaSet) + arena_.size(); }

bool AreaSet::shares() const { return base_ != nullptr; }

void AreaSet::ForEachBlock(absl::FunctionRef<void(int exchange, std::string_view block)> fn) const {
  StoredBlockBuffer buffer;
  Bitmap scratch;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    if (block(exchange).is_empty()) continue;
    const Bitmap& bitmap = ReadBitmap(block(exchange), scratch);
    // A delta can leave an exchange without numbers.
    if (bitmap.Count() == 0) continue;
    fn(exchange, EncodeStoredBlock(exchange, bitmap, buffer));
  }
}

void AreaSet::ForEachNumber(absl::FunctionRef<void(uint32_t subscriber)> fn) const {
  Bitmap scratch;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    if (block(exchange).is_empty()) continue;
    const uint32_t first = static_cast<uint32_t>(exchange) * kNumbersPerExchange;
    ForEachLine(ReadBitmap(block(exchange), scratch),
                [first, fn](uint32_t line) { fn(first + line); });
  }
}

AreaSetPtr Folded(const AreaSet& set) {
  size_t block_bytes = 0;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    const BlockRef block = set.block(exchange);
    if (!block.is_empty()) block_bytes += block.is_delta() ? sizeof(Bitmap) : block.bytes();
  }
  AreaSetWriter writer(block_bytes);
  Bitmap scratch;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    const BlockRef block = set.block(exchange);
    if (block.is_empty()) continue;
    if (!block.is_delta()) {
      writer.SetBlock(exchange, writer.Copy(block));
      continue;
    }
    const Bitmap& bitmap = ReadBitmap(block, scratch);
    writer.SetBlock(exchange, PackBlock(bitmap, bitmap.Count(), writer.arena()));
  }
  return std::move(writer).Finish(set.size(), set.digest());
}

void ForEachDifference(const AreaSet* before, const AreaSet* after,
                       absl::FunctionRef<void(Change)> fn) {
  Bitmap before_scratch;
  Bitmap after_scratch;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    const BlockRef old_block = BlockOf(before, exchange);
    const BlockRef new_block = BlockOf(after, exchange);
    if (old_block == new_block) continue;
    DiffExchange(exchange, ReadBitmap(old_block, before_scratch),
                 ReadBitmap(new_block, after_scratch), fn);
  }
}

// Writes the successor of `base`, which must hold numbers.
class AreaSetChanger {
 public:
  // `effective` is ascending, with one change for each number, and each changes `base`.
  AreaSetChanger(const AreaSetPtr& base, const std::vector<Change>& effective)
      : base_(*base),
        root_(base->base_ != nullptr ? base->base_ : base),
        effective_(effective),
        writer_(BlockBytes(), root_) {}

  // `size` is the count of numbers after the changes.
  AreaSetPtr Write(uint32_t size) && {
    auto change = effective_.begin();
    for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
      lines_.clear();
      for (; change != effective_.end() && ExchangeOf(*change) == exchange; ++change) {
        const uint32_t line = change->subscriber % kNumbersPerExchange;
        lines_.push_back({static_cast<uint16_t>(line), change->added});
      }
      const BlockRef block = base_.block(exchange);
      if (!lines_.empty()) {
        writer_.SetBlock(exchange, Changed(exchange, block));
      } else {
        writer_.SetBlock(exchange, IsBaseOwn(block) ? writer_.Copy(block) : block);
      }
    }
    return std::move(writer_).Finish(size);
  }

 private:
  // Returns whether a block lies in a base that will not be kept alive.
  bool IsBaseOwn(BlockRef block) const {
    return base_.base_ != nullptr && base_.arena_.Contains(block.data());
  }

  // Returns the most bytes that Write can take.
  size_t BlockBytes() const {
    size_t bytes = 0;
    int last = -1;
    for (const Change& change : effective_) {
      if (ExchangeOf(change) != last) bytes += sizeof(Bitmap);
      last = ExchangeOf(change);
    }
    for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
      if (IsBaseOwn(base_.block(exchange))) bytes += base_.block(exchange).bytes();
    }
    return bytes;
  }

  // Returns `block` of the base with lines_ applied.
  BlockRef Changed(int exchange, BlockRef block) {
    const BlockRef root = root_->block(exchange);
    if (block.is_delta()) {
      std::vector<LineState> old_lines;
      AppendDeltaLines(block, old_lines);
      lines_ = Merged(old_lines, lines_);
      lines_.erase(std::remove_if(lines_.begin(), lines_.end(),
                                  [root](const LineState& line) {
                                    return root.bitmap().Test(line.line) == line.listed;
                                  }),
                   lines_.end());
      if (lines_.empty()) return root;
    }
    const bool over_root = block.is_delta() || (block == root && root.is_bitmap());
    if (over_root && !root.is_empty() && lines_.size() <= kMaxDeltaLines) {
      return WriteDelta(root, lines_, writer_.arena());
    }
    return Rewritten(over_root ? root : block);
  }

  // Writes `block` with lines_ applied as a block of its own.
  BlockRef Rewritten(BlockRef block) {
    Bitmap scratch;
    Bitmap bitmap = ReadBitmap(block, scratch);
    for (const LineState& line : lines_) {
      if (line.listed) {
        bitmap.Set(line.line);
      } else {
        bitmap.Clear(line.line);
      }
    }
    return PackBlock(bitmap, bitmap.Count(), writer_.arena());
  }

  const AreaSet& base_;
  const AreaSetPtr root_;  // shares nothing; all deltas refer to its bitmaps
  const std::vector<Change>& effective_;
  std::vector<LineState> lines_;
  AreaSetWriter writer_;
};

ChangeResult WithChanges(const AreaSetPtr& base, absl::Span<const Change> changes) {
  ChangeResult result;
  result.effective = LastOfEach(changes);
  const size_t numbers = result.effective.size();
  const auto has_no_effect = [&base](const Change& change) {
    return change.added == (base != nullptr && base->Contains(change.subscriber));
  };
  result.effective.erase(
      std::remove_if(result.effective.begin(), result.effective.end(), has_no_effect),
      result.effective.end());
  result.no_effect = numbers - result.effective.size();
  if (base == nullptr || base->size() == 0) {
    result.set = Added(result.effective);
    return result;
  }
  if (result.effective.empty()) {
    result.set = base;
    return result;
  }
  uint32_t size = base->size();
  for (const Change& change : result.effective) size += change.added ? 1 : -1;
  result.set = AreaSetChanger(base, result.effective).Write(size);
  return result;
}

// Has a bitmap for each exchange seen. The arena has room for all, but takes memory only for the
// bitmaps that are used.
struct AreaSetBuilder::Impl {
  Bitmap* NewBitmap(int exchange) {
    bitmaps[exchange] = reinterpret_cast<Bitmap*>(arena.Allocate(sizeof(Bitmap)));
    return bitmaps[exchange];
  }

  Arena arena{kExchangesPerArea * sizeof(Bitmap)};
  std::array<Bitmap*, kExchangesPerArea> bitmaps{};
  std::array<uint16_t, kExchangesPerArea> counts{};
  uint32_t size = 0;
};

AreaSetBuilder::AreaSetBuilder() : impl_(std::make_unique<Impl>()) {}
AreaSetBuilder::~AreaSetBuilder() = default;
AreaSetBuilder::AreaSetBuilder(AreaSetBuilder&&) noexcept = default;
AreaSetBuilder& AreaSetBuilder::operator=(AreaSetBuilder&&) noexcept = default;

bool AreaSetBuilder::Add(uint32_t subscriber) {
  assert(subscriber < kNumbersPerArea);
  const Number number = subscriber;
  uint64_t there = 0;
  AddRun({&number, 1}, there);
  return there == 0;
}

size_t AreaSetBuilder::AddRun(absl::Span<const Number> numbers, uint64_t& there) {
  if (numbers.empty()) return 0;
  const uint32_t subscriber = SubscriberOf(numbers.front());
  const auto exchange = static_cast<int>(subscriber / kNumbersPerExchange);
  const Number first = numbers.front() - subscriber % kNumbersPerExchange;
  Bitmap* bitmap = impl_->bitmaps[exchange];
  if (bitmap == nullptr) bitmap = impl_->NewBitmap(exchange);
  uint32_t added = 0;
  size_t taken = 0;
  for (; taken < numbers.size(); ++taken) {
    const Number line = numbers[taken] - first;
    if (line >= kNumbersPerExchange) break;  // true also for numbers less than `first`
    uint64_t& word = bitmap->words[line / 64];
    const uint64_t bit = uint64_t{1} << (line % 64);
    added += (word & bit) == 0 ? 1 : 0;
    word |= bit;
  }
  impl_->counts[exchange] = static_cast<uint16_t>(impl_->counts[exchange] + added);
  impl_->size += added;
  there += taken - added;
  return taken;
}

absl::Status AreaSetBuilder::AddBlock(int exchange, std::string_view block) {
  if (exchange < 0 || exchange >= kExchangesPerArea || impl_->bitmaps[exchange] != nullptr) {
    return Error(reason::kStorageDamaged,
                 absl::StrCat("the stored list names exchange ", exchange,
                              " twice or wrongly; load the list again, and check the disk"));
  }
  Bitmap bitmap;
  DNC_ASSIGN_OR_RETURN(const uint32_t count, DecodeStoredBlock(exchange, block, bitmap));
  *impl_->NewBitmap(exchange) = bitmap;
  impl_->counts[exchange] = static_cast<uint16_t>(count);
  impl_->size += count;
  return absl::OkStatus();
}

uint32_t AreaSetBuilder::size() const { return impl_->size; }

AreaSetPtr AreaSetBuilder::Build() && {
  const std::unique_ptr<Impl> impl = std::exchange(impl_, std::make_unique<Impl>());
  size_t block_bytes = 0;
  for (const uint16_t count : impl->counts) block_bytes += PackedBytes(count);
  AreaSetWriter writer(block_bytes);
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    const Bitmap* bitmap = impl->bitmaps[exchange];
    if (bitmap == nullptr) continue;
    writer.SetBlock(exchange, PackBlock(*bitmap, impl->counts[exchange], writer.arena()));
  }
  return std::move(writer).Finish(impl->size);
}

}  // namespace dnc
