#include "server/scrub/list_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/rules/area_codes.h"

namespace dnc {
namespace {

constexpr size_t kMaxQualifier = 40;

absl::Status BadName(std::string_view name) {
  return Error(
      reason::kInvalidRequest,
      StrCat("\"", name.substr(0, 60),
             "\" names no list; use national, state:XX with a state's two letters, wireless, "
             "wireline, litigator:NAME or other:NAME"));
}

std::string_view Trimmed(std::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(ToAbsl(text));
  return {trimmed.data(), trimmed.size()};
}

bool IsQualifier(std::string_view text) {
  return !text.empty() && text.size() <= kMaxQualifier &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
         });
}

}  // namespace

std::string ListName::Written() const {
  switch (kind) {
    case ListKind::kNational:
      return "national";
    case ListKind::kWireless:
      return "wireless";
    case ListKind::kWireline:
      return "wireline";
    case ListKind::kState:
      return StrCat("state:", qualifier);
    case ListKind::kLitigator:
      return StrCat("litigator:", qualifier);
    case ListKind::kOther:
      break;
  }
  return StrCat("other:", qualifier);
}

absl::StatusOr<ListName> ParseListName(std::string_view name) {
  const std::string_view whole = Trimmed(name);
  const size_t colon = whole.find(':');
  const std::string kind = absl::AsciiStrToLower(ToAbsl(Trimmed(whole.substr(0, colon))));
  if (colon == std::string_view::npos) {
    if (kind == "national") return ListName{ListKind::kNational, ""};
    if (kind == "wireless") return ListName{ListKind::kWireless, ""};
    if (kind == "wireline") return ListName{ListKind::kWireline, ""};
    return BadName(name);
  }
  const std::string_view qualifier = Trimmed(whole.substr(colon + 1));
  if (!IsQualifier(qualifier)) return BadName(name);
  if (kind == "state") {
    ListName state{ListKind::kState, absl::AsciiStrToUpper(ToAbsl(qualifier))};
    if (state.qualifier.size() != 2 || AreaCodesOfState(state.qualifier).none()) {
      return BadName(name);
    }
    return state;
  }
  std::string folded = absl::AsciiStrToLower(ToAbsl(qualifier));
  if (kind == "litigator") return ListName{ListKind::kLitigator, std::move(folded)};
  if (kind == "other") return ListName{ListKind::kOther, std::move(folded)};
  return BadName(name);
}

absl::StatusOr<std::string> CanonicalListName(std::string_view name) {
  const absl::StatusOr<ListName> parsed = ParseListName(name);
  if (!parsed.ok()) return parsed.status();
  return parsed->Written();
}

std::string CanonicalOrSame(std::string_view name) {
  return CanonicalListName(name).value_or(std::string(name));
}

ListEffect DefaultEffect(ListKind kind) {
  if (kind == ListKind::kWireless) return ListEffect::kWireless;
  if (kind == ListKind::kWireline) return ListEffect::kInform;
  return ListEffect::kDeny;
}

std::bitset<kAreaCodes> AreaCodesToCover(const ListName& name) {
  if (name.kind != ListKind::kState) return std::bitset<kAreaCodes>().set();
  // An area code that the table does not know may be a new one of this state.
  return AreaCodesOfState(name.qualifier) | ~KnownAreaCodes();
}

}  // namespace dnc
