// What the servers of measure_rpc and their client tell each other.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dnc {

inline constexpr size_t kMaxEchoBytes = 1 << 20;

// Returns how many bytes an echo's answer must have, from the beginning of its request.
inline uint32_t WantedBytes(const void* request) {
  uint32_t wanted = 0;
  std::memcpy(&wanted, request, sizeof(wanted));
  return wanted;
}

// Precedes each message of a ping-pong.
struct PingPongSizes {
  uint32_t request = 0;
  uint32_t response = 0;
};

inline bool ReadFully(int fd, void* bytes, size_t size) {
  auto* at = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t got = read(fd, at, size);
    if (got <= 0) return false;
    at += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

inline bool WriteFully(int fd, const void* bytes, size_t size) {
  const auto* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t put = write(fd, at, size);
    if (put <= 0) return false;
    at += put;
    size -= static_cast<size_t>(put);
  }
  return true;
}

}  // namespace dnc
