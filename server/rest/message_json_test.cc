#include "server/rest/message_json.h"

#include <random>

#include "dnc/v1/list_service.pb.h"
#include "dnc/v1/registry_service.pb.h"
#include "dnc/v1/scrub_service.pb.h"
#include "dnc/v1/tenant_service.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/base/error.h"
#include "tests/support/seed.h"

namespace dnc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;
using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::Not;

template <typename M>
M Read(const std::string& text) {
  M message;
  const absl::Status status = ReadMessageJson(text, &message);
  EXPECT_TRUE(status.ok()) << status << " for " << text;
  return message;
}

template <typename M>
std::string Refusal(const std::string& text) {
  M message;
  const absl::Status status = ReadMessageJson(text, &message);
  EXPECT_FALSE(status.ok()) << text;
  EXPECT_EQ(ErrorReason(status), reason::kInvalidRequest);
  return std::string(status.message());
}

// Messages of the contract that a caller sends or gets, each with all that is in them.
std::vector<const Message*> Roots() {
  return {&v1::ScrubRequest::default_instance(),        &v1::ScrubResponse::default_instance(),
          &v1::CheckNumberResponse::default_instance(), &v1::AddNumbersRequest::default_instance(),
          &v1::LoadReleaseRequest::default_instance(),  &v1::ListLoadsResponse::default_instance(),
          &v1::UpdateTenantRequest::default_instance(), &v1::ListKeysResponse::default_instance(),
          &v1::RetireListRequest::default_instance(),   &v1::GetStatusResponse::default_instance()};
}

// Fills some fields with whatever their types can hold.
class Filler {
 public:
  explicit Filler(uint32_t seed) : random_(seed) {}

  void Fill(Message* message, int depth) {
    const auto& descriptor = *message->GetDescriptor();
    for (int i = 0; i < descriptor.field_count(); ++i) {
      const FieldDescriptor& field = *descriptor.field(i);
      const uint64_t times = field.is_repeated() ? random_() % 4 : random_() % 2;
      for (uint64_t k = 0; k < times; ++k) Put(field, message, depth);
    }
  }

