#include "tools/dncgen/generated_file.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "fmt/format.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"

namespace dnc {
namespace {

constexpr std::string_view kZip = ".zip";

}  // namespace

absl::StatusOr<std::unique_ptr<GeneratedFile>> GeneratedFile::Create(const std::string& path,
                                                                     const Options& options) {
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) {
    return Error(reason::kStorage,
                 fmt::format("cannot make the folder of {}: {}", path, error.message()));
  }
  DNC_ASSIGN_OR_RETURN(auto output,
                       cli::OutputFile::Open(path, cli::OutputFile::Earlier::kKeptUntilCommit));
  std::unique_ptr<GeneratedFile> file(new GeneratedFile(path, std::move(output)));
  if (path.ends_with(kZip)) DNC_RETURN_IF_ERROR(file->BeginArchive(options));
  return file;
}

GeneratedFile::~GeneratedFile() {
  if (archive_ == nullptr) return;
  archive_write_fail(archive_);  // the rest of it is worthless
  archive_write_free(archive_);
}

absl::Status GeneratedFile::BeginArchive(const Options& options) {
  archive_ = archive_write_new();
  const std::string file = std::filesystem::path(path_).filename().string();
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, file.substr(0, file.size() - kZip.size()).c_str());
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0644);
  if (options.bytes) archive_entry_set_size(entry, static_cast<int64_t>(*options.bytes));
  archive_entry_set_mtime(entry, absl::ToUnixSeconds(options.time), 0);
  const bool ok =
      archive_write_set_format_zip(archive_) == ARCHIVE_OK &&
      archive_write_set_options(archive_, "zip:compression-level=1") == ARCHIVE_OK &&
      // Otherwise the last block would be filled up, as on tapes.
      archive_write_set_bytes_in_last_block(archive_, 1) == ARCHIVE_OK &&
      archive_write_open(archive_, this, nullptr, &WriteArchived, nullptr) == ARCHIVE_OK &&
      archive_write_header(archive_, entry) == ARCHIVE_OK;
  archive_entry_free(entry);
  return ok ? absl::OkStatus() : ArchiveError();
}

ssize_t GeneratedFile::WriteArchived(archive* writer, void* self, const void* bytes,
                                     size_t length) {
  auto& file = *static_cast<GeneratedFile*>(self);
  file.archive_status_ = file.file_->Write({static_cast<const char*>(bytes), length});
  if (file.archive_status_.ok()) return static_cast<ssize_t>(length);
  archive_set_error(writer, EIO, "the file cannot be written");
  return -1;
}

absl::Status GeneratedFile::ArchiveError() const {
  if (!archive_status_.ok()) return archive_status_;
  const char* text = archive_error_string(archive_);
  return Error(reason::kStorage,
               fmt::format("cannot write {}: {}", path_, text ? text : "the size is wrong"));
}

absl::Status GeneratedFile::Append(std::string_view bytes) {
  if (archive_ == nullptr) return file_->Write(bytes);
  const auto written = archive_write_data(archive_, bytes.data(), bytes.size());
  return written == static_cast<la_ssize_t>(bytes.size()) ? absl::OkStatus() : ArchiveError();
}

absl::Status GeneratedFile::Close() {
  if (archive_ != nullptr) {
    if (archive_write_close(archive_) != ARCHIVE_OK) return ArchiveError();
    archive_write_free(std::exchange(archive_, nullptr));
  }
  return file_->Commit();
}

}  // namespace dnc
