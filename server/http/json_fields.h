// Reads the fields of a request from a JSON object.
//
//   {"phoneList": ["2015550123", "2015550124|42"], "version": 5, "output": "json"}
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "server/http/form_fields.h"

namespace dnc {

// Adds the members of the object to `out`. A value is a text or a whole number; null is the same as
// nothing given, but its name counts as having come. The member `list` may also be an array of
// those, whose entries are joined by commas: an entry is not null, not empty, and has no comma or
// line end. INVALID_REQUEST, with the place of what is wrong: a member that comes twice, objects
// and arrays elsewhere, fractions, true and false, and whatever is no JSON.
absl::Status ReadJsonFields(std::string_view body, std::string_view list, FormFields* out);

}  // namespace dnc
