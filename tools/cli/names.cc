#include "tools/cli/names.h"

#include <CLI/CLI.hpp>
#include <CLI/Error.hpp>
#include <algorithm>
#include <cctype>
#include <utility>

namespace dnc::cli {

using google::protobuf::EnumDescriptor;

std::string EnumName(const EnumDescriptor* type, int value) {
  const auto* known = type->FindValueByNumber(value);
  if (known == nullptr) return "UNKNOWN";
  // By buf's lint rules, the zero value has the name of its type and the suffix UNSPECIFIED.
  constexpr size_t kSuffix = sizeof("UNSPECIFIED") - 1;
  const std::string& zero = type->FindValueByNumber(0)->name();
  return known->name().substr(zero.size() - kSuffix);
}

namespace {

// Returns WRITE_LISTS as "write-lists".
std::string Written(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == '_' ? '-' : static_cast<char>(std::tolower(c));
  });
  return name;
}

}  // namespace

std::string WrittenName(const EnumDescriptor* type, int value) {
  return Written(EnumName(type, value));
}

std::vector<int> EnumArguments(const std::string& option, const EnumDescriptor* type,
                               const std::vector<std::string>& texts) {
  std::vector<int> values;
  for (const std::string& text : texts) {
    const auto value = ParseEnum(type, text);
    if (!value.has_value()) {
      throw CLI::ValidationError(option, "'" + text + "' is none of " + EnumChoices(type));
    }
    values.push_back(*value);
  }
  return values;
}

std::optional<int> ParseEnum(const EnumDescriptor* type, std::string text) {
  text = Written(std::move(text));
  for (int i = 1; i < type->value_count(); ++i) {
    const int value = type->value(i)->number();
    if (WrittenName(type, value) == text) return value;
  }
  return std::nullopt;
}

std::string EnumChoices(const EnumDescriptor* type) {
  std::string choices;
  for (int i = 1; i < type->value_count(); ++i) {
    if (i > 1) choices += ", ";
    choices += WrittenName(type, type->value(i)->number());
  }
  return choices;
}

std::string GuardName(v1::Guard guard) { return WrittenName(v1::Guard_descriptor(), guard); }

std::optional<v1::Guard> ParseGuard(const std::string& name) {
  for (int value = v1::Guard_MIN + 1; value <= v1::Guard_MAX; ++value) {
    if (!v1::Guard_IsValid(value)) continue;
    const auto guard = static_cast<v1::Guard>(value);
    if (GuardName(guard) == name) return guard;
  }
  return std::nullopt;
}

}  // namespace dnc::cli
