// Pages of lists that are told newest first: the token is the last id told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace dnc {

inline constexpr uint32_t kDefaultPageSize = 100;
inline constexpr uint32_t kMaxPageSize = 1000;

struct Page {
  size_t size = kDefaultPageSize;
  uint64_t before_id = 0;  // 0: from the newest on
};

// INVALID_REQUEST for a token that no answer gave.
absl::StatusOr<Page> ReadPage(uint32_t page_size, std::string_view token);

// Cuts `items`, of which page.size + 1 were asked for, to the page, and returns the next token:
// empty if there are no more.
template <class Items>
std::string CutToPage(const Page& page, Items* items) {
  if (items->size() <= page.size) return "";
  items->resize(page.size);
  return std::to_string(items->back().id);
}

}  // namespace dnc
