#include "server/formats/zip_directory.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"

namespace dnc {
namespace {

constexpr size_t kEndBytes = 22;
constexpr size_t kLocatorBytes = 20;
constexpr size_t kEnd64Bytes = 56;
constexpr size_t kHeaderBytes = 46;
constexpr size_t kLongestComment = 65535;
constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kLocatorSignature = 0x07064b50;
constexpr uint32_t kEnd64Signature = 0x06064b50;
constexpr uint32_t kHeaderSignature = 0x02014b50;

// `Bytes` little-endian bytes of `text` from `at` on.
template <int Bytes>
uint64_t Field(std::string_view text, size_t at) {
  uint64_t value = 0;
  for (int i = Bytes - 1; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(text[at + static_cast<size_t>(i)]);
  }
  return value;
}

// Where the directory lies and how many members it has.
struct Directory {
  uint64_t members = 0;
  uint64_t size = 0;
  uint64_t offset = 0;
  uint64_t end = 0;  // where the record behind it starts
};

absl::Status Incomplete() {
  return DamagedFile(
      "the archive is damaged or not complete: its directory is not where it should be; "
      "download it again");
}

absl::StatusOr<std::string> ReadExactly(HashedFile& file, uint64_t offset, size_t length) {
  std::string bytes(length, '\0');
  DNC_ASSIGN_OR_RETURN(const size_t got, file.ReadAt(offset, bytes.data(), length));
  if (got != length) return Incomplete();
  return bytes;
}

// The position of the end record: its comment must end the file.
absl::StatusOr<uint64_t> FindEnd(HashedFile& file) {
  if (file.size() < kEndBytes) return Incomplete();
  const uint64_t tail = std::min<uint64_t>(file.size(), kEndBytes + kLongestComment);
  const uint64_t start = file.size() - tail;
  DNC_ASSIGN_OR_RETURN(const std::string bytes, ReadExactly(file, start, tail));
  for (size_t at = tail - kEndBytes + 1; at-- > 0;) {
    if (Field<4>(bytes, at) == kEndSignature && at + kEndBytes + Field<2>(bytes, at + 20) == tail) {
      return start + at;
    }
  }
  return Incomplete();
}

absl::StatusOr<Directory> ReadEnd64(HashedFile& file, uint64_t end) {
  if (end < kLocatorBytes + kEnd64Bytes) return Incomplete();
  DNC_ASSIGN_OR_RETURN(const std::string locator,
                       ReadExactly(file, end - kLocatorBytes, kLocatorBytes));
  const uint64_t record_at = Field<8>(locator, 8);
  if (Field<4>(locator, 0) != kLocatorSignature || record_at > end - kLocatorBytes - kEnd64Bytes) {
    return Incomplete();
  }
  DNC_ASSIGN_OR_RETURN(const std::string record, ReadExactly(file, record_at, kEnd64Bytes));
  if (Field<4>(record, 0) != kEnd64Signature ||
      Field<8>(record, 4) != end - kLocatorBytes - record_at - 12) {
    return Incomplete();
  }
  return Directory{.members = Field<8>(record, 32),
                   .size = Field<8>(record, 40),
                   .offset = Field<8>(record, 48),
                   .end = record_at};
}

absl::StatusOr<Directory> FindDirectory(HashedFile& file) {
  DNC_ASSIGN_OR_RETURN(const uint64_t end, FindEnd(file));
  DNC_ASSIGN_OR_RETURN(const std::string record, ReadExactly(file, end, kEndBytes));
  if (Field<4>(record, 4) != 0) {
    return BadFile("the archive has several volumes; join them into one zip file");
  }
  const Directory directory{.members = Field<2>(record, 10),
                            .size = Field<4>(record, 12),
                            .offset = Field<4>(record, 16),
                            .end = end};
  const bool is_64 =
      directory.members == 0xFFFF || directory.size == 0xFFFFFFFF || directory.offset == 0xFFFFFFFF;
  return is_64 ? ReadEnd64(file, end) : directory;
}

}  // namespace

absl::StatusOr<ZipMember> ReadZipDirectory(HashedFile& file) {
  DNC_ASSIGN_OR_RETURN(const Directory directory, FindDirectory(file));
  if (directory.offset > directory.end || directory.size != directory.end - directory.offset) {
    return Incomplete();
  }
  if (directory.members != 1) {
    return BadFile(StrCat("the archive has ", directory.members,
                          " members, but must have exactly one file; unpack it and load "
                          "its files one by one"));
  }
  DNC_ASSIGN_OR_RETURN(const std::string header, ReadExactly(file, directory.offset, kHeaderBytes));
  const uint64_t length =
      kHeaderBytes + Field<2>(header, 28) + Field<2>(header, 30) + Field<2>(header, 32);
  if (Field<4>(header, 0) != kHeaderSignature || length != directory.size) return Incomplete();
  DNC_ASSIGN_OR_RETURN(std::string name,
                       ReadExactly(file, directory.offset + kHeaderBytes, Field<2>(header, 28)));
  return ZipMember{.name = std::move(name),
                   .crc32 = static_cast<uint32_t>(Field<4>(header, 16)),
                   .encrypted = (Field<2>(header, 8) & 1) != 0};
}

}  // namespace dnc
