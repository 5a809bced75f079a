// Reads a body of multipart/form-data (RFC 7578) as clients really send it.
//
//   --boundary                                        lines end with CRLF, or all of them with LF
//   Content-Disposition: form-data; name="phoneList"  headers in any order; others are not read
//                                                     an empty line
//   2015550123,2015550124                             the value, with whatever line ends it has
//   --boundary--                                      without this line the body was cut: an error
//
// Values are views into the body: nothing is copied.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/http/form_fields.h"

namespace dnc {

inline constexpr size_t kMaxPartHeaderBytes = 8 << 10;  // all headers of one part
inline constexpr size_t kMaxBoundaryBytes = 200;

// A header's value with its parameters: `form-data; name="a"; filename="b"`.
struct HeaderValue {
  std::string main;                                             // in lower case
  std::vector<std::pair<std::string, std::string>> parameters;  // names in lower case

  // Nothing if the parameter is not there; the first if it is there more than once.
  const std::string* Get(std::string_view name) const;
};

// Values may be quoted, where `\"` stands for a quote and `\\` for a backslash; any other backslash
// is one, as in a path of Windows. INVALID_REQUEST if a parameter has no `=` or no end.
absl::StatusOr<HeaderValue> ParseHeaderValue(std::string_view text);

// Adds the parts of a body to `out`; `boundary` is the one of the request's Content-Type. The value
// of a part with a file name is taken as any other. INVALID_REQUEST, with what is wrong in which
// part.
absl::Status ReadMultipart(std::string_view body, std::string_view boundary, FormFields* out);

}  // namespace dnc
