// The contract's enums as people write them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dnc/v1/registry_service.pb.h"
#include "dnc/v1/verdict.pb.h"
#include "google/protobuf/descriptor.h"

namespace dnc::ctl {

// The name of a value without the prefix of its type: VERDICT_LISTED is "LISTED". "UNKNOWN" for
// a value that this version has no name for.
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
inline std::string Name(v1::HistoryAction value) {
  return EnumName(v1::HistoryAction_descriptor(), value);
}

// Names of reasons, for repeated enum fields, which are ints in generated code.
template <typename Values>
std::vector<std::string> ReasonNames(const Values& values) {
  std::vector<std::string> names;
  for (const int value : values) names.push_back(EnumName(v1::Reason_descriptor(), value));
  return names;
}

// A guard as operators write it: GUARD_OUTSIDE_LABEL is "outside-label".
std::string GuardName(v1::Guard guard);
std::optional<v1::Guard> ParseGuard(const std::string& name);
// All of them, for help texts.
std::vector<std::string> GuardNames();

}  // namespace dnc::ctl
