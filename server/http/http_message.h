// An HTTP request as the handlers see it, and the answer to it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dnc {

struct HttpField {
  std::string name;  // in lower case
  std::string value;
};

// A whole request.
struct HttpRequest {
  std::string method;  // as it was sent: `GET`
  // The path as it was sent, percent-encoded, without the query; and what follows the `?`.
  std::string path;
  std::string query;
  // The fields of the head alone: what a chunked body's trailers say is not among them.
  std::vector<HttpField> headers;
  std::string body;
  std::string peer;  // the caller's address without its port

  // The value of a field, by its name in lower case; nothing if the request does not have it
  // exactly once.
  std::optional<std::string_view> Header(std::string_view name) const;
  // How often it has the field.
  size_t CountOf(std::string_view name) const;
};

// The answer to a request. The connection adds Content-Length, Date, and what else HTTP asks for.
struct HttpAnswer {
  int status = 200;
  std::string content_type;  // empty if there is no body
  // Names and values are the server's own text, without line breaks.
  std::vector<HttpField> headers;
  std::string body;
};

}  // namespace dnc
