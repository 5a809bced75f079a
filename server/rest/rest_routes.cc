#include "server/rest/rest_routes.h"

#include <optional>
#include <string>
#include <utility>

#include "server/http/problem.h"
#include "server/rest/http_rule.h"
#include "server/rest/message_json.h"
#include "server/rest/method_run.h"
#include "server/rest/request_binding.h"

namespace dnc {
namespace {

using google::protobuf::Message;

constexpr char kJsonType[] = "application/json";

}  // namespace

void AddRestRoutes(const HttpContext* context, const MethodTable* methods, Router* router) {
  for (const auto& [path, handler] : methods->unary()) {
    const auto* const descriptor = FindMethod(path);
    const std::optional<HttpRule> rule =
        descriptor == nullptr ? std::nullopt : HttpRuleOf(*descriptor);
    if (!rule.has_value()) continue;
    Route route;
    route.method = rule->verb;
    route.path = rule->path;
    route.max_body = rule->body.empty() ? 0 : context->shared->max_message;
    route.handle = [context, method = &handler, rule = *rule](const HttpCallPtr& call,
                                                              const PathParts& parts) {
      MethodRun run;
      run.method = method;
      run.read = [rule, parts](const HttpRequest& request, Message* out) {
        return BindRequest(rule, request, parts, out);
      };
      run.tell = [](const absl::Status& status, const Message& response) {
        if (!status.ok()) return ProblemAnswer(status);
        HttpAnswer answer;
        answer.content_type = kJsonType;
        answer.body = MessageJson(response);
        return answer;
      };
      RunMethod(context, std::move(run), call);
    };
    router->Add(std::move(route));
  }
  Route document;
  document.method = "GET";
  document.path = "/v1/openapi.json";
  document.handle = [context](const HttpCallPtr& call, const PathParts& /*parts*/) {
    const absl::Status admitted =
        context->access->Admit(call->request(), std::nullopt, Permission::kOpen).status();
    if (!admitted.ok()) {
      call->Answer(ProblemAnswer(admitted));
      return;
    }
    HttpAnswer answer;
    answer.content_type = kJsonType;
    answer.body = std::string(OpenApiDocument());
    call->Answer(std::move(answer));
  };
  router->Add(std::move(document));
}

}  // namespace dnc
