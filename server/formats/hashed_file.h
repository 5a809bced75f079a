// Reads a file and hashes it on the way.
#pragma once

#include <openssl/evp.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace dnc {

// Reads from any place of the file. What is read in order is hashed on the way; Finish() hashes the
// rest. Not thread-safe.
class HashedFile {
 public:
  // `on_bytes` and `stop` are as in ReadRequest: the one may be empty and the other null, and what
  // they refer to must outlive the file.
  // Errors: NOT_FOUND, PERMISSION_DENIED, BAD_FILE (not a regular file).
  static absl::StatusOr<std::unique_ptr<HashedFile>> Open(const std::string& path,
                                                          std::function<void(uint64_t)> on_bytes,
                                                          const std::atomic<bool>* stop);
  ~HashedFile();
  HashedFile(const HashedFile&) = delete;
  HashedFile& operator=(const HashedFile&) = delete;

  uint64_t size() const { return size_; }

  // Fills `out` from `offset` on; returns fewer bytes than `length` only at the end of the file.
  // Fails with DAMAGED_FILE if the file is shorter than it was, and with CANCELLED STOPPING.
  absl::StatusOr<size_t> ReadAt(uint64_t offset, char* out, size_t length);

  // Returns the SHA-256 of the whole file in hexadecimal. Call once, at the end. Fails with
  // DAMAGED_FILE if the file has changed its size since it was opened.
  absl::StatusOr<std::string> Finish();

 private:
  struct FreeDigest {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  HashedFile(int fd, const struct stat& info, std::function<void(uint64_t)> on_bytes,
             const std::atomic<bool>* stop);
  void Hash(uint64_t offset, const char* bytes, size_t length);

  const int fd_;
  const uint64_t size_;
  const struct timespec modified_;
  const std::function<void(uint64_t)> on_bytes_;
  const std::atomic<bool>* const stop_;
  std::unique_ptr<EVP_MD_CTX, FreeDigest> digest_;
  uint64_t hashed_ = 0;  // bytes hashed so far, from the front
};

}  // namespace dnc
