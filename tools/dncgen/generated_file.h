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

// The file appears under its name only when it is complete (cli::OutputFile); until then an earlier
// file of that name stays. Not thread-safe, but different threads may write different files.
class GeneratedFile {
 public:
  struct Options {
    // How many bytes will be appended, exactly; an archive's header says it. Not set: not known
    // before.
    std::optional<uint64_t> bytes;
    // The time of an archive's member; fixed, so that the same input gives the same bytes.
    absl::Time time;
  };

  // Makes missing folders of `path`. A path that ends with `.zip` becomes an archive with one
  // member, whose name lacks the `.zip`. Fails as cli::OutputFile does.
  static absl::StatusOr<std::unique_ptr<GeneratedFile>> Create(const std::string& path,
                                                               const Options& options);
  ~GeneratedFile();
  GeneratedFile(const GeneratedFile&) = delete;
  GeneratedFile& operator=(const GeneratedFile&) = delete;

  absl::Status Append(std::string_view bytes);

  // Completes the file and gives it its name. Without this call there is no new file of that name.
  absl::Status Close();

 private:
  GeneratedFile(std::string path, std::unique_ptr<cli::OutputFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}

  absl::Status BeginArchive(const Options& options);
  // Takes the archive's bytes from libarchive, which calls it back.
  static ssize_t WriteArchived(archive* writer, void* self, const void* bytes, size_t length);
  absl::Status ArchiveError() const;

  const std::string path_;
  const std::unique_ptr<cli::OutputFile> file_;
  archive* archive_ = nullptr;   // null for a plain file
  absl::Status archive_status_;  // the status of file_ when the archive wrote to it
};

}  // namespace dnc
