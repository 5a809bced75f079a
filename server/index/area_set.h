// The exact set of the listed numbers of one area code.
//
// The 10^7 numbers of an area code are 1,000 exchanges of 10,000. An exchange with many listed
// numbers is a bitmap of 1,250 bytes, one with few a sorted array of 16-bit line numbers, one
// with none nothing. A set is immutable, so readers need no lock; a change makes a new set that
// shares the unchanged exchanges with the old one (`WithChanges`: microseconds, little memory)
// until `Folded` makes it independent again.
//
//   AreaSetBuilder builder;
//   builder.Add(5550123);
//   std::shared_ptr<const AreaSet> set = std::move(builder).Build();
//   set->Contains(5550123);   // true
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/index/arena.h"
#include "server/index/exchange_block.h"
#include "server/numbers/phone_number.h"

namespace dnc {

// XXH3-128 over content; equal contents have equal digests whatever their representation.
struct Digest {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const Digest&, const Digest&) = default;
  std::string ToHex() const;  // 32 lower-case digits, high first
};

// A number of an area code that comes or goes.
struct Change {
  uint32_t subscriber = 0;  // seven digits
  bool added = false;
};

// Tells where the blocks of an area code's exchanges are, twice: as what they are, and as a lookup
// finds most of them.
//
// A batch asks for random exchanges, so what it reads first must be small: of the whole registry
// the block references are 3 MB, and the offsets 750 KB, which a processor keeps near. Bitmaps in
// the home of the area code, the arena where a load has put them, have an offset; whatever a change
// has put elsewhere, and arrays, are found by their reference.
struct alignas(kBlockUnit) AreaDirectory {
  // Where a bitmap lies, from the start of the home, in units of kBlockUnit; or kElsewhere.
  std::array<uint16_t, kExchangesPerArea> offsets;
  std::array<BlockRef, kExchangesPerArea> blocks;

  // No offset has this bit: a home has at most 1,000 bitmaps and this directory, 1.3 MB.
  static constexpr uint16_t kElsewhere = 0x8000;
  static_assert((kExchangesPerArea * sizeof(Bitmap) + 16'384) / kBlockUnit < kElsewhere);
};

// What a lookup needs of an area code.
struct AreaView {
  const uint8_t* home;
  const AreaDirectory* directory;
};

class AreaSet;
using AreaSetPtr = std::shared_ptr<const AreaSet>;

// Immutable; thread-safe.
class AreaSet {
 public:
  ~AreaSet();
  AreaSet(const AreaSet&) = delete;
  AreaSet& operator=(const AreaSet&) = delete;

  // `subscriber` < 10^7.
  bool Contains(uint32_t subscriber) const;

  // Numbers in the set.
  uint32_t size() const { return size_; }

  // The digest of the canonical content: for each exchange that is not empty, ascending, its number
  // (two bytes, little-endian) and its 1,250-byte bitmap. See docs/internals/disk-format.md.
  // Computed once.
  const Digest& digest() const { return digest_; }

  // Bytes of memory that the set holds alone (what it shares with another set not counted).
  size_t memory_bytes() const;

  // True if it shares blocks with another set: made by WithChanges and not folded yet.
  bool shares() const;

  // Calls `fn` for each exchange that is not empty, ascending, with its block as it is stored on
  // disk (docs/internals/disk-format.md). The bytes live until `fn` returns.
  void ForEachBlock(absl::FunctionRef<void(int exchange, std::string_view block)> fn) const;

  // Calls `fn` for each number of the set, ascending.
  void ForEachNumber(absl::FunctionRef<void(uint32_t subscriber)> fn) const;

  // How an exchange (0 to 999), and all of them, lie in memory; only for this room. What is
  // returned lives as long as the set.
  BlockRef block(int exchange) const { return directory_->blocks[exchange]; }
  AreaView view() const { return {(base_ == nullptr ? arena_ : base_->arena_).data(), directory_}; }

 private:
  friend class AreaSetChanger;
  friend class AreaSetWriter;
  AreaSet(Arena arena, const AreaDirectory* directory, uint32_t size, const Digest& digest,
          AreaSetPtr base);

  Arena arena_;  // the directory and the blocks that are this set's own
  const AreaDirectory* directory_;
  uint32_t size_;
  Digest digest_;
  AreaSetPtr base_;  // whose blocks are shared; shares nothing itself
};

// Collects numbers in any order. Not thread-safe. Memory grows with the exchanges seen.
class AreaSetBuilder {
 public:
  AreaSetBuilder();
  ~AreaSetBuilder();
  AreaSetBuilder(AreaSetBuilder&&) noexcept;
  AreaSetBuilder& operator=(AreaSetBuilder&&) noexcept;

  // Returns false if the number is there already. `subscriber` < 10^7.
  bool Add(uint32_t subscriber);

  // Adds numbers of this area code until one lies in another exchange than the first, and returns
  // how many it took, at least one of those that there are; `there` grows by those that were there
  // already. Sorted files have long such runs, for which this is far faster than Add.
  size_t AddRun(absl::Span<const Number> numbers, uint64_t& there);

  // Adds a block as ForEachBlock gave it. DATA_LOSS if the bytes are no such block: wrong
  // checksum, length, order, or an exchange twice.
  absl::Status AddBlock(int exchange, std::string_view block);

  uint32_t size() const;

  // The set; the builder is empty afterwards.
  AreaSetPtr Build() &&;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What WithChanges did.
struct ChangeResult {
  AreaSetPtr set;
  // The changes that had an effect, ascending by number; one a number (the last of each wins).
  std::vector<Change> effective;
  // Additions of what was there and deletions of what was not (before the last-wins rule: each
  // number counts once, for its last change).
  uint64_t no_effect = 0;
};

// `base` (null: empty) with `changes` applied in their order. The result, never null, shares the
// blocks that did not change with `base` and keeps it alive. Its memory: the directory (10 KB) and
// for a changed exchange 64 bytes up to 28 differences, 448 up to 220, a block of its own beyond.
// A base that itself shares is not kept: what it holds alone is taken over, so chains never grow
// longer than one. Without any effect the result is `base` itself.
ChangeResult WithChanges(const AreaSetPtr& base, absl::Span<const Change> changes);

// An equal set that shares nothing.
AreaSetPtr Folded(const AreaSet& set);

// Calls `fn` for each number that is in one of the two sets only, ascending: added is true if it is
// in `after`. Null means empty.
void ForEachDifference(const AreaSet* before, const AreaSet* after,
                       absl::FunctionRef<void(Change)> fn);

}  // namespace dnc
