// What a store's seal holds, and when it exists.
//
//   dncd seal of a store, version 1
//   whole 1523 <XXH3-128> MANIFEST-000012        a file as a whole
//   tail 67219 <XXH3-128> 000011.sst             a table file: its size, and its last 4 KiB
//   seal <XXH3-128 of the lines before>
//
//   stop:    close the store -> lock the folder -> describe its files -> write the seal
//   start:   lock the folder -> describe its files -> compare -> remove the seal -> open the store
//
// The seal is gone before the store is open, so a crash leaves none, and the next start proves in
// another way that the store is complete. Stop and start both hold RocksDB's own lock, so no other
// process changes the folder meanwhile.
#include "server/storage/store_seal.h"

#include <rocksdb/env.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/index/image_file.h"
#include "server/index/running_digest.h"
#include "server/storage/manifest_check.h"
#include "server/storage/revision_note.h"
#include "server/storage/store_options.h"

namespace dnc {
namespace {

constexpr std::string_view kFirstLine = "dncd seal of a store, version 1\n";
constexpr char kLockName[] = "/LOCK";
// The end of a table file holds its footer and its properties, which include an id of the file. The
// blocks have checksums that RocksDB compares when it reads them.
constexpr uint64_t kTailBytes = 4096;
// A larger file would keep a start waiting; RocksDB makes none except table files.
constexpr uint64_t kMaxBytes = uint64_t{1} << 30;
constexpr uint64_t kMaxChecksumBytes = uint64_t{16} << 20;
constexpr size_t kChunk = size_t{256} << 10;

absl::Status Differs(const std::string& folder, std::string_view what) {
  return Error(reason::kStorageDamaged,
               StrCat("the files in ", folder, " are not those of the last stop: ", what,
                      "; if nobody restored or changed them, check the disk"));
}

// Holds RocksDB's own lock: two starts must not both take a seal, and none may begin while a seal
// is being made.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder) {
    const auto status = rocksdb::Env::Default()->LockFile(folder + kLockName, &lock_);
    status_ = FromRocks(status, StrCat("locking ", folder));
  }
  ~FolderLock() {
    if (lock_ != nullptr) rocksdb::Env::Default()->UnlockFile(lock_).PermitUncheckedError();
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  const absl::Status& status() const { return status_; }

 private:
  rocksdb::FileLock* lock_ = nullptr;
  absl::Status status_;
};

absl::StatusOr<std::string> Describe(const std::filesystem::path& path) {
  DNC_ASSIGN_OR_RETURN(ImageFileReader file, ImageFileReader::Open(path.string()));
  const bool tail = path.extension() == ".sst" || path.extension() == ".blob";
  const uint64_t left = tail ? std::min(kTailBytes, file.size()) : file.size();
  if (left > kMaxBytes) {
    return Error(reason::kLimitReached,
                 StrCat(path.string(), " is too large to be sealed; what is it?"));
  }
  DNC_RETURN_IF_ERROR(file.SkipTo(file.size() - left));
  RunningDigest digest;
  std::vector<char> chunk(std::min<uint64_t>(kChunk, left));
  for (uint64_t done = 0; done < left; done += chunk.size()) {
    chunk.resize(std::min<uint64_t>(kChunk, left - done));
    DNC_RETURN_IF_ERROR(file.Read(absl::MakeSpan(chunk)));
    digest.Add(chunk.data(), chunk.size());
  }
  std::string line = absl::StrFormat("%s %d ", tail ? "tail" : "whole", file.size());
  for (const unsigned char byte : digest.Value().digest) line += absl::StrFormat("%02x", byte);
  return StrCat(line, " ", path.filename().string(), "\n");
}

std::string LastLine(std::string_view lines) {
  RunningDigest digest;
  digest.Add(lines.data(), lines.size());
  std::string line = "seal ";
  for (const unsigned char byte : digest.Value().digest) line += absl::StrFormat("%02x", byte);
  return line + "\n";
}

// Returns the seal that matches the folder as it is.
absl::StatusOr<std::string> SealOfFolder(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    // RocksDB ignores folders. The note belongs to the other store.
    if (entries->is_directory(error) || entries->path().filename() == kLockName + 1 ||
        entries->path().extension() == kNoteExtension) {
      continue;
    }
    paths.push_back(entries->path());
  }
  if (error) return Differs(folder, StrCat("it can't be listed: ", error.message()));
  std::sort(paths.begin(), paths.end());
  std::string lines(kFirstLine);
  for (const auto& path : paths) {
    DNC_ASSIGN_OR_RETURN(const std::string line, Describe(path));
    lines += line;
  }
  return StrCat(lines, LastLine(lines));
}

