#include "tools/cli/proto_json.h"

#include <fmt/format.h>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/timestamp.pb.h"
#include "tools/cli/names.h"
#include "tools/cli/terminal.h"

namespace dnc::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Json = nlohmann::ordered_json;

Json EnumJson(const FieldDescriptor* field, int value) {
  if (field->enum_type() == v1::Guard_descriptor()) {
    return value == 0 ? Json(nullptr) : Json(GuardName(static_cast<v1::Guard>(value)));
  }
  return EnumName(field->enum_type(), value);
}

Json MessageJson(const Message& message) {
  if (message.GetDescriptor() == google::protobuf::Timestamp::descriptor()) {
    return IsoTime(static_cast<const google::protobuf::Timestamp&>(message));
  }
  return ToJson(message);
}

// In the whole contract, a fixed64 holds phone numbers.
Json NumberJson(uint64_t number) {
  return number == 0 ? Json(nullptr) : Json(fmt::format("{:010}", number));
}

Json SingularJson(const Message& message, const Reflection& reflection,
                  const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumJson(field, reflection.GetEnumValue(message, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, field);
    case FieldDescriptor::CPPTYPE_UINT64: {
      const uint64_t value = reflection.GetUInt64(message, field);
      return field->type() == FieldDescriptor::TYPE_FIXED64 ? NumberJson(value) : Json(value);
    }
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return reflection.HasField(message, field)
                 ? MessageJson(reflection.GetMessage(message, field))
                 : Json(nullptr);
    default:
      return nullptr;  // the contract has no other types
  }
}

Json RepeatedJson(const Message& message, const Reflection& reflection,
                  const FieldDescriptor* field) {
  Json items = Json::array();
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_ENUM:
        items.push_back(EnumJson(field, reflection.GetRepeatedEnumValue(message, field, i)));
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        items.push_back(reflection.GetRepeatedUInt32(message, field, i));
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        items.push_back(reflection.GetRepeatedString(message, field, i));
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        items.push_back(MessageJson(reflection.GetRepeatedMessage(message, field, i)));
        break;
      default:
        break;
    }
  }
  return items;
}

}  // namespace

Json ToJson(const Message& message) {
  Json object = Json::object();
  const Reflection& reflection = *message.GetReflection();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    object[field->name()] = field->is_repeated() ? RepeatedJson(message, reflection, field)
                                                 : SingularJson(message, reflection, field);
  }
  return object;
}

void PrintJson(const Json& json, FILE* stream) {
  // Only ASCII is printed, so that a terminal gets no control character from the server or a file.
  fmt::print(stream, "{}\n",
             json.dump(2, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace));
}

}  // namespace dnc::cli
