#include "server/tenants/tenant.h"

#include <algorithm>

namespace dnc {
namespace {

constexpr size_t kMaxIdBytes = 63;

bool IsIdCharacter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

}  // namespace

bool IsPlainId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdBytes && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), IsIdCharacter);
}

bool IsScope(std::string_view text) {
  if (text.empty()) return true;
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return IsPlainId(text);
  return IsPlainId(text.substr(0, slash)) && IsPlainId(text.substr(slash + 1));
}

bool Covers(std::string_view wide, std::string_view narrow) {
  return wide.empty() || wide == narrow ||
         (narrow.size() > wide.size() && narrow.substr(0, wide.size()) == wide &&
          narrow[wide.size()] == '/');
}

}  // namespace dnc
