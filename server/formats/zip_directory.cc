// How the directory is found. It stands at the end of the archive and is read from its end to its
// start. A large archive has a second, wider end record:
//
//   | member | member | directory: | [ end record 64 | [ locator    | end    | comment, |
//   | header | header | an entry a |   56 bytes or   |   20 bytes ] | record | zeros    |
//   | + data | + data | member     |   more ]        |              | 22 B   |          |
//   ^ header_at       ^ offset     ^ end                            ^ FindEnd ^ no_more
//
//   FindEnd         finds the end record: its comment must end the file, zeros aside
//   FindDirectory   takes offset and size from it, or from the 64 record behind the locator, and
//                   refuses an archive in which the two contradict each other
//   ReadEntries     reads the entries; they must fill the directory to its end
//   FindList        skips what is never a list, and refuses unless exactly one member is left
//
// Every check requires that the pieces touch. A gap or an overlap means that the archive was cut,
// joined or nested, and another program could find other members in it.
#include "server/formats/zip_directory.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"
#include "server/formats/file_name.h"

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
// An archive with one list never has more members, whatever stands beside the list.
constexpr uint64_t kMaxMembers = 1000;
constexpr uint64_t kMaxDirectoryBytes = 1 << 20;

// Returns the little-endian value of `Bytes` bytes of `text` from `at` on.
template <int Bytes>
uint64_t Field(std::string_view text, size_t at) {
  uint64_t value = 0;
  for (int i = Bytes - 1; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(text[at + static_cast<size_t>(i)]);
  }
  return value;
}

