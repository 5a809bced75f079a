#include "server/storage/checked_value.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace dnc {
namespace {

uint64_t Sum(std::string_view key, std::string_view value) {
  return XXH3_64bits_withSeed(value.data(), value.size(), XXH3_64bits(key.data(), key.size()));
}

}  // namespace

std::string AddCheck(std::string_view key, std::string_view value) {
  const uint64_t sum = Sum(key, value);
  std::string sealed;
  sealed.reserve(value.size() + kCheckBytes);
  sealed.append(value);
  sealed.append(reinterpret_cast<const char*>(&sum), kCheckBytes);
  return sealed;
}

std::optional<std::string_view> RemoveCheck(std::string_view key, std::string_view sealed) {
  if (sealed.size() < kCheckBytes) return std::nullopt;
  const std::string_view value = sealed.substr(0, sealed.size() - kCheckBytes);
  if (Sum(key, value) != CheckOf(sealed)) return std::nullopt;
  return value;
}

uint64_t CheckOf(std::string_view sealed) {
  uint64_t sum = 0;
  std::memcpy(&sum, sealed.data() + sealed.size() - kCheckBytes, kCheckBytes);
  return sum;
}

}  // namespace dnc
