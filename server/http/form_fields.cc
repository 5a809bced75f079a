#include "server/http/form_fields.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/http/percent.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

// The text decoded: itself if there is nothing to decode, else a copy that `fields` keeps.
absl::Status DecodeFormText(std::string_view text, FormFields* fields, std::string_view* out) {
  *out = text;
  if (text.find_first_of("%+") == std::string_view::npos) return absl::OkStatus();
  std::optional<std::string> decoded = PercentDecoded(text, PlusMeans::kBlank);
  if (!decoded.has_value()) {
    return InvalidRequest(
        "the query or form has a `%` that is not followed by two hexadecimal digits; write a "
        "percent sign as `%25`");
  }
  *out = fields->Keep(*std::move(decoded));
  return absl::OkStatus();
}

}  // namespace

std::string ShownName(std::string_view name) {
  constexpr size_t kMaxShown = 40;
  const bool plain = name.size() <= kMaxShown && std::all_of(name.begin(), name.end(), [](char c) {
                       return c > ' ' && c <= '~' && c != '`';
                     });
  return plain ? StrCat("`", name, "`") : std::string("with an unusual name");
}

absl::Status FormFields::Add(std::string_view name, std::string_view value) {
  if (Get(name).has_value()) {
    return InvalidRequest(StrCat("the field ", ShownName(name),
                                 " comes twice; send it once, in the query or in the body"));
  }
  if (fields_.size() == kMaxFormFields) {
    return InvalidRequest(StrCat("the request has more than ", kMaxFormFields, " fields"));
  }
  fields_.push_back({name, value});
  return absl::OkStatus();
}

std::optional<std::string_view> FormFields::Get(std::string_view name) const {
  const auto field = std::find_if(fields_.begin(), fields_.end(), [name](const Field& candidate) {
    return absl::EqualsIgnoreCase(ToAbsl(candidate.name), ToAbsl(name));
  });
  if (field == fields_.end()) return std::nullopt;
  return field->value;
}

absl::Status ReadUrlEncoded(std::string_view text, FormFields* out) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    std::string_view name;
    std::string_view value;
    DNC_RETURN_IF_ERROR(DecodeFormText(pair.substr(0, equals), out, &name));
    DNC_RETURN_IF_ERROR(
        DecodeFormText(pair.substr(std::min(equals + 1, pair.size())), out, &value));
    DNC_RETURN_IF_ERROR(out->Add(name, value));
  }
  return absl::OkStatus();
}

}  // namespace dnc
