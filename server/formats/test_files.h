// Files for the tests of the readers: in memory, so that a test can read thousands of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/formats/registry_file.h"

namespace dnc {

// Keeps all that it receives.
class CollectingSink : public RecordSink {
 public:
  absl::Status OnNumbers(absl::Span<const Number> numbers) override;
  absl::Status OnChanges(absl::Span<const ChangeRecord> changes) override;

  std::vector<Number> numbers;
  std::vector<ChangeRecord> changes;
};

// A file without a place on disk; `path()` can be opened while it lives.
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

// ReadRegistryFile on `content`; `request.path` is set.
absl::StatusOr<FileFacts> ReadContent(std::string_view content, ReadRequest request,
                                      RecordSink& sink);

struct ZipOptions {
  bool deflate = true;
  bool descriptor = false;  // length and checksum behind the member, as streaming writers do
  bool zip64 = false;       // the end record of large archives
  bool short_end = false;   // and the short end record says all, too, as Info-ZIP writes it
  int method = -1;          // what the headers name; -1: what is true
  uint16_t flags = 0;       // more general purpose bits
  std::string comment;
};
struct ZipEntry {
  std::string name;
  std::string content;
};
std::string MakeZip(const std::vector<ZipEntry>& entries, const ZipOptions& options = {});

}  // namespace dnc
