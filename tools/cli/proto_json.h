// Messages of the contract as JSON for scripts.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>

#include "google/protobuf/message.h"

namespace dnc::cli {

// Field names as in the proto; integers as JSON numbers; enums by name without their prefix, guards
// as operators write them; times in ISO 8601 UTC; phone numbers as ten digits in a string, null if
// malformed; unset messages as null. Every field is there, whatever its value.
nlohmann::ordered_json ToJson(const google::protobuf::Message& message);

// Prints it, indented, in ASCII: other characters are escaped.
void PrintJson(const nlohmann::ordered_json& json, FILE* stream = stdout);

}  // namespace dnc::cli
