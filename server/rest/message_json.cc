// The reader follows the events of a JSON parser (nlohmann's, which keeps no tree) down the
// message's descriptors: a frame for each object that is open.
//
//   {"records": [{"number": "...", "madeAt": "..."}]}
//    |            '- frame 2: Record, field madeAt
//    '- frame 1: AddNumbersRequest, field records, in its array at index 0
//
// So it needs no memory but the message's own, and the depth of what is taken is that of the
// contract's messages.
#include "server/rest/message_json.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/time_util.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/numbers/number_writing.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

// Names of fields are at most this long where they are repeated to the caller.
constexpr size_t kMaxToldBytes = 64;
// A name with so many digits may be a phone number that was taken for one.
constexpr int kMaxToldDigits = 6;

bool IsTimestamp(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type() == Timestamp::descriptor();
}

bool IsObject(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsTimestamp(field);
}

// A name as it may be told again.
std::string ToldName(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
  };
  const auto digits =
      std::count_if(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (name.empty() || name.size() > kMaxToldBytes || digits > kMaxToldDigits ||
      !std::all_of(name.begin(), name.end(), plain)) {
    return "of a name that is no field's";
  }
  return StrCat("`", name, "`");
}

const FieldDescriptor* FindField(const Descriptor& descriptor, std::string_view name) {
  const std::string text(name);
  const FieldDescriptor* found = descriptor.FindFieldByName(text);
  return found != nullptr ? found : descriptor.FindFieldByCamelcaseName(text);
}

// What a field wants, for whoever has sent something else.
std::string WantedBy(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return "an integer";
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return "an integer of digits alone";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return StrCat(
          "a name of ", std::string(field.enum_type()->name()), ", such as ",
          std::string(field.enum_type()->value(field.enum_type()->value_count() - 1)->name()));
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? "a string of base64" : "a string";
    default:
      return IsTimestamp(field) ? "a time such as \"2026-01-31T12:00:00Z\"" : "an object";
  }
}

// Sets a field, or adds an entry to it, by the function of its type.
#define DNC_PUT(Type, value)                                          \
  (field.is_repeated() ? reflection.Add##Type(message, &field, value) \
                       : reflection.Set##Type(message, &field, value))

bool PutInteger(const FieldDescriptor& field, bool negative, uint64_t magnitude, Message* message) {
  const auto& reflection = *message->GetReflection();
  const auto fits = [&](uint64_t least, uint64_t most) {
    return magnitude <= (negative ? least : most);
  };
  const auto whole = static_cast<int64_t>(negative ? ~magnitude + 1 : magnitude);
  constexpr uint64_t kMax32 = std::numeric_limits<int32_t>::max();
  constexpr uint64_t kMax64 = std::numeric_limits<int64_t>::max();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      if (!fits(kMax32 + 1, kMax32)) return false;
      DNC_PUT(Int32, static_cast<int32_t>(whole));
      return true;
    case FieldDescriptor::CPPTYPE_INT64:
      if (!fits(kMax64 + 1, kMax64)) return false;
      DNC_PUT(Int64, whole);
      return true;
    case FieldDescriptor::CPPTYPE_UINT32:
      if (!fits(0, std::numeric_limits<uint32_t>::max())) return false;
      DNC_PUT(UInt32, static_cast<uint32_t>(magnitude));
      return true;
    case FieldDescriptor::CPPTYPE_UINT64:
      if (!fits(0, std::numeric_limits<uint64_t>::max())) return false;
      DNC_PUT(UInt64, magnitude);
      return true;
    case FieldDescriptor::CPPTYPE_ENUM:
      if (!fits(kMax32 + 1, kMax32)) return false;
      DNC_PUT(EnumValue, static_cast<int>(whole));
      return true;
    default:
      return false;
  }
}

// Digits alone, with a sign before them if they are negative, and no zero before others.
bool PutIntegerText(const FieldDescriptor& field, std::string_view text, Message* message) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  uint64_t magnitude = 0;
  if (!digits || (text.size() > 1 && text.front() == '0') ||
      !absl::SimpleAtoi(ToAbsl(text), &magnitude)) {
    return false;
  }
  return PutInteger(field, negative, magnitude, message);
}

