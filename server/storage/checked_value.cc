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
  std::string checked;
  checked.reserve(value.size() + kCheckBytes);
  checked.append(value);
  checked.append(reinterpret_cast<const char*>(&sum), kCheckBytes);
  return checked;
}

std::optional<std::string_view> RemoveCheck(std::string_view key, std::string_view checked) {
  if (checked.size() < kCheckBytes) return std::nullopt;
  const std::string_view value = checked.substr(0, checked.size() - kCheckBytes);
  if (Sum(key, value) != CheckOf(checked)) return std::nullopt;
  return value;
}

uint64_t CheckOf(std::string_view checked) {
  uint64_t sum = 0;
  std::memcpy(&sum, checked.data() + checked.size() - kCheckBytes, kCheckBytes);
  return sum;
}

}  // namespace dnc
