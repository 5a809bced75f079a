// Writes a file as a whole or not at all, and reads one from its start to its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace dnc {

// Writes `path` + ".next" and renames it to `path` at the end. If it is destroyed before Commit
// returned OK, the file at `path` stays as it was. Only one writer may use a path at a time. Not
// thread-safe. Fails with RESOURCE_EXHAUSTED DISK_FULL, or INTERNAL STORAGE.
class ImageFileWriter {
 public:
  static absl::StatusOr<ImageFileWriter> Create(const std::string& path);
  ImageFileWriter(ImageFileWriter&& other) noexcept;
  ImageFileWriter& operator=(ImageFileWriter&&) = delete;
  ~ImageFileWriter();

  absl::Status Append(std::string_view bytes);
  // Makes the file durable at `path`. Nothing may be called afterwards.
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
  // Fails with NOT_FOUND if there is no such file, and with INTERNAL STORAGE if it cannot be opened
  // or is no regular file.
  static absl::StatusOr<ImageFileReader> Open(const std::string& path);
  ImageFileReader(ImageFileReader&& other) noexcept;
  ImageFileReader& operator=(ImageFileReader&&) = delete;
  ~ImageFileReader();

  // Returns the file's size in bytes when it was opened.
  uint64_t size() const { return size_; }

  // Makes the next Read begin at `offset`. Fails with INTERNAL STORAGE.
  absl::Status SkipTo(uint64_t offset);

  // Fills `out` with the next bytes. Fails with DATA_LOSS STORAGE if the file ends too early or
  // cannot be read.
  absl::Status Read(absl::Span<char> out);

 private:
  ImageFileReader(std::string path, int fd, uint64_t size);

  std::string path_;
  int fd_;
  uint64_t size_;
};

// Removes the file durably. Fails with NOT_FOUND if there is none, or with INTERNAL STORAGE.
absl::Status RemoveImageFile(const std::string& path);

}  // namespace dnc
