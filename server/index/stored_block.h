// An exchange as bytes for the disk. docs/internals/disk-format.md has the layout.
//
// A set of lines has exactly one stored form, so equal bytes mean equal exchanges.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/index/exchange_block.h"

namespace dnc {

// The longest stored block: kind, count, bitmap, checksum.
inline constexpr size_t kMaxStoredBlockBytes = 1 + 2 + kBitmapBytes + 8;
// Fewer lines than this are stored as an array, which is then shorter.
inline constexpr uint32_t kMinStoredBitmapLines = kBitmapBytes / 2;

using StoredBlockBuffer = std::array<char, kMaxStoredBlockBytes>;

// Returns the stored form of `bitmap`, which must not be empty, as a view of `buffer`.
std::string_view EncodeStoredBlock(int exchange, const Bitmap& bitmap, StoredBlockBuffer& buffer);

// Reads what EncodeStoredBlock wrote for the same exchange into `bitmap`, and returns its count of
// lines. Fails with DATA_LOSS for anything else; `bitmap` is then undefined.
absl::StatusOr<uint32_t> DecodeStoredBlock(int exchange, std::string_view block, Bitmap& bitmap);

}  // namespace dnc
