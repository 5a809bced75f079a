#include "server/rpc/page.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "server/rpc/error_status.h"

namespace dnc {

absl::StatusOr<Page> ReadPage(uint32_t page_size, std::string_view token) {
  Page page;
  if (page_size != 0) page.size = std::min(page_size, kMaxPageSize);
  if (token.empty()) return page;
  const char* const end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, page.before_id);
  if (error != std::errc() || stop != end || page.before_id == 0) {
    return InvalidRequest(
        "page_token is none that this server gave; leave it empty for the first page");
  }
  return page;
}

}  // namespace dnc
