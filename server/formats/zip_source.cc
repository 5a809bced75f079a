// How a list comes out of its archive. The central directory (zip_directory.h) says which member is
// the list. libarchive walks to that member and unpacks it piece by piece:
//
//   HashedFile --ReadAt--> PackedInput --callbacks--> libarchive --Read--> the format's reader
//      |                        |                                  |
//   hashes all            ends before the comment           length, ratio, CRC-32
//
// libarchive tolerates a lot. So when the member ends, what libarchive found is compared with the
// directory: the member's length, its checksum, and the number of members that follow.
#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"
#include "server/formats/byte_source.h"
#include "server/formats/zip_directory.h"

namespace dnc {
namespace {

// Below this size, a high ratio is harmless.
constexpr uint64_t kRatioFrom = 1 << 20;
constexpr size_t kPackedPiece = 256 << 10;

// What libarchive reads from: the file, and the first error that occurred there. libarchive looks
// for the end record only within the last 16 KiB, so the file that it sees ends before the
// archive's comment.
struct PackedInput {
  explicit PackedInput(HashedFile& packed)
      : file(packed), piece(std::min<uint64_t>(kPackedPiece, packed.size())) {}

  HashedFile& file;
  uint64_t end = 0;
  uint64_t offset = 0;
  std::vector<char> piece;
  absl::Status status;
};

la_ssize_t ReadPacked(archive* reader, void* data, const void** bytes) {
  auto& input = *static_cast<PackedInput*>(data);
  const size_t most = std::min<uint64_t>(input.piece.size(), input.end - input.offset);
  const absl::StatusOr<size_t> got = input.file.ReadAt(input.offset, input.piece.data(), most);
  if (!got.ok()) {
    input.status = got.status();
    archive_set_error(reader, EIO, "read failed");
    return ARCHIVE_FATAL;
  }
  input.offset += *got;
  *bytes = input.piece.data();
  return static_cast<la_ssize_t>(*got);
}

la_int64_t SeekPacked(archive* /*reader*/, void* data, la_int64_t offset, int whence) {
  auto& input = *static_cast<PackedInput*>(data);
  const auto size = static_cast<la_int64_t>(input.end);
  const la_int64_t base =
      whence == SEEK_END ? size : (whence == SEEK_CUR ? static_cast<la_int64_t>(input.offset) : 0);
  if (offset < -base || offset > size - base) return ARCHIVE_FATAL;
  input.offset = static_cast<uint64_t>(base + offset);
  return static_cast<la_int64_t>(input.offset);
}

struct FreeReader {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

class ZipSource : public ByteSource {
 public:
  ZipSource(HashedFile& file, const ReadRequest& request)
      : limits_(request.limits), unlimited_(request.ignore_archive_limits), input_(file) {}

  absl::Status Open();
  absl::StatusOr<size_t> Read(char* out, size_t length) override;
  std::string_view member() const override { return member_.name; }

 private:
  // Returns the error behind a libarchive call that did not return ARCHIVE_OK.
  absl::Status Failure() const;
  // Returns whether a call's only warning is that the terminal's locale lacks a letter of the
  // member's name.
  bool IsAboutName() const;
  absl::Status CheckMember(archive_entry* entry);
  absl::Status CheckSize(uint64_t unpacked) const;
  absl::Status CheckEnd();

