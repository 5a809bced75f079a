// Messages of the contract as JSON, by protobuf's JSON mapping, and stricter on the way in.
//
// protobuf's own reader is no gate: it drops a null in an array, which shifts the places of what
// follows, and takes nested arrays and doubled keys. This one refuses whatever could mean something
// else than it says, and names the place: "records[3].madeAt: ...". No error repeats a value.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace dnc {

// Reads a JSON object into `out`, which must be empty. Names of fields are lowerCamelCase or as in
// the proto. Integers are digits, with or without quotes, and never have a fraction or an exponent;
// enums are names or numbers; times are RFC 3339; bytes are base64; null stands for a field that is
// not set, and is refused in an array. INVALID_REQUEST for: anything else, fields that the message
// does not have, fields and members of a oneof that are there twice.
absl::Status ReadMessageJson(std::string_view text, google::protobuf::Message* out);

// Sets one field from the text of a parameter; `path` has names by dots: `tenant.tenant_id`. A
// repeated field gets one more entry; one that is not may be set once, which the caller sees to.
// Errors as above, named by `path`.
absl::Status SetFieldText(std::string_view path, std::string_view text,
                          google::protobuf::Message* out);

// The field at a path, in the message's type; null if there is none.
const google::protobuf::FieldDescriptor* FindFieldPath(
    std::string_view path, const google::protobuf::Descriptor* descriptor);

// Writes a message in one line: every field has its lowerCamelCase name and is there whatever its
// value, apart from messages and members of a oneof that are not set; 64-bit integers are strings,
// enums names (a value without one is a number), times RFC 3339 in UTC.
std::string MessageJson(const google::protobuf::Message& message);
// The same behind what `out` has.
void AppendMessageJson(const google::protobuf::Message& message, std::string* out);
// A text in quotes.
void AppendJsonString(std::string_view text, std::string* out);

// Whether a text is valid UTF-8, as fields of type string must be.
bool IsUtf8(std::string_view text);

}  // namespace dnc
