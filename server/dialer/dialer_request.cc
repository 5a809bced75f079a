#include "server/dialer/dialer_request.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/match.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/http/json_fields.h"
#include "server/http/multipart.h"
#include "server/service/request_errors.h"
#include "server/tenants/tenant.h"

namespace dnc {
namespace {

constexpr std::string_view kLoginId = "loginId";
constexpr std::string_view kPhoneList = "phoneList";
constexpr std::string_view kProjId = "projId";
constexpr std::string_view kCampaignId = "campaignId";
constexpr std::string_view kVersion = "version";
constexpr std::string_view kOutput = "output";
constexpr std::string_view kJsonType = "application/json";

absl::Status ReadBody(const HttpRequest& request, FormFields* fields) {
  if (request.body.empty()) return absl::OkStatus();
  DNC_ASSIGN_OR_RETURN(const HeaderValue type,
                       ParseHeaderValue(request.Header("content-type").value_or("")));
  if (type.main == "multipart/form-data") {
    const std::string* boundary = type.Get("boundary");
    return ReadMultipart(request.body, boundary == nullptr ? std::string_view() : *boundary,
                         fields);
  }
  if (type.main == "application/x-www-form-urlencoded") return ReadUrlEncoded(request.body, fields);
  if (type.main == kJsonType) return ReadJsonFields(request.body, kPhoneList, fields);
  return InvalidRequest(
      "the body's Content-Type is none of multipart/form-data, application/x-www-form-urlencoded "
      "and application/json; send one of these");
}

// `version` and `output` are too common as headers to mean the dialer's. The key may come in two
// places, if it is the same.
absl::Status ReadHeaders(const HttpRequest& request, FormFields* fields) {
  for (const HttpField& header : request.headers) {
    for (const std::string_view name : {kLoginId, kPhoneList, kProjId, kCampaignId}) {
      if (!absl::EqualsIgnoreCase(header.name, ToAbsl(name))) continue;
      const std::optional<std::string_view> given = fields->Get(name);
      if (name == kLoginId && given.has_value() && *given == header.value) continue;
      DNC_RETURN_IF_ERROR(fields->Add(name, header.value));
    }
  }
  return absl::OkStatus();
}

// Whoever asks about another moment must not get an answer about this one. Other names that this
// server does not know are passed over, because each service has its own.
absl::Status RefuseMoments(const FormFields& fields) {
  for (const std::string_view name : {"as_of", "as_answered_at", "at"}) {
    if (!fields.Get(name).has_value()) continue;
    return InvalidRequest(StrCat("`", name,
                                 "` names a moment, and this path answers for now only; ask "
                                 "/v1/check, with `as_of`, for what was known then"));
  }
  return absl::OkStatus();
}

std::string ScopeOf(std::string_view brand, std::string_view campaign) {
  // A campaign without its brand names nothing.
  std::string scope = campaign.empty() ? std::string(brand) : StrCat(brand, "/", campaign);
  return IsScope(scope) ? scope : std::string();
}

absl::Status ReadForm(std::string_view version, std::string_view output, DialerForm* form) {
  if (!version.empty()) {
    if (version.size() != 1 || version[0] < '1' || version[0] > '5') {
      return InvalidRequest("`version` is 1 to 5");
    }
    form->version = version[0] - '0';
  }
  form->json = absl::EqualsIgnoreCase(ToAbsl(output), "json");
  if (form->json || output.empty() || absl::EqualsIgnoreCase(ToAbsl(output), "csv")) {
    return absl::OkStatus();
  }
  return InvalidRequest("`output` is csv or json");
}

}  // namespace

absl::StatusOr<std::string_view> ReadDialerHead(const HttpRequest& request, FormFields* fields) {
  DNC_RETURN_IF_ERROR(ReadUrlEncoded(request.query, fields));
  if (const std::string_view key = fields->Get(kLoginId).value_or(""); !key.empty()) return key;
  for (const HttpField& header : request.headers) {
    if (absl::EqualsIgnoreCase(header.name, ToAbsl(kLoginId))) return header.value;
  }
  return std::string_view();
}

bool HasJsonBody(const HttpRequest& request) {
  const absl::StatusOr<HeaderValue> type =
      ParseHeaderValue(request.Header("content-type").value_or(""));
  return type.ok() && type->main == kJsonType;
}

absl::Status ReadDialerRequest(const HttpRequest& request, FormFields* fields, DialerRequest* out) {
  DNC_RETURN_IF_ERROR(ReadBody(request, fields));
  DNC_RETURN_IF_ERROR(ReadHeaders(request, fields));
  DNC_RETURN_IF_ERROR(RefuseMoments(*fields));
  const auto value = [fields](std::string_view name) { return fields->Get(name).value_or(""); };
  out->key = value(kLoginId);
  out->scope = ScopeOf(value(kProjId), value(kCampaignId));
  DNC_RETURN_IF_ERROR(ReadForm(value(kVersion), value(kOutput), &out->form));
  const std::optional<std::string_view> list = fields->Get(kPhoneList);
  if (!list.has_value()) {
    return InvalidRequest(
        "`phoneList` is missing: send the numbers in it, joined by commas, in the query, in a form "
        "or in a JSON object");
  }
  out->phone_list = *list;
  return absl::OkStatus();
}

}  // namespace dnc
