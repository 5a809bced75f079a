// A file that dncgen writes: plain, or a zip archive with one member.
//
//   DNC_ASSIGN_OR_RETURN(auto file, GeneratedFile::Create("a/b.txt.zip", {.bytes = 24}));
//   DNC_RETURN_IF_ERROR(file->Append("201,5550123\n201,5550124\n"));
//   DNC_RETURN_IF_ERROR(file->Close());
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/cli/output_file.h"

struct archive;

namespace dnc {

// Appears under its name only when it is complete (cli::OutputFile); until then an earlier file of
// the name stays. Not thread-safe; different files may be written by different threads.
class GeneratedFile {
 public:
  struct Options {
    // Exactly what will be appended; an archive says it in its header. Unset: not known before.
    std::optional<uint64_t> bytes;
    absl::Time time;  // of the member of an archive, so that the same input gives the same bytes
  };

  // Makes the folders of `path` that are missing. A path that ends with `.zip` becomes an archive
  // with one member named without `.zip`. Errors: those of cli::OutputFile.
  static absl::StatusOr<std::unique_ptr<GeneratedFile>> Create(const std::string& path,
                                                               const Options& options);
  ~GeneratedFile();
  GeneratedFile(const GeneratedFile&) = delete;
  GeneratedFile& operator=(const GeneratedFile&) = delete;

  absl::Status Append(std::string_view bytes);

  // Completes the file and gives it its name. Without it nothing new stands under that name.
  absl::Status Close();

 private:
  GeneratedFile(std::string path, std::unique_ptr<cli::OutputFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}

  absl::Status BeginArchive(const Options& options);
  // Takes the archive's bytes from libarchive, whose callback it is.
  static ssize_t WriteArchived(archive* writer, void* self, const void* bytes, size_t length);
  absl::Status ArchiveError() const;

  const std::string path_;
  const std::unique_ptr<cli::OutputFile> file_;
  archive* archive_ = nullptr;   // null for a plain file
  absl::Status archive_status_;  // of file_, as the archive wrote to it
};

}  // namespace dnc
