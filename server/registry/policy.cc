#include "server/registry/policy.h"

#include <algorithm>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/numbers/area_codes.h"

namespace dnc {
namespace {

absl::Status BadName(std::string_view name) {
  return Error(
      absl::StatusCode::kInvalidArgument, reason::kInvalidRequest,
      StrCat("\"", name.substr(0, 60),
             "\" names no list; use national, state:XX with a state's two letters, wireless, "
             "wireline, litigator:NAME or other:NAME"));
}

bool IsQualifier(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace

absl::StatusOr<ListName> ParseListName(std::string_view name) {
  if (name == "national") return ListName{ListKind::kNational, ""};
  if (name == "wireless") return ListName{ListKind::kWireless, ""};
  if (name == "wireline") return ListName{ListKind::kWireline, ""};
  const size_t colon = name.find(':');
  if (colon == std::string_view::npos) return BadName(name);
  const std::string_view kind = name.substr(0, colon);
  const std::string_view qualifier = name.substr(colon + 1);
  if (!IsQualifier(qualifier)) return BadName(name);
  if (kind == "litigator") return ListName{ListKind::kLitigator, std::string(qualifier)};
  if (kind == "other") return ListName{ListKind::kOther, std::string(qualifier)};
  if (kind == "state" && AreaCodesOfState(qualifier).any()) {
    return ListName{ListKind::kState, std::string(qualifier)};
  }
  return BadName(name);
}

FileDialect DialectOf(ListKind kind) {
  switch (kind) {
    case ListKind::kNational:
      return FileDialect::kRegistry;
    case ListKind::kWireless:
    case ListKind::kWireline:
      return FileDialect::kPorted;
    case ListKind::kState:
    case ListKind::kLitigator:
    case ListKind::kOther:
      break;
  }
  return FileDialect::kCsv;
}

bool CoversAll(ListKind kind) { return kind != ListKind::kNational; }

ListEffect DefaultEffect(ListKind kind) {
  if (kind == ListKind::kWireless) return ListEffect::kWireless;
  if (kind == ListKind::kWireline) return ListEffect::kInform;
  return ListEffect::kDeny;
}

absl::Duration DefaultMaxAge(ListKind kind) {
  // 16 CFR 310.4(b)(3)(iv) gives the national registry 31 days; the states' own follow it. A port
  // has 15 days of safe harbour (47 CFR 64.1200(a)(1)(iv)), so its list may not be older.
  const bool ported = kind == ListKind::kWireless || kind == ListKind::kWireline;
  return absl::Hours(24 * (ported ? 15 : 31));
}

}  // namespace dnc
