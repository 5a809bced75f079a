// How an image lies in its file; docs/internals/disk-format.md has the fields.
//
//   0            128                                    128 + 64 * blocks
//   +------------+--------------------------------------+-------------+
//   | header     | the filter's words, as they lie in   | checksum of |
//   | + checksum | memory: a cache line a block         | all before  |
//   +------------+--------------------------------------+-------------+
//
// The header's own checksum is checked before any of its fields is trusted, and the file's size
// proves the count of blocks before memory is taken for them. The checksum at the end covers the
// header too, so the header of one image cannot precede the words of another.
#include "server/index/bloom_image.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/index/image_file.h"
#include "server/index/running_digest.h"

namespace dnc {
namespace {

constexpr char kMagic[8] = {'D', 'N', 'C', 'B', 'L', 'O', 'O', 'M'};
constexpr uint32_t kFormatVersion = 1;
constexpr uint32_t kXxh3OverTenantAndNumber = 1;
// This much is read, hashed and written at a time; it stays in the second-level cache in between.
constexpr size_t kChunk = size_t{512} << 10;

// The header as it lies in the file; see docs/internals/disk-format.md.
struct Header {
  char magic[8];
  uint32_t version;
  uint32_t hash;
  uint64_t store_high;
  uint64_t store_low;
  uint64_t revision;
  uint64_t blocks;
  uint64_t capacity;
  uint64_t seed;
  uint64_t keys;
  uint64_t deleted;
  uint64_t reserved[5];
  uint64_t checksum;  // XXH3-64 of everything before it
};
static_assert(sizeof(Header) == kBloomImageHeaderBytes);
constexpr size_t kCheckedBytes = sizeof(Header) - sizeof(uint64_t);

static_assert(sizeof(XXH128_canonical_t) == kBloomImageChecksumBytes);

template <typename T>
std::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

absl::Status Damaged(const std::string& path, std::string_view what) {
  return Error(reason::kStorageDamaged,
               StrCat(path, " is damaged: ", what,
                      "; the filter is rebuilt from the store, check the disk"));
}

absl::Status Foreign(const std::string& path, std::string_view what) {
  return Error(reason::kStorageUnusable,
               StrCat(path, " ", what, "; the filter is rebuilt from the store"));
}

Header MakeHeader(const BloomFilter& filter, const BloomImageOwner& owner) {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kFormatVersion;
  header.hash = kXxh3OverTenantAndNumber;
  header.store_high = owner.store_high;
  header.store_low = owner.store_low;
  header.revision = owner.revision;
  header.blocks = filter.design().blocks;
  header.capacity = filter.design().capacity;
  header.seed = filter.design().seed;
  header.keys = filter.keys();
  header.deleted = filter.deleted();
  header.checksum = XXH3_64bits(&header, kCheckedBytes);
  return header;
}

absl::Status CheckHeader(const std::string& path, const Header& header,
                         const BloomImageOwner& owner) {
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) {
    return Damaged(path, "it does not begin like a filter's image");
  }
  if (header.checksum != XXH3_64bits(&header, kCheckedBytes)) {
    return Damaged(path, "the header's checksum is wrong");
  }
  if (header.version != kFormatVersion || header.hash != kXxh3OverTenantAndNumber) {
    return Foreign(path, StrCat("has the format ", header.version, ".", header.hash,
                                ", not the one of this dncd"));
  }
  if (header.store_high != owner.store_high || header.store_low != owner.store_low) {
    return Foreign(path, "belongs to another store");
  }
  if (header.revision != owner.revision) {
    return Foreign(path, StrCat("has revision ", header.revision, ", the store ", owner.revision));
  }
  const auto* end = std::end(header.reserved);
  if (std::any_of(header.reserved, end, [](uint64_t word) { return word != 0; })) {
    return Damaged(path, "the reserved part of the header is in use");
  }
  return absl::OkStatus();
}

// Checks the count of blocks against the file's size before memory is taken for them.
absl::Status CheckSize(const std::string& path, const Header& header, uint64_t file_bytes,
                       uint64_t max_bytes) {
  if (header.blocks == 0 || header.blocks > kMaxBloomBlocks) {
    return Damaged(path, StrCat("it names ", header.blocks, " blocks"));
  }
  const uint64_t content = header.blocks * kBloomBlockBytes;
  const uint64_t expected = kBloomImageHeaderBytes + content + kBloomImageChecksumBytes;
  if (file_bytes != expected) {
    return Damaged(path, StrCat("it has ", file_bytes, " bytes instead of ", expected));
  }
  if (content > max_bytes) {
    return Error(reason::kLimitReached,
                 StrCat(path, " holds a filter of ", content, " bytes, the limit is ", max_bytes,
                        "; raise the limit, or have the filter rebuilt"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteBloomImage(const BloomFilter& filter, const BloomImageOwner& owner,
                             const std::string& path) {
  DNC_ASSIGN_OR_RETURN(ImageFileWriter file, ImageFileWriter::Create(path));
  RunningDigest checksum;
  const Header header = MakeHeader(filter, owner);
  checksum.Add(&header, sizeof(header));
  DNC_RETURN_IF_ERROR(file.Append(BytesOf(header)));
  // Inserts go on meanwhile, so the bytes that are hashed and written must be one copy.
  std::vector<char> chunk(kChunk);
  for (uint64_t offset = 0; offset < filter.memory_bytes(); offset += kChunk) {
    const size_t bytes = std::min<uint64_t>(kChunk, filter.memory_bytes() - offset);
    filter.CopyOut(offset, bytes, chunk.data());
    checksum.Add(chunk.data(), bytes);
    DNC_RETURN_IF_ERROR(file.Append({chunk.data(), bytes}));
  }
  DNC_RETURN_IF_ERROR(file.Append(BytesOf(checksum.Value())));
  return file.Commit();
}

absl::StatusOr<std::unique_ptr<BloomFilter>> ReadBloomImage(const std::string& path,
                                                            const BloomImageOwner& owner,
                                                            uint64_t max_bytes) {
  DNC_ASSIGN_OR_RETURN(ImageFileReader file, ImageFileReader::Open(path));
  Header header;
  DNC_RETURN_IF_ERROR(file.Read({reinterpret_cast<char*>(&header), sizeof(header)}));
  DNC_RETURN_IF_ERROR(CheckHeader(path, header, owner));
  DNC_RETURN_IF_ERROR(CheckSize(path, header, file.size(), max_bytes));
  RunningDigest checksum;
  checksum.Add(&header, sizeof(header));
  const BloomDesign design = {header.blocks, header.capacity, header.seed};
  auto filter = std::make_unique<BloomFilter>(design, BloomFilter::Unfilled());
  for (uint64_t offset = 0; offset < filter->memory_bytes(); offset += kChunk) {
    const size_t bytes = std::min<uint64_t>(kChunk, filter->memory_bytes() - offset);
    DNC_RETURN_IF_ERROR(file.Read({filter->memory() + offset, bytes}));
    checksum.Add(filter->memory() + offset, bytes);
  }
  XXH128_canonical_t stored;
  DNC_RETURN_IF_ERROR(file.Read({reinterpret_cast<char*>(&stored), sizeof(stored)}));
  const XXH128_canonical_t computed = checksum.Value();
  if (std::memcmp(&stored, &computed, sizeof(stored)) != 0) {
    return Damaged(path, "the checksum of the content is wrong");
  }
  filter->SetCounts(header.keys, header.deleted);
  return filter;
}

}  // namespace dnc
