#include "server/storage/manifest_check.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr size_t kBlockBytes = 32 << 10;
constexpr size_t kHeaderBytes = 7;  // checksum 4, length 2, type 1
constexpr std::string_view kManifestName = "MANIFEST-";

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78U : 0U);
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kTable = MakeTable();

// Returns a checksum in the form in which RocksDB stores it.
uint32_t Masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U; }

absl::Status Damaged(std::string_view what) {
  return Error(reason::kStorageDamaged,
               StrCat(what,
                      "; restore the whole data folder from the newest backup "
                      "(docs/operations.md)"));
}

absl::Status DamagedAt(size_t offset, std::string_view what) {
  return Damaged(StrCat("at byte ", offset, ": ", what));
}

enum class RecordType : uint8_t { kFull = 1, kFirst, kMiddle, kLast };

// Returns whether some prefix of `data`, which is shorter than the header's length says, is a whole
// record.
bool IsWholeButForLength(uint32_t checksum, uint32_t crc, std::string_view data) {
  if (Masked(crc) == checksum) return true;
  for (size_t i = 0; i < data.size(); ++i) {
    crc = Crc32c(crc, data.substr(i, 1));
    if (Masked(crc) == checksum) return true;
  }
  return false;
}

// Checks one fragment at `offset`. Returns where the next one begins, or the end of the content if
// a crash cut this one off.
absl::StatusOr<size_t> CheckFragment(std::string_view content, size_t offset, bool* inside) {
  const size_t block_left = kBlockBytes - offset % kBlockBytes;
  const std::string_view header = content.substr(offset, kHeaderBytes);
  uint32_t checksum = 0;
  std::memcpy(&checksum, header.data(), sizeof(checksum));
  const size_t length = static_cast<uint8_t>(header[4]) + 256U * static_cast<uint8_t>(header[5]);
  const auto type = static_cast<uint8_t>(header[6]);
  if (type < static_cast<uint8_t>(RecordType::kFull) ||
      type > static_cast<uint8_t>(RecordType::kLast)) {
    return DamagedAt(offset, "a record of a kind that is not used");
  }
  if (kHeaderBytes + length > block_left)
    return DamagedAt(offset, "a record longer than its block");
  const uint32_t crc = Crc32c(0, header.substr(6, 1));
  const std::string_view data = content.substr(offset + kHeaderBytes, length);
  if (data.size() < length) {
    if (IsWholeButForLength(checksum, crc, data)) return DamagedAt(offset, "a wrong length");
    return content.size();
  }
  if (Masked(Crc32c(crc, data)) != checksum) return DamagedAt(offset, "a wrong checksum");
  const bool begins = type == static_cast<uint8_t>(RecordType::kFull) ||
                      type == static_cast<uint8_t>(RecordType::kFirst);
  if (begins == *inside) return DamagedAt(offset, "a record without its beginning or end");
  *inside = type == static_cast<uint8_t>(RecordType::kFirst) ||
            type == static_cast<uint8_t>(RecordType::kMiddle);
  return offset + kHeaderBytes + length;
}

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  DNC_RETURN_IF_ERROR(CheckPermission(path, R_OK));
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return Damaged(StrCat("cannot read ", path));
  return content;
}

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Checks that no database is there: without CURRENT, RocksDB would begin an empty one over it.
absl::Status CheckNoDatabase(const std::string& path) {
  std::error_code error;
  std::filesystem::directory_iterator folder(path, error);
  if (error == std::errc::no_such_file_or_directory) return absl::OkStatus();
  for (; !error && folder != std::filesystem::directory_iterator(); folder.increment(error)) {
    const std::string name = folder->path().filename().string();
    const std::string extension = folder->path().extension().string();
    const bool data = (extension == ".sst" || extension == ".log" || extension == ".blob") &&
                      IsDigits(folder->path().stem().string());
    // A crash while the database was being created leaves only its first MANIFEST.
    const bool manifest = name.rfind(kManifestName, 0) == 0 && name != "MANIFEST-000001";
    if (data || manifest) {
      return Damaged(StrCat(path, " holds ", name, " but the file CURRENT is missing"));
    }
  }
  if (error) return FileError("listing", path, error.value());
  return absl::OkStatus();
}

}  // namespace

uint32_t Crc32c(uint32_t crc, std::string_view bytes) {
  crc = ~crc;
  for (const char byte : bytes) {
    crc = kTable[(crc ^ static_cast<uint8_t>(byte)) & 0xFF] ^ (crc >> 8);
  }
  return ~crc;
}

absl::Status CheckManifestRecords(std::string_view content) {
  size_t offset = 0;
  bool inside = false;  // inside a record that goes on in the next fragment
  bool any = false;
  while (offset < content.size()) {
    const size_t block_left = kBlockBytes - offset % kBlockBytes;
    const std::string_view left = content.substr(offset, block_left);
    if (block_left < kHeaderBytes) {  // too short for a header, so it is zeros
      if (left.find_first_not_of('\0') != std::string_view::npos) {
        return DamagedAt(offset, "a block whose end is not empty");
      }
      offset += left.size();
      continue;
    }
    if (left.size() < kHeaderBytes) break;  // a crash cut it off
    DNC_ASSIGN_OR_RETURN(offset, CheckFragment(content, offset, &inside));
    any = true;
  }
  if (!any) return Damaged("no record");
  return absl::OkStatus();
}

absl::Status CheckManifest(const std::string& path) {
  const std::string current_path = path + "/CURRENT";
  std::error_code error;
  if (!std::filesystem::exists(current_path, error)) {
    if (error) return FileError("reading", current_path, error.value());
    return CheckNoDatabase(path);
  }
  DNC_ASSIGN_OR_RETURN(const std::string current, ReadWhole(current_path));
  if (current.rfind(kManifestName, 0) != 0 || current.back() != '\n' ||
      !IsDigits(std::string_view(current).substr(kManifestName.size(),
                                                 current.size() - 1 - kManifestName.size()))) {
    return Damaged(StrCat(current_path, " does not name a MANIFEST"));
  }
  const std::string manifest = StrCat(path, "/", current.substr(0, current.size() - 1));
  if (!std::filesystem::is_regular_file(manifest, error)) {
    return Damaged(StrCat(current_path, " names ", manifest, ", which is missing"));
  }
  DNC_ASSIGN_OR_RETURN(const std::string content, ReadWhole(manifest));
  const absl::Status checked = CheckManifestRecords(content);
  return checked.ok() ? checked : WithPrefix(checked, StrCat(manifest, " is damaged"));
}

}  // namespace dnc
