// The exact set of the listed numbers of one area code.
//
// The 10^7 numbers of an area code are 1,000 exchanges of 10,000 numbers. An exchange with many
// listed numbers is a bitmap of 1,250 bytes, one with few is a sorted array of 16-bit line numbers,
// and one with none takes nothing. A set is immutable, so readers need no lock. A change makes a
// new set that shares the unchanged exchanges with the old one (`WithChanges` takes microseconds
// and little memory) until `Folded` makes it independent again.
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

// XXH3-128 over the content. Equal contents have equal digests, however they are represented.
struct Digest {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const Digest&, const Digest&) = default;
  std::string ToHex() const;  // 32 lower-case digits, high first
};

// A number of an area code that is added or deleted.
struct Change {
  uint32_t subscriber = 0;  // seven digits
  bool added = false;
};

// Tells where the blocks of an area code's exchanges are, in two ways: by references to all blocks,
// and by offsets, with which a lookup finds most of them.
//
// A batch asks for random exchanges, so what it reads first must be small. For the whole registry,
// the block references take 3 MB and the offsets 750 KB, which the processor keeps close. A bitmap
// has an offset if it lies in the area code's home, the arena into which a load wrote it. Arrays,
// and blocks that a change has put elsewhere, are found by their reference.
struct alignas(kBlockUnit) AreaDirectory {
  // Where a bitmap lies, counted from the start of the home in units of kBlockUnit; or kElsewhere.
  std::array<uint16_t, kExchangesPerArea> offsets;
  std::array<BlockRef, kExchangesPerArea> blocks;

  // No offset has this bit: a home has at most 1,000 bitmaps and this directory, which is 1.3 MB.
  static constexpr uint16_t kElsewhere = 0x8000;
  static_assert((kExchangesPerArea * sizeof(Bitmap) + 16'384) / kBlockUnit < kElsewhere);
};

// What a lookup needs to know about an area code.
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

  // Requires `subscriber` < 10^7.
  bool Contains(uint32_t subscriber) const;

  // Returns how many numbers the set has.
  uint32_t size() const { return size_; }

  // Returns the digest of the canonical content: for each exchange that is not empty, ascending,
  // its number (two bytes, little-endian) and its bitmap of 1,250 bytes. See
  // docs/internals/disk-format.md. It is computed only once.
  const Digest& digest() const { return digest_; }

  // Returns the bytes of memory that belong to this set alone, without what it shares with another
  // set.
  size_t memory_bytes() const;

  // Returns whether the set shares blocks with another one: WithChanges made it, and it is not
  // folded yet.
  bool shares() const;

  // Calls `fn` for each exchange that is not empty, ascending, with its block as it is stored on
  // disk (docs/internals/disk-format.md). The bytes are valid until `fn` returns.
  void ForEachBlock(absl::FunctionRef<void(int exchange, std::string_view block)> fn) const;

  // Calls `fn` for each number of the set, ascending.
  void ForEachNumber(absl::FunctionRef<void(uint32_t subscriber)> fn) const;

  // Tell how one exchange (0 to 999), or all of them, lie in memory. Only for this room. The
  // results are valid as long as the set.
  BlockRef block(int exchange) const { return directory_->blocks[exchange]; }
  AreaView view() const { return {(base_ == nullptr ? arena_ : base_->arena_).data(), directory_}; }

 private:
  friend class AreaSetChanger;
  friend class AreaSetWriter;
  AreaSet(Arena arena, const AreaDirectory* directory, uint32_t size, const Digest& digest,
          AreaSetPtr base);

  Arena arena_;  // the directory, and the blocks that belong to this set alone
  const AreaDirectory* directory_;
  uint32_t size_;
  Digest digest_;
  AreaSetPtr base_;  // its blocks are shared; it shares nothing itself
};

// Collects numbers in any order. Its memory grows with the exchanges that it has seen. Not
// thread-safe.
class AreaSetBuilder {
 public:
  AreaSetBuilder();
  ~AreaSetBuilder();
  AreaSetBuilder(AreaSetBuilder&&) noexcept;
  AreaSetBuilder& operator=(AreaSetBuilder&&) noexcept;

  // Returns false if the number was added before. Requires `subscriber` < 10^7.
  bool Add(uint32_t subscriber);

  // Adds numbers of this area code until one is in another exchange than the first. Returns how
  // many it took: at least one, unless there are none. Adds to `there` how many of them were there
  // already. Sorted files have long runs, for which this is far faster than Add.
  size_t AddRun(absl::Span<const Number> numbers, uint64_t& there);

  // Adds a block that came from ForEachBlock. Fails with DATA_LOSS if the bytes are no such block:
  // wrong checksum, length or order, or an exchange that was added before.
  absl::Status AddBlock(int exchange, std::string_view block);

  uint32_t size() const;

  // Returns the set, and leaves the builder empty.
  AreaSetPtr Build() &&;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The outcome of WithChanges.
struct ChangeResult {
  AreaSetPtr set;
  // The changes that had an effect, ascending, one for each number (its last change wins).
  std::vector<Change> effective;
  // Counts additions of numbers that were there and deletions of numbers that were not. Each number
  // counts once, for its last change.
  uint64_t no_effect = 0;
};

// Applies `changes` in their order to `base` (null: empty). The result is never null; it shares the
// unchanged blocks with `base` and keeps it alive. It takes memory for the directory (10 KB) and
// for each changed exchange: 64 bytes for up to 28 differences, 448 for up to 220, and a block of
// its own for more. A base that itself shares blocks is not kept: what belongs to it alone is
// copied, so chains are never longer than one. If no change has an effect, the result is `base`
// itself.
ChangeResult WithChanges(const AreaSetPtr& base, absl::Span<const Change> changes);

// Returns an equal set that shares nothing.
AreaSetPtr Folded(const AreaSet& set);

// Calls `fn` for each number that is in only one of the two sets, ascending; `added` is true if it
// is in `after`. Null means empty.
void ForEachDifference(const AreaSet* before, const AreaSet* after,
                       absl::FunctionRef<void(Change)> fn);

}  // namespace dnc
