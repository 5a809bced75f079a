// Makes files in memory for the tests of the readers, so that a test can read thousands of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/formats/registry_file.h"

namespace dnc {

// Keeps everything that it receives.
class CollectingSink : public RecordSink {
 public:
  absl::Status OnNumbers(absl::Span<const Number> numbers) override;
  absl::Status OnChanges(absl::Span<const ChangeRecord> changes) override;

  std::vector<Number> numbers;
  std::vector<ChangeRecord> changes;
};

// A file that is not on disk; `path()` can be opened as long as this object lives.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const;

 private:
  int fd_;
};

// Calls ReadRegistryFile on `content`, and sets `request.path` for it.
absl::StatusOr<FileFacts> ReadContent(std::string_view content, ReadRequest request,
                                      RecordSink& sink);

struct ZipOptions {
  bool deflate = true;
  // Length and checksum stand after the member, as streaming writers do it.
  bool descriptor = false;
  bool zip64 = false;      // with the end record for large archives
  bool short_end = false;  // the short end record has all values as well, as Info-ZIP writes it
  int method = -1;         // the method that the headers name; -1: the true one
  uint16_t flags = 0;      // further general purpose bits
  std::string comment;
};
struct ZipEntry {
  std::string name;
  std::string content;
};
std::string MakeZip(const std::vector<ZipEntry>& entries, const ZipOptions& options = {});

}  // namespace dnc
