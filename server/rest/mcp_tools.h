// The tools of /mcp: what an agent can ask, as methods of the contract.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace dnc {

// Keeps the order in which names were added.
using Json = nlohmann::ordered_json;

struct McpTool {
  std::string name;
  Json description;         // as `tools/list` tells it
  std::string_view method;  // gRPC's path: `/dnc.v1.ScrubService/Scrub`
  // Makes the method's request of the arguments, an object. INVALID_REQUEST with the argument's
  // name.
  std::function<absl::Status(const Json& arguments, google::protobuf::Message* request)> read;
  // Another method that is asked before, with an empty request and for the caller who was admitted
  // to `method`, whatever it asks of callers itself; empty: none. Its error is the tool's.
  std::string_view method_before;
  // Whether `method` may run, by the answer of `method_before`; null: it may. Its error is the
  // tool's, and nothing is done.
  std::function<absl::Status(const google::protobuf::Message& request,
                             const google::protobuf::Message& before)>
      check;
  // The structured content of the answer, which fits the tool's output schema. `before` is the
  // answer of `method_before`, or null.
  std::function<Json(const Json& arguments, const google::protobuf::Message& response,
                     const google::protobuf::Message* before)>
      tell;
};

const std::vector<McpTool>& McpTools();

// mcp_tools.json: how `tools/list` tells of each.
std::string_view McpToolDescriptions();

}  // namespace dnc
