#include "tools/dncctl/load_upload.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "tools/dncctl/watchdog.h"

namespace dnc::ctl {
namespace {

constexpr size_t kChunkBytes = 1 << 20;

struct LocalFile {
  std::string path;
  uint64_t size;
};

absl::StatusOr<std::vector<LocalFile>> Measure(const std::vector<std::string>& paths) {
  std::vector<LocalFile> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
      return absl::NotFoundError(
          fmt::format("{}: {}", path, error ? error.message() : "is not a regular file"));
    }
    files.push_back({path, std::filesystem::file_size(path, error)});
    if (error) return absl::NotFoundError(fmt::format("{}: {}", path, error.message()));
  }
  return files;
}

// One upload call. Write returns false when the server has ended it; Finish tells why.
class UploadCall {
 public:
  explicit UploadCall(Session& session)
      : session_(session), watchdog_(&context_, session.timeout()), writer_(Begin()) {}

  bool Write(const v1::UploadReleaseRequest& request) {
    watchdog_.BeginWait();
    const bool sent = writer_->Write(request);
    watchdog_.EndWait();
    return sent;
  }

  void Cancel() {
    cancelled_ = true;
    context_.TryCancel();
  }

  absl::StatusOr<v1::Load> Finish() {
    watchdog_.BeginWait();
    complete_ = writer_->WritesDone() && !cancelled_;
    absl::Status status = FromGrpcStatus(writer_->Finish());
    watchdog_.EndWait();
    if (watchdog_.fired()) status = absl::DeadlineExceededError("");
    if (status.ok()) return response_.load();
    status = session_.Explain(status);
    // Without a reason it is not the server's word: the answer may have been lost on its way.
    if (!ReasonOf(status).empty() || !complete_) return status;
    return absl::Status(
        status.code(), fmt::format("{}. All files were sent, so the load may run all the same: see "
                                   "`dncctl loads`",
                                   std::string(status.message())));
  }

 private:
  using Writer = grpc::ClientWriter<v1::UploadReleaseRequest>;

  // Waits for the connection.
  std::unique_ptr<Writer> Begin() {
    watchdog_.BeginWait();
    auto writer = session_.registry().UploadRelease(&context_, &response_);
    watchdog_.EndWait();
    return writer;
  }

  Session& session_;
  grpc::ClientContext context_;
  v1::UploadReleaseResponse response_;
  Watchdog watchdog_;
  std::unique_ptr<Writer> writer_;
  bool cancelled_ = false;
  bool complete_ = false;  // the server may have all that it needs to load
};

// Sends one file. An error is one of the file; a call that the server has ended is none here.
absl::Status SendFile(UploadCall& call, const LocalFile& file, uint64_t* done, uint64_t total,
                      ProgressBar* bar) {
  std::ifstream stream(file.path, std::ios::binary);
  if (!stream) return absl::NotFoundError(fmt::format("{}: {}", file.path, std::strerror(errno)));
  const std::string name = std::filesystem::path(file.path).filename().string();
  v1::UploadReleaseRequest request;
  request.mutable_file()->set_name(name);
  request.mutable_file()->set_size_bytes(file.size);
  if (!call.Write(request)) return absl::OkStatus();
  uint64_t sent = 0;
  while (true) {
    std::string* chunk = request.mutable_chunk();
    chunk->resize(kChunkBytes);
    stream.read(chunk->data(), static_cast<std::streamsize>(kChunkBytes));
    chunk->resize(static_cast<size_t>(stream.gcount()));
    if (chunk->empty()) break;
    sent += chunk->size();
    *done += chunk->size();
    if (!call.Write(request)) return absl::OkStatus();
    bar->Update(*done, total, name);
  }
  if (stream.bad() || sent != file.size) {
    return absl::DataLossError(
        fmt::format("{}: {} bytes could be read of {}; is the file still being written? Nothing "
                    "was loaded",
                    file.path, sent, file.size));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Load> Upload(Session& session, const v1::LoadOptions& options,
                                const std::vector<std::string>& paths, ProgressBar* bar) {
  const auto files = Measure(paths);
  if (!files.ok()) return files.status();
  uint64_t total = 0;
  for (const LocalFile& file : *files) total += file.size;

  bar->Begin("uploading");
  UploadCall call(session);
  v1::UploadReleaseRequest request;
  *request.mutable_options() = options;
  call.Write(request);
  uint64_t done = 0;
  for (const LocalFile& file : *files) {
    const absl::Status status = SendFile(call, file, &done, total, bar);
    if (!status.ok()) {
      // Cancelled, not ended: an ended upload would be loaded.
      call.Cancel();
      static_cast<void>(call.Finish());
      return status;
    }
  }
  return call.Finish();
}

}  // namespace dnc::ctl