absl::StatusOr<std::string> ReadSeal(const std::string& path) {
  DNC_ASSIGN_OR_RETURN(ImageFileReader file, ImageFileReader::Open(path));
  if (file.size() > kMaxChecksumBytes) {
    return Error(reason::kStorageDamaged, StrCat(path, " is too large for a seal"));
  }
  std::string seal(file.size(), '\0');
  DNC_RETURN_IF_ERROR(file.Read(absl::MakeSpan(seal)));
  return seal;
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string_view NameIn(std::string_view line) { return line.substr(line.rfind(' ') + 1); }

// Says why a seal differs from the one that would match the folder.
absl::Status WhyDifferent(const std::string& folder, std::string_view sealed,
                          std::string_view now) {
  const size_t last = sealed.rfind("seal ");
  if (last == std::string_view::npos || sealed.substr(last) != LastLine(sealed.substr(0, last))) {
    return Error(reason::kStorageDamaged,
                 StrCat(StoreSealPath(folder), " is damaged; check the disk"));
  }
  const std::vector<std::string_view> before = Lines(sealed.substr(0, last));
  const std::vector<std::string_view> after = Lines(now);
  const std::set<std::string_view> there(after.begin(), after.end());
  for (const std::string_view line : before) {
    if (there.count(line) == 0) return Differs(folder, StrCat(NameIn(line), " changed or is gone"));
  }
  const std::set<std::string_view> was_there(before.begin(), before.end());
  for (const std::string_view line : after) {
    if (was_there.count(line) == 0) return Differs(folder, StrCat(NameIn(line), " is new"));
  }
  return Differs(folder, "their order");  // cannot happen: both are sorted
}

absl::Status Compare(const std::string& folder) {
  DNC_ASSIGN_OR_RETURN(const std::string sealed, ReadSeal(StoreSealPath(folder)));
  const absl::StatusOr<std::string> now = SealOfFolder(folder);
  if (!now.ok()) return Differs(folder, std::string(now.status().message()));
  return sealed == *now ? absl::OkStatus() : WhyDifferent(folder, sealed, *now);
}

}  // namespace

absl::Status WriteStoreSeal(const std::string& folder, const KnownManifest& manifest) {
  const FolderLock lock(folder);
  DNC_RETURN_IF_ERROR(lock.status());
  DNC_RETURN_IF_ERROR(CheckManifest(folder));
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(StrCat(folder, "/", manifest.name), error);
  if (error || bytes < manifest.bytes) {
    return Differs(folder, StrCat(manifest.name, " lost its end while it was in use"));
  }
  DNC_ASSIGN_OR_RETURN(const std::string seal, SealOfFolder(folder));
  DNC_ASSIGN_OR_RETURN(ImageFileWriter file, ImageFileWriter::Create(StoreSealPath(folder)));
  DNC_RETURN_IF_ERROR(file.Append(seal));
  return file.Commit();
}

absl::Status TakeStoreSeal(const std::string& folder) {
  const FolderLock lock(folder);
  DNC_RETURN_IF_ERROR(lock.status());
  const absl::Status compared = Compare(folder);
  // A seal that stays could match again one day.
  const absl::Status removed = RemoveImageFile(StoreSealPath(folder));
  return compared.ok() ? removed : compared;
}

}  // namespace dnc
