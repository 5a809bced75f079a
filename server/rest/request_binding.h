// Requests of the contract from HTTP's: which field comes from the path, the query or the body.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "server/http/http_message.h"
#include "server/http/router.h"
#include "server/rest/http_rule.h"

namespace dnc {

// Fills a request from a call: from its body, then from the path's parts, then from the query.
// INVALID_REQUEST for whatever is none of a field's, is there twice, or contradicts itself.
absl::Status BindRequest(const HttpRule& rule, const HttpRequest& call, const PathParts& parts,
                         google::protobuf::Message* out);

}  // namespace dnc
