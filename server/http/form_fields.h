// The fields of a request: from its query, from an urlencoded body, from multipart/form-data
// (multipart.h) or from a JSON object (json_fields.h), all in one place, so that a field that comes
// twice is refused however it came.
//
//   FormFields fields;
//   DNC_RETURN_IF_ERROR(ReadUrlEncoded(request.query, &fields));
//   const std::optional<std::string_view> list = fields.Get("phoneList");
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace dnc {

inline constexpr size_t kMaxFormFields = 100;

// Not thread-safe. A large value is not copied: it points into the text that was read, which must
// outlive the fields.
class FormFields {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  // Adds a field. INVALID_REQUEST if one of that name is there, in whatever case, or if there are
  // too many.
  absl::Status Add(std::string_view name, std::string_view value);
  // Keeps a text to which a field points, as long as the fields live.
  std::string_view Keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  // The value of a field, whose name may be in any case.
  std::optional<std::string_view> Get(std::string_view name) const;
  const std::vector<Field>& all() const { return fields_; }

 private:
  std::vector<Field> fields_;
  std::deque<std::string> kept_;
};

// A name that a caller has given, as a message may show it; a stand-in for one that is long or has
// other characters than ASCII's.
std::string ShownName(std::string_view name);

// Reads `a=1&b=2` as it is in a query or in a body of application/x-www-form-urlencoded. `%2C` and
// `+` are decoded. INVALID_REQUEST for a `%` that is not followed by two hexadecimal digits.
absl::Status ReadUrlEncoded(std::string_view text, FormFields* out);

}  // namespace dnc