  const ReadLimits limits_;
  const bool unlimited_;
  PackedInput input_;
  std::unique_ptr<archive, FreeReader> reader_;  // declared after input_, which it reads
  ZipMember member_;
  uint64_t declared_ = 0;  // the unpacked size that the directory names
  uint64_t unpacked_ = 0;
  uLong crc32_ = 0;
  bool ended_ = false;
  absl::Status failed_;
};

absl::Status ZipSource::Failure() const {
  if (!input_.status.ok()) return input_.status;
  const char* cause = archive_error_string(reader_.get());
  return DamagedFile(StrCat("the archive is damaged or not complete (",
                            SafeText(cause == nullptr ? "no cause given" : cause),
                            "); download it again"));
}

bool ZipSource::IsAboutName() const {
  const char* cause = archive_error_string(reader_.get());
  return cause != nullptr && std::string_view(cause).starts_with("Pathname cannot be converted");
}

absl::Status ZipSource::Open() {
  DNC_ASSIGN_OR_RETURN(member_, ReadZipDirectory(input_.file));
  input_.end = member_.end;
  reader_.reset(archive_read_new());
  archive* const reader = reader_.get();
  archive_read_support_format_zip_seekable(reader);
  archive_read_set_read_callback(reader, ReadPacked);
  archive_read_set_seek_callback(reader, SeekPacked);
  archive_read_set_callback_data(reader, &input_);
  if (archive_read_open1(reader) != ARCHIVE_OK) return Failure();
  archive_entry* entry = nullptr;
  for (size_t i = 0; i < member_.position; ++i) {
    if (archive_read_next_header(reader, &entry) < ARCHIVE_WARN) return Failure();
  }
  const int result = archive_read_next_header(reader, &entry);
  if (result != ARCHIVE_OK && !(result == ARCHIVE_WARN && IsAboutName())) return Failure();
  return CheckMember(entry);
}

absl::Status ZipSource::CheckMember(archive_entry* entry) {
  // A member that was packed from a pipe has the mode of a pipe.
  const auto type = archive_entry_filetype(entry);
  if ((type != AE_IFREG && type != AE_IFIFO) || archive_entry_symlink(entry) != nullptr) {
    return BadFile("the archive's member is no regular file; load the list itself");
  }
  if (archive_entry_is_encrypted(entry) != 0) {
    return BadFile("the archive is encrypted; unpack it with its password and load the plain file");
  }
  if (archive_entry_size_is_set(entry) == 0 || archive_entry_size(entry) < 0) {
    return DamagedFile("the archive does not say how long its member is; download it again");
  }
  declared_ = static_cast<uint64_t>(archive_entry_size(entry));
  return CheckSize(declared_);
}

absl::Status ZipSource::CheckSize(uint64_t unpacked) const {
  if (unlimited_) return absl::OkStatus();
  if (unpacked > limits_.max_unpacked_bytes) {
    return GuardError("archive-size",
                      StrCat("the archive unpacks to more than ", limits_.max_unpacked_bytes,
                             " bytes; check where it came from"));
  }
  // This divides because the product with a huge limit would overflow.
  if (unpacked >= kRatioFrom &&
      unpacked / std::max<uint64_t>(input_.file.size(), 1) > limits_.max_ratio) {
    return GuardError("archive-size", StrCat("the archive unpacks to more than ", limits_.max_ratio,
                                             " times its own size; check where it came from"));
  }
  return absl::OkStatus();
}

absl::Status ZipSource::CheckEnd() {
  if (unpacked_ != declared_) {
    return DamagedFile(
        "the archive's member has another length than its directory says; "
        "download it again");
  }
  if (static_cast<uint32_t>(crc32_) != member_.crc32) {
    return DamagedFile("the archive's checksum does not fit its content; download it again");
  }
  archive_entry* entry = nullptr;
  size_t after = 0;
  int result = ARCHIVE_OK;
  while ((result = archive_read_next_header(reader_.get(), &entry)) >= ARCHIVE_WARN &&
         result != ARCHIVE_EOF) {
    ++after;
  }
  if (result != ARCHIVE_EOF) return Failure();
  if (member_.position + 1 + after == member_.members) return absl::OkStatus();
  return DamagedFile(
      "the archive's directory names other members than the archive has; download it again");
}

absl::StatusOr<size_t> ZipSource::Read(char* out, size_t length) {
  if (!failed_.ok()) return failed_;
  if (ended_) return 0;
  const la_ssize_t got = archive_read_data(reader_.get(), out, length);
  if (got < 0) return failed_ = Failure();
  if (got == 0) {
    ended_ = true;
    if (failed_ = CheckEnd(); !failed_.ok()) return failed_;
    return 0;
  }
  const auto bytes = static_cast<size_t>(got);
  unpacked_ += bytes;
  crc32_ = crc32_z(crc32_, reinterpret_cast<const Bytef*>(out), bytes);
  if (failed_ = CheckSize(unpacked_); !failed_.ok()) return failed_;
  if (unpacked_ > declared_) return failed_ = Failure();
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> MakeZipSource(HashedFile& file,
                                                          const ReadRequest& request) {
  auto source = std::make_unique<ZipSource>(file, request);
  DNC_RETURN_IF_ERROR(source->Open());
  return source;
}

}  // namespace dnc