// Where the directory is, and how many members it has.
struct Directory {
  uint64_t members = 0;
  uint64_t size = 0;
  uint64_t offset = 0;
  uint64_t end = 0;      // where the record behind it starts
  uint64_t no_more = 0;  // where the last record ends, not counting its comment
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

// Returns the position of the end record. Its comment must end the file, apart from zeros: `bsdtar`
// fills the last block with these when it writes to a pipe.
absl::StatusOr<uint64_t> FindEnd(HashedFile& file) {
  if (file.size() < kEndBytes) return Incomplete();
  const uint64_t tail = std::min<uint64_t>(file.size(), kEndBytes + kLongestComment);
  const uint64_t start = file.size() - tail;
  DNC_ASSIGN_OR_RETURN(const std::string bytes, ReadExactly(file, start, tail));
  for (size_t at = tail - kEndBytes + 1; at-- > 0;) {
    if (Field<4>(bytes, at) != kEndSignature) continue;
    const size_t end = at + kEndBytes + Field<2>(bytes, at + 20);
    if (end <= tail && bytes.find_first_not_of('\0', end) == std::string::npos) return start + at;
  }
  return Incomplete();
}

bool HasLocator(std::string_view locator) { return Field<4>(locator, 0) == kLocatorSignature; }

absl::StatusOr<Directory> ReadEnd64(HashedFile& file, uint64_t end, std::string_view locator) {
  const uint64_t record_at = Field<8>(locator, 8);
  if (record_at > end - kLocatorBytes || end - kLocatorBytes - record_at < kEnd64Bytes) {
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

absl::Status Split() {
  return BadFile(
      "this is a part of an archive that is split over several files; join them into one zip file "
      "(`zip -s 0 SPLIT.zip --out WHOLE.zip`), or unpack them and load the plain file");
}

// Returns whether a field of the short record is all ones, or equal to that of the long one.
bool Agrees(uint64_t field, uint64_t ones, uint64_t value) {
  return field == ones || field == value;
}

// Info-ZIP also writes the long record where the short one has all values.
absl::StatusOr<Directory> FindDirectory(HashedFile& file) {
  DNC_ASSIGN_OR_RETURN(const uint64_t end, FindEnd(file));
  DNC_ASSIGN_OR_RETURN(const std::string record, ReadExactly(file, end, kEndBytes));
  const uint64_t no_more = end + kEndBytes;
  const Directory directory{.members = Field<2>(record, 10),
                            .size = Field<4>(record, 12),
                            .offset = Field<4>(record, 16),
                            .end = end,
                            .no_more = no_more};
  std::string locator(kLocatorBytes, '\0');
  if (end >= kLocatorBytes + kEnd64Bytes) {
    DNC_ASSIGN_OR_RETURN(locator, ReadExactly(file, end - kLocatorBytes, kLocatorBytes));
  }
  // These are the number of this disk, and of the disk where the directory starts. All ones mean:
  // see the long record.
  const uint64_t disks = Field<4>(record, 4);
  if (disks != 0 && !(disks == 0xFFFFFFFF && HasLocator(locator))) return Split();
  const bool is_64 =
      directory.members == 0xFFFF || directory.size == 0xFFFFFFFF || directory.offset == 0xFFFFFFFF;
  if (!HasLocator(locator)) {
    if (is_64) return Incomplete();
    return directory;
  }
  if (Field<4>(locator, 4) != 0 || Field<4>(locator, 16) > 1) return Split();
  DNC_ASSIGN_OR_RETURN(Directory long_one, ReadEnd64(file, end, locator));
  long_one.no_more = no_more;
  if (!Agrees(directory.members, 0xFFFF, long_one.members) ||
      !Agrees(directory.size, 0xFFFFFFFF, long_one.size) ||
      !Agrees(directory.offset, 0xFFFFFFFF, long_one.offset)) {
    return Incomplete();
  }
  return long_one;
}

// An entry of the directory.
struct Entry {
  std::string name;
  uint32_t flags = 0;
  uint32_t method = 0;
  uint32_t crc32 = 0;
  bool empty = false;
  uint64_t header_at = 0;  // where the member's own header starts
};

// Returns where the member's own header starts. If the short field is all ones, a long field has
// the value: the last of those that stand in for short fields of all ones.
uint64_t HeaderAt(std::string_view header, std::string_view extra) {
  constexpr uint32_t kOnes = 0xFFFFFFFF;
  if (Field<4>(header, 42) != kOnes) return Field<4>(header, 42);
  const size_t before =
      (Field<4>(header, 24) == kOnes ? 8U : 0U) + (Field<4>(header, 20) == kOnes ? 8U : 0U);
  while (extra.size() >= 4) {
    const size_t size = Field<2>(extra, 2);
    if (extra.size() < 4 + size) break;
    if (Field<2>(extra, 0) == 1 && size >= before + 8) return Field<8>(extra, 4 + before);
    extra.remove_prefix(4 + size);
  }
  return kOnes;
}

absl::StatusOr<std::vector<Entry>> ReadEntries(HashedFile& file, const Directory& directory) {
  DNC_ASSIGN_OR_RETURN(const std::string bytes,
                       ReadExactly(file, directory.offset, directory.size));
  std::vector<Entry> entries;
  std::string_view rest = bytes;
  for (uint64_t i = 0; i < directory.members; ++i) {
    if (rest.size() < kHeaderBytes || Field<4>(rest, 0) != kHeaderSignature) return Incomplete();
    const size_t name = Field<2>(rest, 28);
    const size_t length = kHeaderBytes + name + Field<2>(rest, 30) + Field<2>(rest, 32);
    if (rest.size() < length) return Incomplete();
    if (Field<2>(rest, 34) != 0 && Field<2>(rest, 34) != 0xFFFF) return Split();
    entries.push_back(
        {.name = std::string(rest.substr(kHeaderBytes, name)),
         .flags = static_cast<uint32_t>(Field<2>(rest, 8)),
         .method = static_cast<uint32_t>(Field<2>(rest, 10)),
         .crc32 = static_cast<uint32_t>(Field<4>(rest, 16)),
         .empty = Field<4>(rest, 24) == 0 && Field<4>(rest, 16) == 0,
         .header_at = HeaderAt(rest, rest.substr(kHeaderBytes + name, Field<2>(rest, 30)))});
    rest.remove_prefix(length);
  }
  if (!rest.empty()) return Incomplete();
  return entries;
}

bool IsFolder(const Entry& entry) {
  return entry.name.ends_with('/') || entry.name.ends_with('\\');
}

// Returns whether an entry is one that file managers and `jar` add to archives; such an entry is
// never a list.
bool IsBeside(const Entry& entry) {
  const std::string base = LowerBaseName(entry.name);
  if (IsFolder(entry)) return entry.empty;
  if (absl::AsciiStrToLower(entry.name) == "meta-inf/manifest.mf") return true;
  return base.starts_with("._") || base == ".ds_store" || base == "thumbs.db" ||
         base == "desktop.ini";
}

struct Method {
  uint32_t number;
  std::string_view name;
  bool readable;
};
constexpr std::array<Method, 19> kMethods = {{{0, "stored", true},
                                              {1, "Shrink", false},
                                              {2, "Reduce", false},
                                              {3, "Reduce", false},
                                              {4, "Reduce", false},
                                              {5, "Reduce", false},
                                              {6, "Implode", false},
                                              {8, "Deflate", true},
                                              {9, "Deflate64", false},
                                              {10, "PKWARE Implode", false},
                                              {12, "bzip2", true},
                                              {14, "LZMA", true},
                                              {16, "IBM z/OS CMPSC", false},
                                              {18, "IBM TERSE", false},
                                              {93, "Zstandard", true},
                                              {95, "XZ", true},
                                              {96, "JPEG", false},
                                              {97, "WavPack", false},
                                              {98, "PPMd", true}}};
constexpr uint32_t kAesMethod = 99;
constexpr uint32_t kEncryptedFlags = 1U << 0 | 1U << 6 | 1U << 13;

absl::Status CheckReadable(const Entry& entry) {
  if ((entry.flags & kEncryptedFlags) != 0 || entry.method == kAesMethod) {
    return BadFile("the archive is encrypted; unpack it with its password and load the plain file");
  }
  const auto* const method =
      std::find_if(kMethods.begin(), kMethods.end(),
                   [&entry](const Method& known) { return known.number == entry.method; });
  if (method != kMethods.end() && method->readable) return absl::OkStatus();
  const std::string name =
      method == kMethods.end() ? "an unknown method" : StrCat("the method ", method->name);
  return BadFile(StrCat("the archive is packed by ", name, " (number ", entry.method,
                        "), which this server does not read; unpack it, and load the plain file or "
                        "pack it again by the usual method, Deflate"));
}

// Returns the members' names in quotes, as many as a message has room for.
std::string Names(const std::vector<const Entry*>& entries) {
  constexpr size_t kShown = 3;
  std::string names;
  for (size_t i = 0; i < std::min(entries.size(), kShown); ++i) {
    names += StrCat(i == 0 ? "`" : ", `", SafeText(entries[i]->name), "`");
  }
  return entries.size() > kShown ? names + ", ..." : names;
}

absl::StatusOr<const Entry*> FindList(const std::vector<Entry>& entries) {
  std::vector<const Entry*> candidates;
  for (const Entry& entry : entries) {
    if (!IsBeside(entry)) candidates.push_back(&entry);
  }
  // An empty member beside the list holds nothing that could be lost, unless its name is a list's:
  // then it may have lost everything.
  if (candidates.size() > 1) {
    const auto kept = std::remove_if(candidates.begin(), candidates.end(), [](const Entry* entry) {
      return entry->empty && !ParseFileName(entry->name).date.has_value();
    });
    if (kept != candidates.begin()) candidates.erase(kept, candidates.end());
  }
  if (candidates.size() == 1) return candidates.front();
  if (candidates.empty()) {
    return BadFile(
        "the archive has no file in it that could be a list; pack the list itself, or load the "
        "plain file");
  }
  return BadFile(StrCat("the archive has ", candidates.size(), " files (", Names(candidates),
                        "), but must have exactly one; unpack it and load its files one by one"));
}

}  // namespace

absl::StatusOr<ZipMember> ReadZipDirectory(HashedFile& file) {
  DNC_ASSIGN_OR_RETURN(const Directory directory, FindDirectory(file));
  if (directory.offset > directory.end || directory.size != directory.end - directory.offset) {
    return Incomplete();
  }
  if (directory.members > kMaxMembers || directory.size > kMaxDirectoryBytes) {
    return BadFile(StrCat("the archive has ", directory.members,
                          " members, but must have exactly one list; unpack it and load the list"));
  }
  DNC_ASSIGN_OR_RETURN(const std::vector<Entry> entries, ReadEntries(file, directory));
  DNC_ASSIGN_OR_RETURN(const Entry* const list, FindList(entries));
  DNC_RETURN_IF_ERROR(CheckReadable(*list));
  const auto before = std::count_if(entries.begin(), entries.end(), [list](const Entry& entry) {
    return entry.header_at < list->header_at;
  });
  return ZipMember{.name = list->name,
                   .crc32 = list->crc32,
                   .position = static_cast<size_t>(before),
                   .members = entries.size(),
                   .end = directory.no_more};
}

}  // namespace dnc
