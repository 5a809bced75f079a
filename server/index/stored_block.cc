#include "server/index/stored_block.h"

#include <xxhash.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/error.h"

namespace dnc {
namespace {

constexpr char kBitmapKind = 1;
constexpr char kArrayKind = 2;
constexpr size_t kHeaderBytes = 3;
constexpr size_t kChecksumBytes = 8;

uint64_t Checksum(int exchange, const char* data, size_t bytes) {
  return XXH3_64bits_withSeed(data, bytes, static_cast<XXH64_hash_t>(exchange));
}

uint16_t ReadU16(const char* data) {
  uint16_t value = 0;
  std::memcpy(&value, data, sizeof(value));
  return value;
}

void WriteU16(char* data, uint32_t value) {
  const auto narrow = static_cast<uint16_t>(value);
  std::memcpy(data, &narrow, sizeof(narrow));
}

absl::Status Damaged(int exchange, const std::string& what) {
  return Error(reason::kStorageDamaged,
               absl::StrCat("the stored block of exchange ", exchange, " is damaged: ", what,
                            "; load the list again, and check the disk"));
}

size_t PayloadBytes(uint32_t count) {
  return count < kMinStoredBitmapLines ? count * sizeof(uint16_t) : kBitmapBytes;
}

// Returns false if a line is out of order or out of range.
bool ReadArray(const char* payload, uint32_t count, Bitmap& bitmap) {
  int previous = -1;
  for (uint32_t i = 0; i < count; ++i) {
    const int line = ReadU16(payload + i * sizeof(uint16_t));
    if (line <= previous || line >= static_cast<int>(kNumbersPerExchange)) return false;
    bitmap.Set(static_cast<uint32_t>(line));
    previous = line;
  }
  return true;
}

}  // namespace

std::string_view EncodeStoredBlock(int exchange, const Bitmap& bitmap, StoredBlockBuffer& buffer) {
  const uint32_t count = bitmap.Count();
  char* end = buffer.data();
  *end++ = count < kMinStoredBitmapLines ? kArrayKind : kBitmapKind;
  WriteU16(end, count);
  end += sizeof(uint16_t);
  if (count < kMinStoredBitmapLines) {
    ForEachLine(bitmap, [&end](uint32_t line) {
      WriteU16(end, line);
      end += sizeof(uint16_t);
    });
  } else {
    std::memcpy(end, bitmap.bytes(), kBitmapBytes);
    end += kBitmapBytes;
  }
  const auto bytes = static_cast<size_t>(end - buffer.data());
  const uint64_t checksum = Checksum(exchange, buffer.data(), bytes);
  std::memcpy(end, &checksum, kChecksumBytes);
  return {buffer.data(), bytes + kChecksumBytes};
}

absl::StatusOr<uint32_t> DecodeStoredBlock(int exchange, std::string_view block, Bitmap& bitmap) {
  if (block.size() < kHeaderBytes + kChecksumBytes || block.size() > kMaxStoredBlockBytes) {
    return Damaged(exchange, absl::StrCat("a length of ", block.size(), " bytes"));
  }
  const size_t content = block.size() - kChecksumBytes;
  uint64_t checksum = 0;
  std::memcpy(&checksum, block.data() + content, kChecksumBytes);
  if (checksum != Checksum(exchange, block.data(), content)) {
    return Damaged(exchange, "wrong checksum");
  }
  const uint32_t count = ReadU16(block.data() + 1);
  if (count == 0 || count > kNumbersPerExchange || content != kHeaderBytes + PayloadBytes(count)) {
    return Damaged(exchange, absl::StrCat("a count of ", count, " in ", block.size(), " bytes"));
  }
  bitmap = kEmptyBitmap;
  const char* payload = block.data() + kHeaderBytes;
  const bool is_array = count < kMinStoredBitmapLines;
  if (block[0] != (is_array ? kArrayKind : kBitmapKind)) return Damaged(exchange, "wrong kind");
  if (is_array) {
    if (!ReadArray(payload, count, bitmap)) return Damaged(exchange, "lines out of order");
    return count;
  }
  // A bitmap ends at a byte, so no bit lies beyond line 9,999.
  std::memcpy(bitmap.bytes(), payload, kBitmapBytes);
  if (bitmap.Count() != count) return Damaged(exchange, "wrong count");
  return count;
}

}  // namespace dnc
