// A request is judged in this order; each step has an answer of its own:
//
//   Origin            403   a page of another origin never reaches a tool, whatever key it has
//   access            401   on a server without keys, what is not addressed to loopback by name
//   JSON              -32700, -32600
//   no id             202   `notifications/...`: nothing follows from any of them here; else -32600
//   version           -32022, and for 2026-07-28 what its head must repeat: -32602, -32020
//   method, tool      -32601, -32602
//   the tool          a result; the method's error is a result too (isError), so that the agent
//                     reads what to do, apart from a key that is missing: 401
//
// 2026-07-28 has no handshake and says its version in each request; its errors have an HTTP status.
// Older versions begin with `initialize`, and their errors come with 200.
#include "server/rest/mcp_routes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "server/base/check.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/http/http_access.h"
#include "server/http/problem.h"
#include "server/rest/mcp_tools.h"
#include "server/rest/method_run.h"

namespace dnc {
namespace {

constexpr size_t kMaxMcpBody = 64 << 10;  // it is read on the loop
constexpr int kMaxMcpDepth = 16;
constexpr std::string_view kModern = "2026-07-28";
// Those with a handshake; the last is offered to whoever asks for one that is not here.
constexpr std::array<std::string_view, 4> kHandshake = {"2024-11-05", "2025-03-26", "2025-06-18",
                                                        "2025-11-25"};
constexpr char kVersionKey[] = "io.modelcontextprotocol/protocolVersion";
constexpr char kCapabilitiesKey[] = "io.modelcontextprotocol/clientCapabilities";
constexpr char kServerKey[] = "io.modelcontextprotocol/serverInfo";
// The tools change with the server's version alone.
constexpr int kListMilliseconds = 3'600'000;
constexpr char kInstructions[] =
    "Tells before a call whether a US phone number may be called. Only mayCall: true permits a "
    "call; an error, a missing answer or anything else means: do not call.";

// JSON-RPC's and MCP's codes.
constexpr int kParseError = -32700;
constexpr int kInvalidMcpRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kHeaderMismatch = -32020;
constexpr int kUnsupportedVersion = -32022;
constexpr int kMcpRefused = -32010;  // ours: by the server's access, with its HTTP status

// What of the server the calls need; lives as long as the routes.
struct McpServer {
  const HttpContext* context = nullptr;
  const MethodTable* methods = nullptr;
  std::string version;
};
using McpServerPtr = std::shared_ptr<const McpServer>;

// A JSON-RPC request, and what its caller speaks.
struct McpRequest {
  Json id;
  std::string method;
  Json params;
  bool modern = false;
};

struct McpError {
  int code = 0;
  std::string message;
  Json data = nullptr;
};

HttpAnswer McpAnswer(int status, const Json& body) {
  HttpAnswer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = body.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  return answer;
}

HttpAnswer McpErrorAnswer(int status, const Json& id, const McpError& error) {
  Json told = {{"code", error.code}, {"message", error.message}};
  if (!error.data.is_null()) told["data"] = error.data;
  return McpAnswer(status, {{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(told)}});
}

HttpAnswer FailMcp(const McpRequest& request, const McpError& error) {
  const int status = error.code == kMethodNotFound ? 404 : 400;
  return McpErrorAnswer(request.modern ? status : 200, request.id, error);
}

Json ServerInfo(const McpServer& server) {
  return {{"name", "dncd"}, {"title", "Do-not-call lookups"}, {"version", server.version}};
}

HttpAnswer SucceedMcp(const McpServer& server, const McpRequest& request, Json result) {
  if (request.modern) {
    result["resultType"] = "complete";
    result["_meta"] = {{kServerKey, ServerInfo(server)}};
  }
  return McpAnswer(200, {{"jsonrpc", "2.0"}, {"id", request.id}, {"result", std::move(result)}});
}

// A result that clients may keep for a while: it is the same for everybody.
HttpAnswer SucceedMcpForLong(const McpServer& server, const McpRequest& request, Json result) {
  if (request.modern) {
    result["ttlMs"] = kListMilliseconds;
    result["cacheScope"] = "public";
  }
  return SucceedMcp(server, request, std::move(result));
}

// The body as a tree; nothing if it is no JSON, has a name twice in one object, or is too deep.
std::optional<Json> ReadMcpTree(std::string_view body) {
  std::vector<std::set<std::string>> names;
  bool good = true;
  const auto look = [&names, &good](int depth, Json::parse_event_t event, const Json& parsed) {
    if (depth > kMaxMcpDepth) good = false;
    if (event == Json::parse_event_t::object_start) {
      names.emplace_back();
    } else if (event == Json::parse_event_t::object_end) {
      names.pop_back();
    } else if (event == Json::parse_event_t::key) {
      good = names.back().insert(parsed.get<std::string>()).second && good;
    }
    return good;
  };
  Json tree = Json::parse(body.begin(), body.end(), look, /*allow_exceptions=*/false);
  if (!good || tree.is_discarded()) return std::nullopt;
  return tree;
}

std::string McpText(const Json& object, const std::string& name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// A value of the head; clients write what a head can't have as `=?base64?...?=`.
std::string McpHeadText(const HttpRequest& head, std::string_view name) {
  const std::string_view text = head.Header(name).value_or("");
  absl::string_view inner = ToAbsl(text);
  std::string decoded;
  if (absl::ConsumePrefix(&inner, "=?base64?") && absl::ConsumeSuffix(&inner, "?=") &&
      absl::Base64Unescape(inner, &decoded)) {
    return decoded;
  }
  return std::string(text);
}

McpError UnsupportedVersion(std::string_view asked) {
  Json supported = Json::array({kModern});
  for (const std::string_view version : kHandshake) supported.push_back(version);
  return {kUnsupportedVersion,
          "this server does not speak that version of the protocol",
          {{"supported", std::move(supported)}, {"requested", asked}}};
}

// What a request of 2026-07-28 says of itself, in its body and again in its head.
std::optional<McpError> CheckModern(const HttpRequest& head, const McpRequest& request) {
  const Json meta = request.params.value("_meta", Json());
  if (!meta.is_object() || !meta.contains(kVersionKey) || !meta.contains(kCapabilitiesKey)) {
    return McpError{kInvalidParams,
                    StrCat("params._meta must have ", kVersionKey, " and ", kCapabilitiesKey)};
  }
  if (McpText(meta, kVersionKey) != head.Header("mcp-protocol-version").value_or("")) {
    return McpError{kHeaderMismatch, "MCP-Protocol-Version is not what params._meta says"};
  }
  if (head.Header("mcp-method").value_or("") != request.method) {
    return McpError{kHeaderMismatch, "Mcp-Method is not the method of the body"};
  }
  if (request.method == "tools/call" &&
      McpHeadText(head, "mcp-name") != McpText(request.params, "name")) {
    return McpError{kHeaderMismatch, "Mcp-Name is not the tool of the body"};
  }
  return std::nullopt;
}

// Sets the version that the caller speaks.
std::optional<McpError> CheckVersion(const HttpRequest& head, McpRequest* request) {
  for (const std::string_view name : {"mcp-protocol-version", "mcp-method", "mcp-name"}) {
    if (head.CountOf(name) > 1) return McpError{kHeaderMismatch, StrCat(name, " is there twice")};
  }
  const Json meta = request->params.value("_meta", Json());
  const std::string said = McpText(meta, kVersionKey);
  // Versions before 2025-06-18 don't say it.
  const std::string version(head.Header("mcp-protocol-version").value_or(said));
  request->modern = version == kModern || (!said.empty() && version == said);
  if (version == kModern) return CheckModern(head, *request);
  const bool known = version.empty() ||
                     std::find(kHandshake.begin(), kHandshake.end(), version) != kHandshake.end();
  if (known) {
    request->modern = false;
    return std::nullopt;
  }
  request->modern = true;  // so that the error has its status
  return UnsupportedVersion(version);
}

HttpAnswer InitializeMcp(const McpServer& server, const McpRequest& request) {
  const std::string asked = McpText(request.params, "protocolVersion");
  const bool known = std::find(kHandshake.begin(), kHandshake.end(), asked) != kHandshake.end();
  return SucceedMcp(server, request,
                    {{"protocolVersion", known ? asked : std::string(kHandshake.back())},
                     {"capabilities", {{"tools", Json::object()}}},
                     {"serverInfo", ServerInfo(server)},
                     {"instructions", kInstructions}});
}

HttpAnswer DiscoverMcp(const McpServer& server, const McpRequest& request) {
  return SucceedMcpForLong(server, request,
                           {{"supportedVersions", Json::array({kModern})},
                            {"capabilities", {{"tools", Json::object()}}},
                            {"instructions", kInstructions}});
}

HttpAnswer ListTools(const McpServer& server, const McpRequest& request) {
  Json tools = Json::array();
  for (const McpTool& tool : McpTools()) tools.push_back(tool.description);
  return SucceedMcpForLong(server, request, {{"tools", std::move(tools)}});
}

Json TextContent(const std::string& text) {
  return Json::array({{{"type", "text"}, {"text", text}}});
}

// Refuses whoever the server's access does not admit, with its HTTP status.
HttpAnswer RefuseMcp(const Json& id, const absl::Status& status) {
  const HttpAnswer problem = ProblemAnswer(status);
  HttpAnswer answer = McpErrorAnswer(
      problem.status, id,
      {kMcpRefused, std::string(status.message()), {{"reason", ErrorReason(status)}}});
  answer.headers = problem.headers;
  return answer;
}

// The answer of a tool whose method has ended.
HttpAnswer ToolAnswer(const McpServer& server, const McpRequest& request, const McpTool& tool,
                      const absl::Status& status, const google::protobuf::Message& response,
                      const google::protobuf::Message* before) {
  if (status.code() == absl::StatusCode::kUnauthenticated) {
    return RefuseMcp(request.id, status);
  }
  if (!status.ok()) {
    return SucceedMcp(
        server, request,
        {{"content", TextContent(StrCat(ErrorReason(status), ": ", std::string(status.message()),
                                        " Whatever was asked: do not call."))},
         {"isError", true}});
  }
  const Json told = tool.tell(request.params.value("arguments", Json::object()), response, before);
  return SucceedMcp(server, request,
                    {{"content", TextContent(told.dump(-1, ' ', /*ensure_ascii=*/false,
                                                       Json::error_handler_t::replace))},
                     {"structuredContent", told},
                     {"isError", false}});
}

void CallTool(const McpServerPtr& server, McpRequest&& request, const HttpCallPtr& call) {
  const std::string name = McpText(request.params, "name");
  const auto& tools = McpTools();
  const auto tool = std::find_if(tools.begin(), tools.end(),
                                 [&name](const McpTool& one) { return one.name == name; });
  const Json arguments = request.params.value("arguments", Json::object());
  if (tool == tools.end() || !arguments.is_object()) {
    call->Answer(
        FailMcp(request, {kInvalidParams, tool == tools.end() ? "there is no tool of that name"
                                                              : "`arguments` must be an object"}));
    return;
  }
  const auto method = server->methods->unary().find(tool->method);
  DNC_CHECK(method != server->methods->unary().end(), "a tool is a method of the contract");
  const auto asked = std::make_shared<const McpRequest>(std::move(request));
  MethodRun run;
  run.method = &method->second;
  run.read = [asked, tool](const HttpRequest& /*call*/, google::protobuf::Message* out) {
    return tool->read(asked->params.value("arguments", Json::object()), out);
  };
  std::shared_ptr<google::protobuf::Message> before;
  if (!tool->method_before.empty()) {
    const auto other = server->methods->unary().find(tool->method_before);
    DNC_CHECK(other != server->methods->unary().end() && other->second.handle != nullptr,
              "a tool asks methods of the contract that answer at once");
    before.reset(other->second.response->New());
    run.before = [tool, before, other = &other->second](const Caller& caller,
                                                        const google::protobuf::Message& made) {
      DNC_RETURN_IF_ERROR(other->handle(caller, *other->request, before.get()));
      return tool->check == nullptr ? absl::OkStatus() : tool->check(made, *before);
    };
  }
  run.tell = [server, asked, tool, before](const absl::Status& status,
                                           const google::protobuf::Message& response) {
    return ToolAnswer(*server, *asked, *tool, status, response, before.get());
  };
  RunMethod(server->context, std::move(run), call);
}

void DispatchMcp(const McpServerPtr& server, McpRequest&& request, const HttpCallPtr& call) {
  if (request.method == "tools/call") {
    CallTool(server, std::move(request), call);
  } else if (request.method == "tools/list") {
    call->Answer(ListTools(*server, request));
  } else if (request.method == "server/discover" && request.modern) {
    call->Answer(DiscoverMcp(*server, request));
  } else if (request.method == "initialize" && !request.modern) {
    call->Answer(InitializeMcp(*server, request));
  } else if (request.method == "ping") {
    call->Answer(SucceedMcp(*server, request, Json::object()));
  } else {
    call->Answer(FailMcp(request, {kMethodNotFound, "this server has no such method"}));
  }
}

void HandleMcp(const McpServerPtr& server, const HttpCallPtr& call) {
  const HttpRequest& head = call->request();
  if (HasForeignOrigin(head)) {
    call->Answer(McpErrorAnswer(
        403, nullptr, {kMcpRefused, "pages of another origin may not call this server's tools"}));
    return;
  }
  // Whatever is asked, a page that reaches loopback under another name learns nothing; the tools'
  // methods admit their callers again, by key.
  const absl::Status admitted =
      server->context->access->Admit(head, std::nullopt, Permission::kOpen).status();
  if (!admitted.ok()) {
    call->Answer(RefuseMcp(nullptr, admitted));
    return;
  }
  const std::optional<Json> tree = ReadMcpTree(head.body);
  if (!tree.has_value()) {
    call->Answer(McpErrorAnswer(
        400, nullptr,
        {kParseError, "the body is no JSON, too deep, or has a name twice in one object"}));
    return;
  }
  const bool object = tree->is_object() && McpText(*tree, "jsonrpc") == "2.0";
  McpRequest request;
  request.method = object ? McpText(*tree, "method") : std::string();
  request.params = object ? tree->value("params", Json::object()) : Json::object();
  const bool without_id = object && !tree->contains("id");
  // A call of a tool that has lost its id must not look as if it was done.
  const bool notification = without_id && absl::StartsWith(request.method, "notifications/");
  if (object && !without_id) request.id = tree->at("id");
  const bool has_id = request.id.is_string() || request.id.is_number_integer();
  if (request.method.empty() || !request.params.is_object() || (!notification && !has_id)) {
    call->Answer(McpErrorAnswer(400, nullptr,
                                {kInvalidMcpRequest, "send one JSON-RPC request or notification"}));
    return;
  }
  const std::optional<McpError> refused =
      notification ? std::nullopt : CheckVersion(head, &request);
  if (refused.has_value()) {
    call->Answer(FailMcp(request, *refused));
  } else if (notification) {
    HttpAnswer answer;
    answer.status = 202;
    call->Answer(std::move(answer));
  } else {
    DispatchMcp(server, std::move(request), call);
  }
}

}  // namespace

void AddMcpRoutes(const HttpContext* context, const MethodTable* methods, std::string version,
                  Router* router) {
  const auto server =
      std::make_shared<const McpServer>(McpServer{context, methods, std::move(version)});
  Route route;
  route.method = "POST";
  route.path = "/mcp";
  route.max_body = kMaxMcpBody;
  route.handle = [server](const HttpCallPtr& call, const PathParts& /*parts*/) {
    HandleMcp(server, call);
  };
  router->Add(std::move(route));
}

}  // namespace dnc
