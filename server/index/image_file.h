// A file that is written whole or not at all, and one that is read from its start to its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace dnc {

// Writes `path` + ".next" and renames it to `path` at the end. Destroyed before Commit returned OK,
// it leaves what was at `path`. One writer a path at a time. Not thread-safe.
// Errors: RESOURCE_EXHAUSTED DISK_FULL, else INTERNAL STORAGE.
class ImageFileWriter {
 public:
  static absl::StatusOr<ImageFileWriter> Create(const std::string& path);
  ImageFileWriter(ImageFileWriter&& other) noexcept;
  ImageFileWriter& operator=(ImageFileWriter&&) = delete;
  ~ImageFileWriter();

  absl::Status Append(std::string_view bytes);
  // Durable at `path` when it returns OK. Nothing may be called afterwards.
  absl::Status Commit();

 private:
  ImageFileWriter(std::string path, int fd);

  std::string path_;
  std::string next_;
  int fd_;
};

// Not thread-safe.
class ImageFileReader {
 public:
  // NOT_FOUND if there is no such file; INTERNAL STORAGE if it can't be opened or is no regular
  // file.
  static absl::StatusOr<ImageFileReader> Open(const std::string& path);
  ImageFileReader(ImageFileReader&& other) noexcept;
  ImageFileReader& operator=(ImageFileReader&&) = delete;
  ~ImageFileReader();

  // Bytes of the file when it was opened.
  uint64_t size() const { return size_; }

  // The next Read begins at `offset`. INTERNAL STORAGE.
  absl::Status SkipTo(uint64_t offset);

  // Fills `out` with the next bytes. DATA_LOSS STORAGE if the file ends before or can't be read.
  absl::Status Read(absl::Span<char> out);

 private:
  ImageFileReader(std::string path, int fd, uint64_t size);

  std::string path_;
  int fd_;
  uint64_t size_;
};

// Durable when it returns OK. NOT_FOUND if there is no such file; INTERNAL STORAGE.
absl::Status RemoveImageFile(const std::string& path);

}  // namespace dnc
