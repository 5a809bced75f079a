// Writes and reads the contract's enums as people write them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dnc/v1/list_service.pb.h"
#include "dnc/v1/registry_service.pb.h"
#include "dnc/v1/tenant_service.pb.h"
#include "dnc/v1/verdict.pb.h"
#include "google/protobuf/descriptor.h"

namespace dnc::cli {

// Returns the name of a value without the prefix of its type: VERDICT_LISTED is "LISTED". Returns
// "UNKNOWN" for a value that this version has no name for.
std::string EnumName(const google::protobuf::EnumDescriptor* type, int value);

inline std::string Name(v1::Verdict value) { return EnumName(v1::Verdict_descriptor(), value); }
inline std::string Name(v1::Rule value) { return EnumName(v1::Rule_descriptor(), value); }
inline std::string Name(v1::LoadState value) { return EnumName(v1::LoadState_descriptor(), value); }
inline std::string Name(v1::FileKind value) { return EnumName(v1::FileKind_descriptor(), value); }
inline std::string Name(v1::ListEffect value) {
  return EnumName(v1::ListEffect_descriptor(), value);
}
inline std::string Name(v1::CoverageState value) {
  return EnumName(v1::CoverageState_descriptor(), value);
}
inline std::string Name(v1::TenantState value) {
  return EnumName(v1::TenantState_descriptor(), value);
}
inline std::string Name(v1::OwnListKind value) {
  return EnumName(v1::OwnListKind_descriptor(), value);
}
inline std::string Name(v1::WriteOutcome value) {
  return EnumName(v1::WriteOutcome_descriptor(), value);
}
inline std::string Name(v1::HistoryAction value) {
  return EnumName(v1::HistoryAction_descriptor(), value);
}

// Returns the name as people write it: WRITE_LISTS is "write-lists".
std::string WrittenName(const google::protobuf::EnumDescriptor* type, int value);

// Reads a value that people write in lower case and with hyphens: `write-lists` for
// KEY_SCOPE_WRITE_LISTS. Case does not matter, and `_` and `-` are the same. Returns nullopt for
// other texts and for UNSPECIFIED.
std::optional<int> ParseEnum(const google::protobuf::EnumDescriptor* type, std::string text);
// Returns what ParseEnum accepts, for help texts: "scrub, write-lists, operate".
std::string EnumChoices(const google::protobuf::EnumDescriptor* type);
// Does the same for the values of an option, or fails the parse of the command line with an error
// that names the choices.
std::vector<int> EnumArguments(const std::string& option,
                               const google::protobuf::EnumDescriptor* type,
                               const std::vector<std::string>& texts);

// Writes the values of a repeated enum field as ParseEnum reads them: "national,state".
template <typename Values>
std::string WrittenNames(const google::protobuf::EnumDescriptor* type, const Values& values) {
  std::string names;
  for (const int value : values) names += (names.empty() ? "" : ",") + WrittenName(type, value);
  return names;
}

// Writes the names of reasons, for repeated enum fields, which are ints in generated code.
template <typename Values>
std::vector<std::string> ReasonNames(const Values& values) {
  std::vector<std::string> names;
  for (const int value : values) names.push_back(EnumName(v1::Reason_descriptor(), value));
  return names;
}

// Returns a guard as operators write it: GUARD_OUTSIDE_LABEL is "outside-label".
std::string GuardName(v1::Guard guard);
std::optional<v1::Guard> ParseGuard(const std::string& name);

}  // namespace dnc::cli
