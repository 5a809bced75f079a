#include "server/http/form_fields.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

// The value of a hexadecimal digit; negative for any other character.
constexpr int FormHexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Decodes a name or a value of an urlencoded form. False: a `%` has no two digits.
bool DecodeUrlEncoded(std::string_view text, std::string* out) {
  out->clear();
  out->reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out->push_back(' ');
    } else if (text[i] != '%') {
      out->push_back(text[i]);
    } else {
      const int high = i + 2 < text.size() ? FormHexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? FormHexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      out->push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return true;
}

// The text decoded: itself if there is nothing to decode, else a copy that `fields` keeps.
absl::Status DecodeFormText(std::string_view text, FormFields* fields, std::string_view* out) {
  *out = text;
  if (text.find_first_of("%+") == std::string_view::npos) return absl::OkStatus();
  std::string decoded;
  if (!DecodeUrlEncoded(text, &decoded)) {
    return InvalidRequest(
        "the query or form has a `%` that is not followed by two hexadecimal digits; write a "
        "percent sign as `%25`");
  }
  *out = fields->Keep(std::move(decoded));
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
