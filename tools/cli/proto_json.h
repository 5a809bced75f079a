// Writes messages of the contract as JSON, for scripts.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>

#include "google/protobuf/message.h"

namespace dnc::cli {

// Converts a message. Field names are those of the proto; integers are JSON numbers; enums have
// their names without prefix, and guards the names that operators write; times are ISO 8601 in UTC;
// phone numbers are ten digits in a string, or null if malformed; unset messages are null. Every
// field is there, whatever its value.
nlohmann::ordered_json ToJson(const google::protobuf::Message& message);

// Prints it indented and in ASCII: other characters are escaped.
void PrintJson(const nlohmann::ordered_json& json, FILE* stream = stdout);

}  // namespace dnc::cli
