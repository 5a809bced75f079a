#include "server/service/page.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/service/request_errors.h"

namespace dnc {

absl::StatusOr<size_t> PageSize(uint32_t asked, const PageSizes& sizes) {
  if (asked > sizes.most) return InvalidRequest(StrCat("`page_size` is at most ", sizes.most));
  return asked == 0 ? sizes.usual : asked;
}

absl::StatusOr<uint64_t> ReadPageToken(std::string_view token) {
  uint64_t place = 0;
  if (token.empty()) return place;
  const char* const end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, place);
  if (error != std::errc() || stop != end || place == 0) {
    return InvalidRequest(
        "page_token is none that this server gave; leave it empty for the first page");
  }
  return place;
}

std::string PageToken(uint64_t place) { return std::to_string(place); }

absl::StatusOr<Page> ReadPage(uint32_t page_size, std::string_view token) {
  Page page;
  if (page_size != 0) page.size = std::min(page_size, kPageSizes.most);
  DNC_ASSIGN_OR_RETURN(page.before_id, ReadPageToken(token));
  return page;
}

}  // namespace dnc
