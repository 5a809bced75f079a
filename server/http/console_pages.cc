#include "server/http/console_pages.h"

#include <xxhash.h>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "server/base/check.h"
#include "server/base/str_cat.h"
#include "server/http/console_files.h"
#include "server/http/problem.h"
#include "server/rules/area_codes.h"

namespace dnc {
namespace {

// A page of ours runs our own files alone, sends nothing anywhere else, and stands in no frame.
constexpr std::string_view kContentPolicy =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'";

struct Served {
  std::string content_type;
  std::string etag;
  std::string bytes;
};

std::string ContentTypeOf(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {"LICENSE", "text/plain; charset=utf-8"}};
  for (const auto& [ending, type] : kTypes) {
    if (absl::EndsWith(ToAbsl(name), ToAbsl(ending))) return std::string(type);
  }
  DNC_CHECK(false, "a file of the console has a type that is known");
  return {};
}

std::string EtagOf(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return absl::StrFormat("\"%016x%016x\"", hash.high64, hash.low64);
}

HttpAnswer AnswerOf(const HttpRequest& head, const Served& file) {
  HttpAnswer answer;
  answer.headers = {{"etag", file.etag},
                    {"cache-control", "no-cache"},
                    {"content-security-policy", std::string(kContentPolicy)},
                    {"cross-origin-opener-policy", "same-origin"},
                    {"cross-origin-resource-policy", "same-origin"},
                    {"referrer-policy", "no-referrer"},
                    {"x-content-type-options", "nosniff"},
                    {"x-frame-options", "DENY"}};
  const std::string_view known = head.Header("if-none-match").value_or("");
  if (known == "*" || absl::StrContains(ToAbsl(known), ToAbsl(file.etag))) {
    answer.status = 304;
    return answer;
  }
  answer.content_type = file.content_type;
  answer.body = file.bytes;
  return answer;
}

void AddFile(const HttpContext* context, std::string path, std::string_view name, std::string bytes,
             Router* router) {
  const auto file =
      std::make_shared<const Served>(Served{ContentTypeOf(name), EtagOf(bytes), std::move(bytes)});
  router->Add({"GET", std::move(path), 0,
               [context, file](const HttpCallPtr& call, const PathParts& /*parts*/) {
                 const auto caller =
                     context->access->Admit(call->request(), std::nullopt, Permission::kOpen);
                 call->Answer(caller.ok() ? AnswerOf(call->request(), *file)
                                          : ProblemAnswer(caller.status()));
               }});
}

}  // namespace

std::string AreaCodesModule() {
  std::string module = "export const AREA_CODES = {";
  for (const AreaCodeInfo& info : UsAreaCodes()) {
    module += StrCat(info.area_code, ":\"", info.state, "\",");
  }
  module.back() = '}';
  module += ";\n";
  return module;
}

void AddConsoleRoutes(const HttpContext* context, Router* router) {
  for (const ConsoleFile& file : ConsoleFiles()) {
    const std::string path = file.name == "index.html" ? "/" : StrCat("/console/", file.name);
    AddFile(context, path, file.name, std::string(file.bytes), router);
  }
  AddFile(context, "/console/area-codes.js", "area-codes.js", AreaCodesModule(), router);
}

}  // namespace dnc
