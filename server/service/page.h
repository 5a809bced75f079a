// The pages that long answers come in: how large they are, and the tokens that name their places.
//
// A token is a place in the order that a method tells things in, written as digits: the id of the
// last item told where items come newest first, the first item of the page where they ascend.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace dnc {

// How many items a page has.
struct PageSizes {
  uint32_t usual;  // where the caller asks for none
  uint32_t most;
};
inline constexpr PageSizes kPageSizes{100, 1'000};
inline constexpr PageSizes kRecordPageSizes{1'000, 10'000};  // of a tenant's records

// The size of a page for which `asked` was given. INVALID_REQUEST above the most.
absl::StatusOr<size_t> PageSize(uint32_t asked, const PageSizes& sizes);

// The place that a token names; 0 for the first page, whose token is empty. INVALID_REQUEST for a
// token that no answer gave.
absl::StatusOr<uint64_t> ReadPageToken(std::string_view token);
std::string PageToken(uint64_t place);

// A page of what is told newest first.
struct Page {
  size_t size = kPageSizes.usual;
  uint64_t before_id = 0;  // 0: from the newest on
};

// Whoever asks for more than the most gets the most. INVALID_REQUEST as ReadPageToken.
absl::StatusOr<Page> ReadPage(uint32_t page_size, std::string_view token);

// Cuts `items`, of which page.size + 1 were asked for, to the page, and returns the next token:
// an empty one if there are no more.
template <class Items, class IdOf>
std::string CutToPage(const Page& page, Items* items, IdOf id_of) {
  if (items->size() <= page.size) return "";
  items->resize(page.size);
  return PageToken(id_of(items->back()));
}

}  // namespace dnc
