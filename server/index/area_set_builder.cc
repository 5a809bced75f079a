#include <array>
#include <cassert>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/index/area_set.h"
#include "server/index/area_set_draft.h"
#include "server/index/stored_block.h"

namespace dnc {

// A bitmap for each exchange seen. The arena has room for all of them, and takes memory only for
// those that are used.
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
    if (line >= kNumbersPerExchange) break;  // also what is less than `first`
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
  AreaSetDraft draft(block_bytes);
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    const Bitmap* bitmap = impl->bitmaps[exchange];
    if (bitmap == nullptr) continue;
    draft.SetBlock(exchange, PackBlock(*bitmap, impl->counts[exchange], draft.arena()));
  }
  return std::move(draft).Finish(impl->size);
}

}  // namespace dnc
