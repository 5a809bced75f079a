// What a dialer asks in a scrub call, from wherever it stands in the request.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/dialer/dialer_lines.h"
#include "server/http/form_fields.h"
#include "server/http/http_message.h"

namespace dnc {

// Points into the request, or into the fields that were read from it.
struct DialerRequest {
  std::string_view key;         // `loginId`; empty if none was sent
  std::string_view phone_list;  // `phoneList`
  // The scope of dnc.v1 that `projId` and `campaignId` name together: BRAND or BRAND/CAMPAIGN.
  // Empty, and so the strictest answer, if they name none or cannot be one.
  std::string scope;
  DialerForm form;
};

// Reads the query into `fields`, and the key (`loginId`) that stands in it or in a header, so that
// a caller can be refused before the body is read. Empty if none is there: the body may still have
// it. Errors as ReadDialerRequest. `fields` and the request must outlive what is returned.
absl::StatusOr<std::string_view> ReadDialerHead(const HttpRequest& request, FormFields* fields);

// Reads the rest: the body by its Content-Type, and the headers named as the parameters; `fields`
// are those of ReadDialerHead. INVALID_REQUEST, with what to send instead: a parameter that comes
// twice, a list that is missing, an unknown version or output, a moment (`as_of`, ...), and what
// the readers of forms refuse. `fields` and the request must outlive `out`.
absl::Status ReadDialerRequest(const HttpRequest& request, FormFields* fields, DialerRequest* out);

// Whether the body has JSON, which takes several times as long to read as a form.
bool HasJsonBody(const HttpRequest& request);

}  // namespace dnc