bool PutString(const FieldDescriptor& field, std::string_view text, Message* message) {
  const auto& reflection = *message->GetReflection();
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    std::string bytes;
    if (!absl::Base64Unescape(ToAbsl(text), &bytes) &&
        !absl::WebSafeBase64Unescape(ToAbsl(text), &bytes)) {
      return false;
    }
    DNC_PUT(String, std::move(bytes));
    return true;
  }
  if (!IsUtf8(text)) return false;
  DNC_PUT(String, std::string(text));
  return true;
}

bool PutTimestamp(const FieldDescriptor& field, std::string_view text, Message* message) {
  const auto& reflection = *message->GetReflection();
  Timestamp time;
  if (text.size() > kMaxToldBytes || !TimeUtil::FromString(std::string(text), &time)) return false;
  Message* const made = field.is_repeated() ? reflection.AddMessage(message, &field)
                                            : reflection.MutableMessage(message, &field);
  made->CopyFrom(time);
  return true;
}

bool PutBool(const FieldDescriptor& field, bool value, Message* message) {
  const auto& reflection = *message->GetReflection();
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL) return false;
  DNC_PUT(Bool, value);
  return true;
}

// What a string can say in JSON, and a parameter anywhere.
bool PutText(const FieldDescriptor& field, std::string_view text, Message* message) {
  const auto& reflection = *message->GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return PutIntegerText(field, text, message);
    case FieldDescriptor::CPPTYPE_STRING:
      return PutString(field, text, message);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor* const value =
          field.enum_type()->FindValueByName(std::string(text));
      if (value == nullptr) return false;
      DNC_PUT(EnumValue, value->number());
      return true;
    }
    default:
      return IsTimestamp(field) && PutTimestamp(field, text, message);
  }
}

#undef DNC_PUT

// Takes the parser's events; false from one of them ends the parse.
class JsonFieldReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonFieldReader(Message* root) : root_(root) {}

  const absl::Status& status() const { return status_; }

  bool null() override {
    if (!AtField()) return Refuse("a JSON object is wanted");
    Frame& top = frames_.back();
    if (top.in_array) return RefuseHere("null is no entry of an array; leave it out");
    top.field = nullptr;
    return true;
  }
  bool boolean(bool value) override {
    return Put([value](const FieldDescriptor& field, Message* message) {
      return PutBool(field, value, message);
    });
  }
  bool number_integer(number_integer_t value) override {
    return PutNumber(value < 0,
                     value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value));
  }
  bool number_unsigned(number_unsigned_t value) override { return PutNumber(false, value); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return Put([](const FieldDescriptor& /*field*/, Message* /*message*/) { return false; });
  }
  bool string(string_t& text) override {
    return Put([&text](const FieldDescriptor& field, Message* message) {
      return PutText(field, text, message);
    });
  }
  bool binary(binary_t& /*bytes*/) override { return Refuse("there are no bytes in JSON"); }

  bool start_object(size_t /*count*/) override;
  bool end_object() override;
  bool key(string_t& name) override;
  bool start_array(size_t /*count*/) override;
  bool end_array() override;
  bool parse_error(size_t at, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*why*/) override {
    return Refuse(StrCat("the body is no JSON, at byte ", at));
  }

 private:
  struct Frame {
    Message* message = nullptr;
    const FieldDescriptor* field = nullptr;  // the one whose value comes or whose array is open
    bool in_array = false;
    size_t index = 0;
    std::vector<const FieldDescriptor*> seen;
  };

  void Open(Message* message) { frames_.emplace_back().message = message; }
  bool AtField() const { return !frames_.empty() && frames_.back().field != nullptr; }

  template <typename Set>
  bool Put(const Set& set) {
    if (!AtField()) return Refuse("a JSON object is wanted");
    Frame& top = frames_.back();
    if (top.field->is_repeated() && !top.in_array) return RefuseHere("an array is wanted");
    if (!set(*top.field, top.message))
      return RefuseHere(StrCat(WantedBy(*top.field), " is wanted"));
    Taken();
    return true;
  }
  bool PutNumber(bool negative, uint64_t magnitude) {
    return Put([negative, magnitude](const FieldDescriptor& field, Message* message) {
      return PutInteger(field, negative, magnitude, message);
    });
  }
  // A value has been taken.
  void Taken() {
    Frame& top = frames_.back();
    if (top.in_array) {
      ++top.index;
    } else {
      top.field = nullptr;
    }
  }

  // Where the parser is: `records[3].madeAt`.
  std::string Place() const {
    std::string place;
    for (const Frame& frame : frames_) {
      if (frame.field == nullptr) break;
      if (!place.empty()) place += '.';
      place += std::string(frame.field->json_name());
      if (frame.in_array) place += StrCat("[", frame.index, "]");
    }
    return place;
  }
  bool Refuse(std::string_view why) {
    if (status_.ok()) status_ = InvalidRequest(why);
    return false;
  }
  bool RefuseHere(std::string_view why) { return Refuse(StrCat(Place(), ": ", why)); }

  Message* const root_;
  std::vector<Frame> frames_;
  absl::Status status_;
};

