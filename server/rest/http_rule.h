// Where the contract's methods are found by HTTP: what google.api.http says of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace dnc {

// The rule of a method.
struct HttpRule {
  std::string verb;  // `GET`
  std::string path;  // `/v1/lists/{list_id}/records`, as the router takes it
  // The field of the request that the body is, `*` for the whole request; empty: there is none.
  std::string body;
};

// The rule of a method that has one.
std::optional<HttpRule> HttpRuleOf(const google::protobuf::MethodDescriptor& method);

// The method of a path of gRPC, such as `/dnc.v1.ScrubService/Scrub`; null if there is none.
const google::protobuf::MethodDescriptor* FindMethod(std::string_view path);

}  // namespace dnc