 private:
  uint64_t Whole() {
    static constexpr uint64_t kEdges[] = {0, 1, ~0ULL, 1ULL << 63, (1ULL << 63) - 1, 1ULL << 53};
    return random_() % 2 == 0 ? kEdges[random_() % std::size(kEdges)] : random_();
  }
  std::string Text() {
    static const char* const kTexts[] = {
        "",     "a",         "\"\\/\b\n", "\xc3\xa9\xe2\x82\xac", "\x7f\x01", "\xf0\x9f\x93\x9e",
        "null", "2015550123"};
    return kTexts[random_() % std::size(kTexts)];
  }
  void Put(const FieldDescriptor& field, Message* message, int depth) {
    const auto& reflection = *message->GetReflection();
#define PUT(Type, value)                                             \
  field.is_repeated() ? reflection.Add##Type(message, &field, value) \
                      : reflection.Set##Type(message, &field, value)
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_UINT32:
        PUT(UInt32, static_cast<uint32_t>(Whole()));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        PUT(UInt64, Whole());
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        PUT(Bool, random_() % 2 == 0);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        PUT(String, field.type() == FieldDescriptor::TYPE_BYTES
                        ? std::string(random_() % 5, static_cast<char>(random_()))
                        : Text());
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        PUT(EnumValue, random_() % 8 == 0 ? 12345 : static_cast<int>(random_() % 5));
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        if (depth == 0) break;
        Message* const inner = field.is_repeated() ? reflection.AddMessage(message, &field)
                                                   : reflection.MutableMessage(message, &field);
        if (field.message_type() == Timestamp::descriptor()) {
          auto* const time = static_cast<Timestamp*>(inner);
          time->set_seconds(static_cast<int64_t>(random_() % 200'000'000'000) - 10'000'000'000);
          time->set_nanos(random_() % 2 == 0 ? 0 : static_cast<int32_t>(random_() % 1'000'000'000));
        } else {
          Fill(inner, depth - 1);
        }
        break;
      }
      default:
        FAIL() << field.full_name() << " has a type that JSON's reader does not know";
    }
#undef PUT
  }

  std::mt19937_64 random_;
};

// protobuf's own writer and reader say the same of any message.
TEST(MessageJsonTest, SaysWhatProtobufSays) {
  const auto seed = static_cast<uint32_t>(blackbox::TestSeed());
  SCOPED_TRACE(seed);
  Filler filler(seed);
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  for (int round = 0; round < 300; ++round) {
    for (const Message* const root : Roots()) {
      const std::unique_ptr<Message> message(root->New());
      filler.Fill(message.get(), 4);
      const std::string text = MessageJson(*message);
      std::string theirs;
      ASSERT_TRUE(google::protobuf::util::MessageToJsonString(*message, &theirs, options).ok());
      ASSERT_EQ(nlohmann::json::parse(text), nlohmann::json::parse(theirs)) << text;
      const std::unique_ptr<Message> read(root->New());
      const absl::Status status = ReadMessageJson(text, read.get());
      ASSERT_TRUE(status.ok()) << status << " for " << text;
      ASSERT_TRUE(MessageDifferencer::Equals(*message, *read)) << text;
    }
  }
}

TEST(MessageJsonTest, ReadsBothNamesOfAField) {
  const auto request =
      Read<v1::ScrubRequest>(R"({"packedNumbers": "//79/AA=", "at_least_revision": "7"})");
  EXPECT_EQ(request.at_least_revision(), 7);
  EXPECT_EQ(request.packed_numbers().size(), 5);
}

TEST(MessageJsonTest, ReadsIntegersWithAndWithoutQuotes) {
  const auto request = Read<v1::ScrubRequest>(R"({"numbers": [2015550123, "2015550124"]})");
  EXPECT_THAT(request.numbers(), testing::ElementsAre(2015550123, 2015550124));
}

TEST(MessageJsonTest, NullIsAFieldThatIsNotSet) {
  const auto request =
      Read<v1::ScrubRequest>(R"({"numbers": null, "asOf": null, "scope": null, "detail": null})");
  EXPECT_TRUE(MessageDifferencer::Equals(request, v1::ScrubRequest()));
}

TEST(MessageJsonTest, RefusesNullInAnArrayWithItsPlace) {
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"numbers": ["2015550123", null]})"),
              HasSubstr("numbers[1]"));
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"texts": [null]})"), HasSubstr("texts[0]"));
  EXPECT_THAT(
      Refusal<v1::AddNumbersRequest>(R"({"records": [{"number": "1"}, {"number": "2"}, null]})"),
      HasSubstr("records[2]"));
}

TEST(MessageJsonTest, RefusesNestedArrays) {
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"numbers": [[2015550123]]})"), HasSubstr("numbers[0]"));
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"scope": ["a"]})"), HasSubstr("scope: a string"));
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"asOf": ["2026-01-31T12:00:00Z"]})"),
              HasSubstr("asOf"));
  EXPECT_THAT(Refusal<v1::LoadReleaseRequest>(R"({"options": [{"list": "x"}]})"),
              HasSubstr("options: an object"));
}

TEST(MessageJsonTest, RefusesAScalarWhereAnArrayIsWanted) {
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"numbers": 2015550123})"), HasSubstr("an array"));
  EXPECT_THAT(Refusal<v1::AddNumbersRequest>(R"({"records": {}})"), HasSubstr("an array"));
}

TEST(MessageJsonTest, RefusesFieldsThatAreThereTwice) {
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"scope": "a", "scope": "b"})"), HasSubstr("twice"));
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"asOf": null, "as_of": "2026-01-31T12:00:00Z"})"),
              HasSubstr("twice"));
  EXPECT_THAT(Refusal<v1::AddNumbersRequest>(
                  R"({"records": [{"number": "1"}, {"number": "1", "number": "2"}]})"),
              HasSubstr("records[1]"));
}

TEST(MessageJsonTest, RefusesTwoOfAChoice) {
  // The contract's oneofs have one member each; two belong to an upload's part.
  EXPECT_THAT(Refusal<v1::UploadReleaseRequest>(R"({"chunk": "", "file": {}})"),
              HasSubstr("one of"));
}

TEST(MessageJsonTest, RefusesUnknownFieldsByName) {
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"nubmers": []})"), HasSubstr("`nubmers`"));
  EXPECT_THAT(Refusal<v1::AddNumbersRequest>(R"({"records": [{"phone": "x"}]})"),
              HasSubstr("`phone` in records[0]"));
}