bool JsonFieldReader::start_object(size_t /*count*/) {
  if (frames_.empty()) {
    Open(root_);
    return true;
  }
  if (!AtField()) return Refuse("a JSON object is wanted");
  Frame& top = frames_.back();
  const FieldDescriptor& field = *top.field;
  if (field.is_repeated() && !top.in_array) return RefuseHere("an array is wanted");
  if (!IsObject(field)) return RefuseHere(StrCat(WantedBy(field), " is wanted"));
  const auto& reflection = *top.message->GetReflection();
  Message* const inner = field.is_repeated() ? reflection.AddMessage(top.message, &field)
                                             : reflection.MutableMessage(top.message, &field);
  Open(inner);
  return true;
}

bool JsonFieldReader::end_object() {
  frames_.pop_back();
  if (!frames_.empty()) Taken();
  return true;
}

bool JsonFieldReader::key(string_t& name) {
  Frame& top = frames_.back();
  const FieldDescriptor* const field = FindField(*top.message->GetDescriptor(), name);
  const std::string place = Place();
  const std::string in = place.empty() ? std::string() : StrCat(" in ", place);
  if (field == nullptr) return Refuse(StrCat("there is no field ", ToldName(name), in));
  for (const FieldDescriptor* const seen : top.seen) {
    if (seen == field) return Refuse(StrCat(ToldName(name), " is there twice", in));
    const auto* const choice = field->containing_oneof();
    if (choice != nullptr && seen->containing_oneof() == choice) {
      return Refuse(StrCat("give one of ", ToldName(std::string(seen->json_name())), " and ",
                           ToldName(name), in));
    }
  }
  top.seen.push_back(field);
  top.field = field;
  return true;
}

bool JsonFieldReader::start_array(size_t /*count*/) {
  if (!AtField()) return Refuse("a JSON object is wanted");
  Frame& top = frames_.back();
  if (top.in_array || !top.field->is_repeated()) {
    return RefuseHere(StrCat(WantedBy(*top.field), " is wanted, no array"));
  }
  top.in_array = true;
  top.index = 0;
  return true;
}

bool JsonFieldReader::end_array() {
  frames_.back().in_array = false;
  frames_.back().field = nullptr;
  return true;
}

void AppendField(const Message& message, const FieldDescriptor& field, int index,
                 std::string* out) {
  const auto& reflection = *message.GetReflection();
  const bool repeated = index >= 0;
#define DNC_GET(Type)                                              \
  (repeated ? reflection.GetRepeated##Type(message, &field, index) \
            : reflection.Get##Type(message, &field))
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      absl::StrAppend(out, DNC_GET(Int32));
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      absl::StrAppend(out, DNC_GET(UInt32));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      absl::StrAppend(out, "\"", DNC_GET(Int64), "\"");
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      absl::StrAppend(out, "\"", DNC_GET(UInt64), "\"");
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      out->append(DNC_GET(Bool) ? "true" : "false");
      break;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = DNC_GET(EnumValue);
      const EnumValueDescriptor* const value = field.enum_type()->FindValueByNumber(number);
      if (value == nullptr) {
        absl::StrAppend(out, number);
      } else {
        absl::StrAppend(out, "\"", value->name(), "\"");
      }
      break;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string space;
      const std::string& text =
          repeated ? reflection.GetRepeatedStringReference(message, &field, index, &space)
                   : reflection.GetStringReference(message, &field, &space);
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        absl::StrAppend(out, "\"", absl::Base64Escape(text), "\"");
      } else {
        AppendJsonString(text, out);
      }
      break;
    }
    default: {
      const Message& inner = repeated ? reflection.GetRepeatedMessage(message, &field, index)
                                      : reflection.GetMessage(message, &field);
      if (IsTimestamp(field)) {
        Timestamp time;
        time.CopyFrom(inner);
        absl::StrAppend(out, "\"", TimeUtil::ToString(time), "\"");
      } else {
        AppendMessageJson(inner, out);
      }
      break;
    }
  }
