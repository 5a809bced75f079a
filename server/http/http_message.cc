#include "server/http/http_message.h"

#include <algorithm>

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

size_t HttpRequest::CountOf(std::string_view name) const {
  return static_cast<size_t>(
      std::count_if(headers.begin(), headers.end(),
                    [name](const HttpField& field) { return field.name == name; }));
}

}  // namespace dnc
