#include "tools/cli/byte_feed.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "server/formats/byte_source.h"
#include "server/formats/hashed_file.h"

namespace dnc::cli {
namespace {

constexpr size_t kPieceBytes = 256 << 10;
// Below this size, a high ratio is harmless.
constexpr uint64_t kRatioFrom = 1 << 20;

class PlainFeed : public ByteFeed {
 public:
  explicit PlainFeed(int fd) : fd_(fd) {}

  absl::StatusOr<bool> ReadMore(std::string* out) override {
    const size_t before = out->size();
    out->resize(before + kPieceBytes);
    ssize_t count;
    do {
      count = read(fd_, out->data() + before, kPieceBytes);
    } while (count < 0 && errno == EINTR);
    const int error = errno;
    out->resize(before + (count > 0 ? static_cast<size_t>(count) : 0));
    if (count < 0) {
      return absl::DataLossError(fmt::format("the input can't be read: {}", std::strerror(error)));
    }
    bytes_read_ += static_cast<uint64_t>(count);
    return count > 0;
  }
  uint64_t bytes_read() const override { return bytes_read_; }

 private:
  const int fd_;
  uint64_t bytes_read_ = 0;
};

class GzipFeed : public ByteFeed {
 public:
  GzipFeed(std::unique_ptr<ByteFeed> packed, std::string begin)
      : packed_(std::move(packed)), input_(std::move(begin)) {
    constexpr int kGzipAlone = 16;
    ready_ = inflateInit2(&stream_, kGzipAlone + MAX_WBITS) == Z_OK;
  }
  ~GzipFeed() override {
    if (ready_) inflateEnd(&stream_);
  }
  GzipFeed(const GzipFeed&) = delete;
  GzipFeed& operator=(const GzipFeed&) = delete;

  absl::StatusOr<bool> ReadMore(std::string* out) override {
    if (!ready_) return absl::ResourceExhaustedError("not enough memory to unpack the input");
    const size_t before = out->size();
    while (out->size() == before) {
      if (position_ == input_.size()) {
        input_.clear();
        position_ = 0;
        const auto more = packed_->ReadMore(&input_);
        if (!more.ok()) return more.status();
        if (!*more && inside_) return Damaged("it was cut off");
        if (!*more) return false;
      }
      if (auto status = Unpack(out); !status.ok()) return status;
    }
    unpacked_ += out->size() - before;
    if (unpacked_ >= kRatioFrom && unpacked_ / packed_->bytes_read() > ReadLimits().max_ratio) {
      return absl::InvalidArgumentError(
          fmt::format("the input unpacks to more than {} times its own size; check where it came "
                      "from, or unpack it first",
                      ReadLimits().max_ratio));
    }
    return true;
  }
  uint64_t bytes_read() const override { return packed_->bytes_read(); }

 private:
  static absl::Status Damaged(std::string_view what) {
    return absl::DataLossError(
        fmt::format("the input is compressed by gzip, and damaged: {}; get it again", what));
  }

  absl::Status Unpack(std::string* out) {
    if (!inside_) {
      // Tapes fill up the last block with zeros.
      position_ = std::min(input_.find_first_not_of('\0', position_), input_.size());
      if (position_ == input_.size()) return absl::OkStatus();
      inflateReset(&stream_);
      inside_ = true;
    }
    const size_t before = out->size();
    out->resize(before + kPieceBytes);
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data() + position_);
    stream_.avail_in = static_cast<uInt>(input_.size() - position_);
    stream_.next_out = reinterpret_cast<Bytef*>(out->data() + before);
    stream_.avail_out = kPieceBytes;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    position_ = input_.size() - stream_.avail_in;
    out->erase(out->size() - std::min<size_t>(stream_.avail_out, kPieceBytes));
    if (result == Z_STREAM_END) {
      inside_ = false;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return Damaged(stream_.msg == nullptr ? "it can't be unpacked" : stream_.msg);
    }
    return absl::OkStatus();
  }

  const std::unique_ptr<ByteFeed> packed_;
  std::string input_;
  size_t position_ = 0;
  z_stream stream_{};
  bool ready_ = false;
  bool inside_ = false;  // inside a packed text that has not ended
  uint64_t unpacked_ = 0;
};

class ZipFeed : public ByteFeed {
 public:
  absl::Status Open(int fd) {
    auto file = HashedFile::Open(
        fmt::format("/proc/self/fd/{}", fd),
        [this](uint64_t bytes) { done_.fetch_add(bytes, std::memory_order_relaxed); }, nullptr);
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
    auto source = MakeZipSource(*file_, ReadRequest());
    if (!source.ok()) return source.status();
    source_ = *std::move(source);
    return absl::OkStatus();
  }

  absl::StatusOr<bool> ReadMore(std::string* out) override {
    const size_t before = out->size();
    out->resize(before + kPieceBytes);
    const auto got = source_->Read(out->data() + before, kPieceBytes);
    out->resize(before + (got.ok() ? *got : 0));
    if (!got.ok()) return absl::DataLossError(got.status().message());
    return *got > 0;
  }
  uint64_t bytes_read() const override { return done_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> done_{0};
  std::unique_ptr<HashedFile> file_;
  std::unique_ptr<ByteSource> source_;  // declared after file_, which it reads
};

}  // namespace

std::unique_ptr<ByteFeed> MakePlainFeed(int fd) { return std::make_unique<PlainFeed>(fd); }

std::unique_ptr<ByteFeed> MakeGzipFeed(std::unique_ptr<ByteFeed> packed, std::string begin) {
  return std::make_unique<GzipFeed>(std::move(packed), std::move(begin));
}

absl::StatusOr<std::unique_ptr<ByteFeed>> MakeZipFeed(int fd) {
  struct stat facts {};
  if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    return absl::InvalidArgumentError(
        "the input is a zip archive that comes through a pipe, where it can't be read; give the "
        "file's name, or what `unzip -p FILE` writes");
  }
  auto feed = std::make_unique<ZipFeed>();
  if (auto status = feed->Open(fd); !status.ok()) {
    return absl::InvalidArgumentError(status.message());
  }
  return feed;
}

}  // namespace dnc::cli
