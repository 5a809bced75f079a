#include "server/http/http_message.h"

namespace dnc {

std::optional<std::string_view> HttpRequest::Header(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const HttpField& field : headers) {
    if (field.name != name) continue;
    if (found.has_value()) return std::nullopt;
    found = field.value;
  }
  return found;
}

}  // namespace dnc
