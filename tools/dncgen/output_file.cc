#include "tools/dncgen/output_file.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "fmt/format.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"

namespace dnc {
namespace {

constexpr std::string_view kZip = ".zip";

absl::Status WriteError(const std::string& path, int code, std::string_view what) {
  if (code == ENOSPC) {
    return Error(reason::kDiskFull,
                 fmt::format("no room left to write {}; free some space and repeat", path));
  }
  return Error(reason::kStorage, fmt::format("cannot write {}: {}", path, what));
}

// The name that a file has while it is written, and the end of both ways that it can go.
class PartialName {
 public:
  explicit PartialName(std::string path) : path_(std::move(path)), partial_(path_ + ".partial") {}
  ~PartialName() {
    if (!done_) std::remove(partial_.c_str());
  }
  PartialName(const PartialName&) = delete;
  PartialName& operator=(const PartialName&) = delete;

  const std::string& path() const { return path_; }
  const std::string& partial() const { return partial_; }

  absl::Status Finish() {
    if (std::rename(partial_.c_str(), path_.c_str()) != 0) {
      return WriteError(path_, errno, std::strerror(errno));
    }
    done_ = true;
    return absl::OkStatus();
  }

 private:
  std::string path_;
  std::string partial_;
  bool done_ = false;
};

class PlainFile : public OutputFile {
 public:
  explicit PlainFile(std::string path) : name_(std::move(path)) {}
  ~PlainFile() override {
    if (file_ != nullptr) std::fclose(file_);
  }

  absl::Status Open() {
    file_ = std::fopen(name_.partial().c_str(), "wb");
    return file_ == nullptr ? Failed() : absl::OkStatus();
  }
  absl::Status Append(std::string_view bytes) override {
    return std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size() ? absl::OkStatus()
                                                                             : Failed();
  }
  absl::Status Close() override {
    if (std::fclose(std::exchange(file_, nullptr)) != 0) return Failed();
    return name_.Finish();
  }

 private:
  absl::Status Failed() const { return WriteError(name_.path(), errno, std::strerror(errno)); }

  PartialName name_;
  std::FILE* file_ = nullptr;
};

class ZipFile : public OutputFile {
 public:
  explicit ZipFile(std::string path) : name_(std::move(path)), archive_(archive_write_new()) {}
  ~ZipFile() override { archive_write_free(archive_); }

  absl::Status Open(const Options& options) {
    const std::string file = std::filesystem::path(name_.path()).filename().string();
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, file.substr(0, file.size() - kZip.size()).c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    if (options.bytes) archive_entry_set_size(entry, static_cast<int64_t>(*options.bytes));
    archive_entry_set_mtime(entry, absl::ToUnixSeconds(options.time), 0);
    const bool ok = archive_write_set_format_zip(archive_) == ARCHIVE_OK &&
                    archive_write_set_options(archive_, "zip:compression-level=1") == ARCHIVE_OK &&
                    archive_write_open_filename(archive_, name_.partial().c_str()) == ARCHIVE_OK &&
                    archive_write_header(archive_, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    return ok ? absl::OkStatus() : Failed();
  }
  absl::Status Append(std::string_view bytes) override {
    const auto written = archive_write_data(archive_, bytes.data(), bytes.size());
    return written == static_cast<la_ssize_t>(bytes.size()) ? absl::OkStatus() : Failed();
  }
  absl::Status Close() override {
    if (archive_write_close(archive_) != ARCHIVE_OK) return Failed();
    return name_.Finish();
  }

 private:
  absl::Status Failed() const {
    const char* text = archive_error_string(archive_);
    return WriteError(name_.path(), archive_errno(archive_), text ? text : "the size is wrong");
  }

  PartialName name_;
  archive* archive_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path,
                                                               const Options& options) {
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return WriteError(path, error.value(), error.message());
  const bool zip = path.size() > kZip.size() && path.substr(path.size() - kZip.size()) == kZip;
  if (zip) {
    auto file = std::make_unique<ZipFile>(path);
    DNC_RETURN_IF_ERROR(file->Open(options));
    return std::unique_ptr<OutputFile>(std::move(file));
  }
  auto file = std::make_unique<PlainFile>(path);
  DNC_RETURN_IF_ERROR(file->Open());
  return std::unique_ptr<OutputFile>(std::move(file));
}

}  // namespace dnc
