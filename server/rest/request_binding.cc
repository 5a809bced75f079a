#include "server/rest/request_binding.h"

#include <optional>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "server/base/check.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/http/percent.h"
#include "server/rest/message_json.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// `application/json`, with whatever parameters, of which UTF-8 is the only character set that JSON
// has.
absl::Status CheckContentType(const HttpRequest& call) {
  const std::string_view type = call.Header("content-type").value_or("");
  const absl::string_view name = absl::StripAsciiWhitespace(ToAbsl(type.substr(0, type.find(';'))));
  if (absl::EqualsIgnoreCase(name, "application/json")) return absl::OkStatus();
  return InvalidRequest("send the body as JSON, with the header `Content-Type: application/json`");
}

// Whether the method can be asked without a body: the path says all that there is to say.
bool PathSaysAll(const Message& request, const PathParts& parts) {
  return static_cast<size_t>(request.GetDescriptor()->field_count()) == parts.size();
}

absl::Status BindBody(const HttpRule& rule, const HttpRequest& call, const PathParts& parts,
                      Message* out) {
  if (rule.body.empty()) {
    if (call.body.empty()) return absl::OkStatus();
    return InvalidRequest("this method takes no body; its fields are parameters of the query");
  }
  if (call.body.empty()) {
    if (PathSaysAll(*out, parts)) return absl::OkStatus();
    return InvalidRequest("the request has no body; send a JSON object");
  }
  DNC_RETURN_IF_ERROR(CheckContentType(call));
  if (rule.body == "*") return ReadMessageJson(call.body, out);
  const FieldDescriptor* const field = out->GetDescriptor()->FindFieldByName(rule.body);
  DNC_CHECK(field != nullptr, "a rule names a field of the request");
  return ReadMessageJson(call.body, out->GetReflection()->MutableMessage(out, field));
}

// The text at a path of strings.
std::string TextAt(std::string_view path, const Message& message) {
  const size_t dot = path.find('.');
  const auto& reflection = *message.GetReflection();
  const FieldDescriptor* const field =
      message.GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  DNC_CHECK(field != nullptr, "a path's part is a field of the request");
  if (dot == std::string_view::npos) return reflection.GetString(message, field);
  return TextAt(path.substr(dot + 1), reflection.GetMessage(message, field));
}

// The fields of a path are texts (a test holds that).
absl::Status BindPath(const PathParts& parts, Message* out) {
  for (const auto& [name, value] : parts) {
    const std::string before = TextAt(name, *out);
    if (!before.empty() && before != value) {
      return InvalidRequest(StrCat("the body has another `", name, "` than the path"));
    }
    DNC_RETURN_IF_ERROR(SetFieldText(name, value, out));
  }
  return absl::OkStatus();
}

absl::Status BindQuery(const HttpRule& rule, std::string_view query, const PathParts& parts,
                       Message* out) {
  std::set<const FieldDescriptor*> seen;
  for (const auto& [name, value] : parts) seen.insert(FindFieldPath(name, out->GetDescriptor()));
  for (const absl::string_view piece : absl::StrSplit(ToAbsl(query), '&', absl::SkipEmpty())) {
    const std::string_view pair = ToStd(piece);
    const size_t equals = pair.find('=');
    const auto name = PercentDecoded(pair.substr(0, equals), PlusMeans::kBlank);
    const auto value = PercentDecoded(
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1),
        PlusMeans::kBlank);
    if (!name.has_value() || !value.has_value()) {
      return InvalidRequest("the query has a `%` that two hexadecimal digits do not follow");
    }
    if (!rule.body.empty()) {
      return InvalidRequest("this method takes no parameters; its fields are those of the body");
    }
    const FieldDescriptor* const field = FindFieldPath(*name, out->GetDescriptor());
    if (field != nullptr && !field->is_repeated() && !seen.insert(field).second) {
      return InvalidRequest(StrCat("the parameter `", field->name(), "` is there twice"));
    }
    DNC_RETURN_IF_ERROR(SetFieldText(*name, *value, out));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status BindRequest(const HttpRule& rule, const HttpRequest& call, const PathParts& parts,
                         Message* out) {
  DNC_RETURN_IF_ERROR(BindBody(rule, call, parts, out));
  DNC_RETURN_IF_ERROR(BindPath(parts, out));
  return BindQuery(rule, call.query, parts, out);
}

}  // namespace dnc
