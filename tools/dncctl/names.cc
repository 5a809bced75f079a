#include "tools/dncctl/names.h"

#include <algorithm>
#include <cctype>

namespace dnc::ctl {

using google::protobuf::EnumDescriptor;

std::string EnumName(const EnumDescriptor* type, int value) {
  const auto* known = type->FindValueByNumber(value);
  if (known == nullptr) return "UNKNOWN";
  // buf's lint rules give the zero value the name of its type and the suffix UNSPECIFIED.
  constexpr size_t kSuffix = sizeof("UNSPECIFIED") - 1;
  const std::string& zero = type->FindValueByNumber(0)->name();
  return known->name().substr(zero.size() - kSuffix);
}

std::string GuardName(v1::Guard guard) {
  std::string name = EnumName(v1::Guard_descriptor(), guard);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == '_' ? '-' : static_cast<char>(std::tolower(c));
  });
  return name;
}

std::optional<v1::Guard> ParseGuard(const std::string& name) {
  for (int value = v1::Guard_MIN + 1; value <= v1::Guard_MAX; ++value) {
    if (!v1::Guard_IsValid(value)) continue;
    const auto guard = static_cast<v1::Guard>(value);
    if (GuardName(guard) == name) return guard;
  }
  return std::nullopt;
}

std::vector<std::string> GuardNames() {
  std::vector<std::string> names;
  for (int value = v1::Guard_MIN + 1; value <= v1::Guard_MAX; ++value) {
    if (v1::Guard_IsValid(value)) names.push_back(GuardName(static_cast<v1::Guard>(value)));
  }
  return names;
}

}  // namespace dnc::ctl