TEST(MessageJsonTest, RepeatsNoPhoneNumber) {
  for (const char* text :
       {R"({"2015550123": 1})", R"({"numbers": ["2015550123x"]})", R"({"numbers": [2015550123.5]})",
        R"({"detail": "2015550123"})", R"({"asOf": "2015550123"})", R"({"numbers": [2015550123)"}) {
    EXPECT_THAT(Refusal<v1::ScrubRequest>(text), Not(HasSubstr("2015550123")));
  }
}

TEST(MessageJsonTest, RefusesWhatIsNoInteger) {
  for (const char* number :
       {"2015550123.0", "\"2015550123.0\"", "2.015550123e9", "\"+2015550123\"", "\" 2015550123\"",
        "\"02015550123\"", "-1", "\"-1\"", "\"\"", "18446744073709551616",
        "\"18446744073709551616\"", "true", "{}", "\"0x1\""}) {
    EXPECT_THAT(Refusal<v1::ScrubRequest>(std::string(R"({"numbers": [)") + number + "]}"),
                HasSubstr("numbers[0]"))
        << number;
  }
  EXPECT_THAT(Refusal<v1::ListLoadsRequest>(R"({"pageSize": 4294967296})"), HasSubstr("pageSize"));
}

TEST(MessageJsonTest, RefusesOtherTypes) {
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"scope": 1})"), HasSubstr("scope: a string"));
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"detail": "FULL"})"), HasSubstr("Detail"));
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"asOf": "2026-02-30T12:00:00Z"})"), HasSubstr("asOf"));
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"asOf": {"seconds": 1}})"), HasSubstr("asOf"));
  EXPECT_THAT(Refusal<v1::ScrubRequest>(R"({"packedNumbers": "*"})"), HasSubstr("base64"));
  EXPECT_THAT(Refusal<v1::RetireListRequest>(R"({"dryRun": "true"})"), HasSubstr("true or false"));
}

TEST(MessageJsonTest, RefusesWhatIsNoJsonObject) {
  for (const std::string text :
       {"", "[]", "null", "1", "\"a\"", "{", "{}x", "{'scope': 'a'}", "{\"scope\": \"\xff\"}",
        "{\"scope\":}", R"({"scope": "a",})", R"({"scope": NaN})", R"([{"scope": "a"}])",
        R"({"numbers": [1e999]})"}) {
    Refusal<v1::ScrubRequest>(text);
  }
}

TEST(MessageJsonTest, DeepJsonIsRefusedAtOnce) {
  Refusal<v1::ScrubRequest>(std::string(1 << 20, '['));
  Refusal<v1::ScrubRequest>("{\"numbers\":" + std::string(1 << 20, '['));
}

TEST(MessageJsonTest, SetsFieldsFromParameters) {
  v1::UpdateTenantRequest update;
  EXPECT_TRUE(SetFieldText("tenant.tenant_id", "acme", &update).ok());
  EXPECT_EQ(update.tenant().tenant_id(), "acme");
  v1::CheckNumberRequest check;
  EXPECT_TRUE(SetFieldText("as_of", "2026-01-31T12:00:00.5Z", &check).ok());
  EXPECT_TRUE(SetFieldText("atLeastRevision", "18446744073709551615", &check).ok());
  EXPECT_EQ(check.as_of().nanos(), 500'000'000);
  EXPECT_EQ(check.at_least_revision(), ~0ULL);
  v1::RetireListRequest retire;
  EXPECT_TRUE(SetFieldText("dry_run", "true", &retire).ok());
  EXPECT_TRUE(retire.dry_run());
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{{"at", "2026-01-31T12:00:00Z"},
                                                        {"as_of", ""},
                                                        {"as_of.seconds", "1"},
                                                        {"", "1"},
                                                        {"at_least_revision", "1.0"},
                                                        {"scope", "\xff"},
                                                        {"number.x", "1"},
                                                        {".", "1"}}) {
    EXPECT_FALSE(SetFieldText(name, text, &check).ok()) << name;
  }
  EXPECT_FALSE(SetFieldText("dry_run", "1", &retire).ok());
}

}  // namespace
}  // namespace dnc