#undef DNC_GET
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      text.remove_prefix(1);
      continue;
    }
    const size_t length = FirstCharacter(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

absl::Status ReadMessageJson(std::string_view text, Message* out) {
  JsonFieldReader reader(out);
  const bool whole = nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  if (!whole && reader.status().ok()) return InvalidRequest("the body is no JSON");
  return reader.status();
}

const FieldDescriptor* FindFieldPath(std::string_view path, const Descriptor* descriptor) {
  const size_t dot = path.find('.');
  const FieldDescriptor* const field = FindField(*descriptor, path.substr(0, dot));
  if (dot == std::string_view::npos || field == nullptr) return field;
  if (field->is_repeated() || !IsObject(*field)) return nullptr;
  return FindFieldPath(path.substr(dot + 1), field->message_type());
}

absl::Status SetFieldText(std::string_view path, std::string_view text, Message* out) {
  const std::string_view whole = path;
  for (;;) {
    const size_t dot = path.find('.');
    const FieldDescriptor* const field = FindField(*out->GetDescriptor(), path.substr(0, dot));
    if (field == nullptr) return InvalidRequest(StrCat("there is no parameter ", ToldName(whole)));
    const bool last = dot == std::string_view::npos;
    if (last) {
      const bool put =
          field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL
              ? (text == "true" || text == "false") && PutBool(*field, text == "true", out)
              : PutText(*field, text, out);
      if (put) return absl::OkStatus();
      return InvalidRequest(StrCat("the parameter ", ToldName(whole), ": ",
                                   IsObject(*field) ? "one of its fields" : WantedBy(*field),
                                   " is wanted"));
    }
    if (field->is_repeated() || !IsObject(*field)) {
      return InvalidRequest(StrCat("there is no parameter ", ToldName(whole)));
    }
    out = out->GetReflection()->MutableMessage(out, field);
    path.remove_prefix(dot + 1);
  }
}

void AppendJsonString(std::string_view text, std::string* out) {
  const auto plain = [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F &&
           c != '"' && c != '\\';
  };
  if (std::all_of(text.begin(), text.end(), plain)) {
    absl::StrAppend(out, "\"", ToAbsl(text), "\"");
    return;
  }
  out->append(nlohmann::json(text).dump(-1, ' ', /*ensure_ascii=*/false,
                                        nlohmann::json::error_handler_t::replace));
}

void AppendMessageJson(const Message& message, std::string* out) {
  const auto& reflection = *message.GetReflection();
  const Descriptor& descriptor = *message.GetDescriptor();
  char before = '{';
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    // Whether it is set is told apart only where not to be set means something.
    if (field.has_presence() && !reflection.HasField(message, &field)) continue;
    out->push_back(std::exchange(before, ','));
    absl::StrAppend(out, "\"", field.json_name(), "\":");
    if (!field.is_repeated()) {
      AppendField(message, field, -1, out);
      continue;
    }
    out->push_back('[');
    const int count = reflection.FieldSize(message, &field);
    for (int at = 0; at < count; ++at) {
      if (at > 0) out->push_back(',');
      AppendField(message, field, at, out);
    }
    out->push_back(']');
  }
  if (before == '{') out->push_back('{');
  out->push_back('}');
}

std::string MessageJson(const Message& message) {
  std::string text;
  AppendMessageJson(message, &text);
  return text;
}

}  // namespace dnc
