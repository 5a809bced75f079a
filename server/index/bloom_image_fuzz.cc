// Reads any bytes as an image, as they are and with fitting checksums. They must be refused, or be
// read as a filter whose image is the same again.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/index/bloom_image.h"

namespace {

constexpr uint64_t kMaxBytes = 1 << 20;

std::string MemoryFile() {
  static const int fd = memfd_create("image", 0);
  return absl::StrCat("/proc/self/fd/", fd);
}

void Check(const std::string& image) {
  const std::string path = MemoryFile();
  const int fd = open(path.c_str(), O_WRONLY | O_TRUNC);
  if (fd < 0 || write(fd, image.data(), image.size()) != static_cast<ssize_t>(image.size())) {
    std::abort();
  }
  close(fd);
  // The owner is the one that the image names, so that the test gets past the check of the owner.
  dnc::BloomImageOwner owner;
  if (image.size() >= 40) {
    std::memcpy(&owner.store_high, image.data() + 16, 8);
    std::memcpy(&owner.store_low, image.data() + 24, 8);
    std::memcpy(&owner.revision, image.data() + 32, 8);
  }
  const auto filter = dnc::ReadBloomImage(path, owner, kMaxBytes);
  if (!filter.ok()) return;
  const std::string copy = "/dev/shm/dnc-fuzz-" + std::to_string(getpid());
  if (!dnc::WriteBloomImage(**filter, owner, copy).ok()) std::abort();
  std::ifstream file(copy, std::ios::binary);
  if (std::string(std::istreambuf_iterator<char>(file), {}) != image) std::abort();
  unlink(copy.c_str());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string image(reinterpret_cast<const char*>(data), size);
  Check(image);
  if (size < dnc::kBloomImageHeaderBytes) return 0;
  // Reads them as an image of version 1 with as many blocks as there are.
  const std::string begin("DNCBLOOM\1\0\0\0\1\0\0\0", 16);
  image.replace(0, begin.size(), begin);
  if (size % 2 == 0) {
    image.resize(size - (size - dnc::kBloomImageHeaderBytes) % dnc::kBloomBlockBytes);
    const uint64_t blocks = (image.size() - dnc::kBloomImageHeaderBytes) / dnc::kBloomBlockBytes;
    std::memcpy(image.data() + 40, &blocks, 8);
    std::memset(image.data() + 80, 0, 40);
  }
  const uint64_t of_header = XXH3_64bits(image.data(), 120);
  std::memcpy(image.data() + 120, &of_header, 8);
  XXH128_canonical_t checksum;
  XXH128_canonicalFromHash(&checksum, XXH3_128bits(image.data(), image.size()));
  Check(image.append(reinterpret_cast<const char*>(checksum.digest), sizeof(checksum.digest)));
  return 0;
}
