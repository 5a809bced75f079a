#include "server/formats/test_files.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "server/base/check.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

std::string Field(uint64_t value, int bytes) {
  std::string field;
  for (int i = 0; i < bytes; ++i) field.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  return field;
}

// Deflates without a header, as zip stores it.
std::string Deflate(std::string_view content) {
  z_stream stream{};
  DNC_CHECK(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK, "deflate");
  std::string packed(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  DNC_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate");
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

uint64_t Checksum(const std::string& content) {
  return crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
}

// Returns what stands behind the directory, which starts at `at`.
std::string EndOf(size_t entries, size_t at, size_t size, const ZipOptions& options) {
  const std::string comment = Field(options.comment.size(), 2) + options.comment;
  const std::string signature = Field(0x06054b50, 4) + Field(0, 4);
  if (!options.zip64) {
    const std::string count = Field(entries, 2);
    return signature + count + count + Field(size, 4) + Field(at, 4) + comment;
  }
  const std::string count = Field(entries, 8);
  return Field(0x06064b50, 4) + Field(44, 8) + Field(45, 2) + Field(45, 2) + Field(0, 8) + count +
         count + Field(size, 8) + Field(at, 8) + Field(0x07064b50, 4) + Field(0, 4) +
         Field(at + size, 8) + Field(1, 4) + signature +
         (options.short_end ? Field(entries, 2) + Field(entries, 2) + Field(size, 4) + Field(at, 4)
                            : std::string(12, '\xFF')) +
         comment;
}

}  // namespace

absl::Status CollectingSink::OnNumbers(absl::Span<const Number> more) {
  numbers.insert(numbers.end(), more.begin(), more.end());
  return absl::OkStatus();
}

absl::Status CollectingSink::OnChanges(absl::Span<const ChangeRecord> more) {
  changes.insert(changes.end(), more.begin(), more.end());
  return absl::OkStatus();
}

MemoryFile::MemoryFile(std::string_view content) : fd_(memfd_create("list", MFD_CLOEXEC)) {
  const ssize_t written = write(fd_, content.data(), content.size());
  DNC_CHECK(written == static_cast<ssize_t>(content.size()), "a file in memory");
}

MemoryFile::~MemoryFile() { close(fd_); }

std::string MemoryFile::path() const { return StrCat("/proc/self/fd/", fd_); }

absl::StatusOr<FileFacts> ReadContent(std::string_view content, ReadRequest request,
                                      RecordSink& sink) {
  const MemoryFile file(content);
  request.path = file.path();
  return ReadRegistryFile(request, sink);
}

std::string MakeZip(const std::vector<ZipEntry>& entries, const ZipOptions& options) {
  std::string zip;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const std::string packed = options.deflate ? Deflate(entry.content) : entry.content;
    const int method = options.method >= 0 ? options.method : options.deflate ? 8 : 0;
    const std::string sums = Field(Checksum(entry.content), 4) + Field(packed.size(), 4) +
                             Field(entry.content.size(), 4);
    const std::string start = Field(20, 2) +
                              Field((options.descriptor ? 8U : 0U) | options.flags, 2) +
                              Field(static_cast<uint64_t>(method), 2) + Field(0x5A000000, 4);
    const std::string lengths = Field(entry.name.size(), 2) + Field(0, 2);
    directory += Field(0x02014b50, 4) + Field(20, 2) + start + sums + lengths + Field(0, 8) +
                 Field(0, 2) + Field(zip.size(), 4) + entry.name;
    zip += Field(0x04034b50, 4) + start + (options.descriptor ? std::string(12, '\0') : sums) +
           lengths + entry.name + packed;
    if (options.descriptor) zip += Field(0x08074b50, 4) + sums;
  }
  return zip + directory + EndOf(entries.size(), zip.size(), directory.size(), options);
}

}  // namespace dnc
