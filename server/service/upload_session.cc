#include "server/service/upload_session.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "server/base/error.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/service/release_admin.h"
#include "server/service/request_errors.h"
#include "server/service/request_limits.h"

namespace dnc {
namespace {

absl::Status WriteError(int error) {
  if (error == ENOSPC || error == EDQUOT) {
    return Error(reason::kDiskFull,
                 "no room for the upload on the server's disk; free some space and repeat it");
  }
  return Error(reason::kStorage, StrCat("the upload could not be written: ", std::strerror(error)));
}

absl::Status TooLarge(uint64_t limit) {
  return LimitReached(StrCat("the upload is larger than ", limit,
                             " bytes (registry.max_upload_bytes); load the files in parts, or "
                             "from a folder of the server"));
}

}  // namespace

bool IsUploadName(std::string_view name) {
  if (name.empty() || name.size() > kMaxUploadNameBytes || name == "." || name == "..")
    return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

UploadSession::~UploadSession() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (folder_.empty()) return;
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
  if (error) LogWarn("an upload's folder could not be removed: {}", error.message());
}

absl::Status UploadSession::SetOptions(LoadOptions options) {
  if (has_options_) return InvalidRequest("the options of an upload are sent once, first");
  DNC_RETURN_IF_ERROR(CheckLoadOptions(options));
  options_ = std::move(options);
  has_options_ = true;
  return absl::OkStatus();
}

absl::Status UploadSession::StartFile(std::string_view name, uint64_t declared_bytes) {
  if (!has_options_) return InvalidRequest("send the options before the first file");
  if (!IsUploadName(name)) {
    return InvalidRequest(
        "a file's name is empty, longer than 255 bytes, or not a plain name without folders");
  }
  if (!names_.emplace(name).second) {
    return InvalidRequest(StrCat("two files of the upload are named ", name));
  }
  if (files_.size() >= kMaxUploadFiles) {
    return LimitReached(StrCat("an upload has at most ", kMaxUploadFiles, " files"));
  }
  DNC_RETURN_IF_ERROR(EndFile());
  if (declared_bytes > max_bytes_ - total_bytes_) return TooLarge(max_bytes_);
  if (folder_.empty()) {
    DNC_ASSIGN_OR_RETURN(folder_, intake_->NewUploadDir());
  }
  const std::string path = StrCat(folder_, "/", files_.size() + 1);
  descriptor_ = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor_ < 0) return WriteError(errno);
  files_.push_back(LoadFile{path, std::string(name)});
  file_bytes_ = 0;
  declared_bytes_ = declared_bytes;
  return absl::OkStatus();
}

absl::Status UploadSession::Append(std::string_view bytes) {
  if (descriptor_ < 0) return InvalidRequest("send a file's start before its chunks");
  if (bytes.size() > kMaxUploadChunkBytes) {
    return InvalidRequest(StrCat("a chunk has at most ", kMaxUploadChunkBytes, " bytes"));
  }
  if (bytes.size() > max_bytes_ - total_bytes_) return TooLarge(max_bytes_);
  total_bytes_ += bytes.size();
  file_bytes_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return WriteError(errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status UploadSession::EndFile() {
  if (descriptor_ < 0) return absl::OkStatus();
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) return WriteError(errno);
  if (declared_bytes_ != 0 && file_bytes_ != declared_bytes_) {
    return InvalidRequest(StrCat("file ", files_.back().name, " was announced with ",
                                 declared_bytes_, " bytes and came with ", file_bytes_,
                                 "; send it again"));
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadInfo> UploadSession::Complete() {
  if (files_.empty()) return InvalidRequest("the upload has no files");
  DNC_RETURN_IF_ERROR(EndFile());
  // The intake removes the folder from now on, also if it does not accept the load.
  const std::string folder = std::move(folder_);
  folder_.clear();
  return intake_->StartUploadedLoad(options_, folder, files_);
}

}  // namespace dnc
