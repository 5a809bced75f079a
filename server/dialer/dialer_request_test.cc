// The readers of a dialer's request: query and urlencoded forms, multipart, JSON, the list of
// numbers, and what they make together.
#include "server/dialer/dialer_request.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/dialer/phone_list.h"
#include "server/http/form_fields.h"
#include "server/http/json_fields.h"
#include "server/http/multipart.h"
#include "tests/support/seed.h"

namespace dnc {
namespace {

using testing::HasSubstr;

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs PairsOf(const FormFields& fields) {
  Pairs pairs;
  for (const FormFields::Field& field : fields.all()) pairs.emplace_back(field.name, field.value);
  return pairs;
}

// What a reader makes of a text: its fields, or the message of its error.
struct Read {
  Pairs fields;
  std::string error;
};
template <typename Fn>
Read ReadWith(Fn fn) {
  FormFields fields;
  const absl::Status status = fn(&fields);
  if (status.ok()) return {PairsOf(fields), ""};
  EXPECT_EQ(ErrorReason(status), reason::kInvalidRequest.name) << status;
  EXPECT_FALSE(status.message().empty());
  return {{}, std::string(status.message())};
}
Read ReadForm(std::string_view text) {
  return ReadWith([text](FormFields* out) { return ReadUrlEncoded(text, out); });
}
Read ReadParts(std::string_view body, std::string_view boundary = "b") {
  return ReadWith([=](FormFields* out) { return ReadMultipart(body, boundary, out); });
}
Read ReadJson(std::string_view body) {
  return ReadWith([=](FormFields* out) { return ReadJsonFields(body, "phoneList", out); });
}

TEST(FormFieldsTest, DecodesNamesAndValues) {
  EXPECT_EQ(ReadForm("").fields, Pairs());
  EXPECT_EQ(ReadForm("a=1&b=2").fields, (Pairs{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(ReadForm("&a=1&&b&c=&").fields, (Pairs{{"a", "1"}, {"b", ""}, {"c", ""}}));
  EXPECT_EQ(ReadForm("a=x=y").fields, (Pairs{{"a", "x=y"}}));
  EXPECT_EQ(ReadForm("phone%4cist=201%2C202%7Cid+1").fields,
            (Pairs{{"phoneList", "201,202|id 1"}}));
}

TEST(FormFieldsTest, RefusesWhatIsCutAndWhatComesTwice) {
  for (const char* const text : {"a=%", "a=%2", "a=%zz", "a=1%2", "%=1"}) {
    EXPECT_THAT(ReadForm(text).error, HasSubstr("`%`")) << text;
  }
  EXPECT_THAT(ReadForm("a=1&a=1").error, HasSubstr("`a` comes twice"));
  EXPECT_THAT(ReadForm("phoneList=1&PHONElist=2").error, HasSubstr("comes twice"));
  // A name that cannot be shown is not.
  EXPECT_THAT(ReadForm("%0A=1&%0a=2").error, HasSubstr("an unusual name comes twice"));
  std::string many;
  for (size_t i = 0; i <= kMaxFormFields; ++i) many += StrCat("f", i, "=1&");
  EXPECT_THAT(ReadForm(many).error, HasSubstr("more than 100 fields"));
}

TEST(FormFieldsTest, PointsIntoWhatNeedsNoDecoding) {
  const std::string text = "phoneList=2015550123";
  FormFields fields;
  ASSERT_TRUE(ReadUrlEncoded(text, &fields).ok());
  EXPECT_EQ(fields.Get("PhoneList")->data(), text.data() + 10);
}

TEST(MultipartTest, ReadsAsClientsSendIt) {
  const std::string curl =
      "--b\r\nContent-Disposition: form-data; name=\"loginId\"\r\n\r\nkey\r\n"
      "--b\r\nContent-Disposition: form-data; name=\"phoneList\"\r\n\r\n2015550123,2\r\n--b--\r\n";
  EXPECT_EQ(ReadParts(curl).fields, (Pairs{{"loginId", "key"}, {"phoneList", "2015550123,2"}}));
  // aiohttp writes the type first, and files have names of all kinds.
  for (const char* const disposition :
       {"form-data; name=\"a\"", "form-data; name=a", "form-data;name = \"a\" ; filename=\"x.csv\"",
        "form-data; name=\"a\"; filename=\"a%22b.csv\"",
        "form-data; name=\"a\"; filename=\"a\\\"b;c.csv\"",
        "form-data; name=\"a\"; filename=\"\xC3\xA9.csv\"",
        "form-data; name=\"a\"; filename=\"C:\\leads\\new.csv\"",
        "FORM-DATA; Name=\"a\"; filename=\"%C3%A9.csv\"",
        "form-data; name=\"a\"; filename*=utf-8''%C3%A9.csv"}) {
    const std::string body = StrCat(
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\nCONTENT-disposition: ", disposition,
        "\r\nContent-Length: 3\r\n\r\nx,y\r\n--b--");
    const Read read = ReadParts(body);
    EXPECT_EQ(read.fields, (Pairs{{"a", "x,y"}})) << disposition << ": " << read.error;
  }
}

TEST(MultipartTest, KeepsTheLineEndsOfValues) {
  const auto part = [](std::string_view value, std::string_view end) {
    return StrCat("--b", end, "Content-Disposition: form-data; name=\"a\"", end, end, value, end,
                  "--b--", end);
  };
  for (const char* const value :
       {"", "1", "1\n2", "1\r\n2", "1\n", "1\r\n", "\r\n", "x\n--bc", "x\r\n--b-", "\r"}) {
    EXPECT_EQ(ReadParts(part(value, "\r\n")).fields, (Pairs{{"a", value}})) << value;
  }
  // In a form whose lines end with CRLF, a value may have what would be a boundary elsewhere.
  EXPECT_EQ(ReadParts(part("x\n--b\ny", "\r\n")).fields, (Pairs{{"a", "x\n--b\ny"}}));
  for (const char* const value : {"", "1", "1\n2", "1\r\n2", "1\n", "x\n--bc"}) {
    EXPECT_EQ(ReadParts(part(value, "\n")).fields, (Pairs{{"a", value}})) << value;
  }
}

TEST(MultipartTest, TakesAnyBoundary) {
  for (const std::string& boundary :
       {std::string("--"), std::string("-----WebKit7"), std::string("a b+c'(d)"),
        std::string(kMaxBoundaryBytes, 'x'), std::string("=_Part")}) {
    const std::string body =
        StrCat("preamble\r\n--", boundary,
               " \r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--", boundary,
               "--\r\nepilogue");
    EXPECT_EQ(ReadParts(body, boundary).fields, (Pairs{{"a", "1"}})) << boundary;
  }
  EXPECT_NE(ReadParts("x", "").error, "");
  EXPECT_NE(ReadParts("x", std::string(kMaxBoundaryBytes + 1, 'x')).error, "");
  EXPECT_EQ(ReadParts("--b--").fields, Pairs());
}

TEST(MultipartTest, FindsTheFirstPartBehindWhatLooksLikeIt) {
  constexpr char kForm[] = "--b\nContent-Disposition: form-data; name=\"a\"\n\n1\n--b--";
  for (const std::string& before :
       {std::string("\n"), std::string("--b--b\n"), std::string("--bc\n--b \t-\n"),
        std::string("x--b\n"), std::string(100'000, '\n'), StrCat(std::string(100'000, '-'), "\n"),
        std::string("\n--b\n").substr(0, 4) + "x\n"}) {
    EXPECT_EQ(ReadParts(StrCat(before, kForm)).fields, (Pairs{{"a", "1"}})) << before.substr(0, 9);
  }
  EXPECT_THAT(ReadParts(std::string(100'000, '-')).error, HasSubstr("boundary"));
}

TEST(MultipartTest, TellsWhatIsWrong) {
  const std::string good =
      "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n";
  EXPECT_EQ(ReadParts(good).error, "");
  // However much of it is missing, it is never taken for whole.
  for (size_t size = 0; size + sizeof("--\r\n") - 1 < good.size(); ++size) {
    EXPECT_NE(ReadParts(good.substr(0, size)).error, "") << size;
  }
  EXPECT_THAT(ReadParts("--c\r\n").error, HasSubstr("boundary"));
  EXPECT_THAT(ReadParts("--b\r\n\r\n1\r\n--b--").error, HasSubstr("Content-Disposition"));
  EXPECT_THAT(ReadParts("--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--").error,
              HasSubstr("with a name"));
  EXPECT_THAT(ReadParts("--b\r\nContent-Disposition: file; name=\"a\"\r\n\r\n1\r\n--b--").error,
              HasSubstr("form-data"));
  EXPECT_THAT(ReadParts("--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--b--").error,
              HasSubstr("cannot be read"));
  EXPECT_THAT(ReadParts("--b\r\nno colon\r\n\r\n1\r\n--b--").error, HasSubstr("colon"));
  EXPECT_THAT(ReadParts("--b\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: "
                        "form-data; name=\"a\"\r\n\r\nMQ==\r\n--b--")
                  .error,
              HasSubstr("Content-Transfer-Encoding"));
  EXPECT_THAT(ReadParts(StrCat("--b\r\nX: ", std::string(kMaxPartHeaderBytes, 'x'),
                               "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--"))
                  .error,
              HasSubstr("bytes"));
  std::string twice = good;
  twice.insert(0, "--b\r\nContent-Disposition: form-data; name=\"A\"\r\n\r\n2\r\n");
  EXPECT_THAT(ReadParts(twice).error, HasSubstr("comes twice"));
  // The second part is named by its place.
  twice.replace(twice.rfind("form-data"), 9, "form-mist");
  EXPECT_THAT(ReadParts(twice).error, HasSubstr("part 2"));
}

// Whatever values a form has, it is read as it was written.
TEST(MultipartTest, ReadsWhatWasWritten) {
  const uint64_t seed = blackbox::TestSeed();
  blackbox::Random random(seed);
  constexpr std::string_view kPieces[] = {"\r", "\n", "-", "b", "--b", "\r\n--", "1", "", " "};
  for (int round = 0; round < 3'000; ++round) {
    const std::string_view end = blackbox::OneIn(random, 2) ? "\n" : "\r\n";
    Pairs pairs;
    std::string body;
    for (uint64_t i = blackbox::Below(random, 4); i > 0; --i) {
      std::string value;
      for (uint64_t j = blackbox::Below(random, 6); j > 0; --j) {
        value += kPieces[blackbox::Below(random, std::size(kPieces))];
      }
      // A value with the delimiter in it cannot be written.
      if (StrCat(end, value, end).find(StrCat(end, "--b")) != std::string::npos) continue;
      if (end == "\n" && !value.empty() && value.back() == '\r') continue;
      pairs.emplace_back(StrCat("f", i), value);
      body += StrCat("--b", end, "Content-Disposition: form-data; name=\"f", i, "\"", end, end,
                     value, end);
    }
    body += "--b--";
    ASSERT_EQ(ReadParts(body).fields, pairs) << "seed " << seed << ": " << body;
  }
}

TEST(JsonFieldsTest, ReadsTextsNumbersAndTheList) {
  EXPECT_EQ(ReadJson("{}").fields, Pairs());
  EXPECT_EQ(ReadJson(R"({"phoneList":"1,2|x","version":5,"output":"json","projId":null})").fields,
            (Pairs{{"phoneList", "1,2|x"}, {"version", "5"}, {"output", "json"}}));
  EXPECT_EQ(ReadJson(R"({"phonelist":["2015550123",2015550124,"\u0031|a"]})").fields,
            (Pairs{{"phonelist", "2015550123,2015550124,1|a"}}));
  EXPECT_EQ(ReadJson(R"({"phoneList":[]})").fields, (Pairs{{"phoneList", ""}}));
}

// One reader of JSON keeps the first of two members, and another one the last.
TEST(JsonFieldsTest, AMemberComesOnceEvenIfItIsNull) {
  for (const char* const body :
       {R"({"phoneList":null,"phoneList":"1"})", R"({"phoneList":"1","phonelist":null})",
        R"({"phoneList":null,"phoneList":null})", R"({"phoneList":null,"phoneList":["1"]})"}) {
    EXPECT_THAT(ReadJson(body).error, HasSubstr("comes twice")) << body;
  }
  std::string many;
  for (size_t i = 0; i <= kMaxFormFields; ++i)
    many += StrCat(i == 0 ? "" : ",", "\"f", i, "\":null");
  EXPECT_THAT(ReadJson(StrCat("{", many, "}")).error, HasSubstr("more than 100 fields"));
}

TEST(JsonFieldsTest, RefusesLongNumbersWhereTheyStand) {
  EXPECT_EQ(ReadJson(R"({"a":18446744073709551615})").fields,
            (Pairs{{"a", "18446744073709551615"}}));
  for (const char* const number :
       {"18446744073709551616", "111111111111111111111", "-111111111111111111111",
        "0.11111111111111111111", "1.1111111111111111111e1"}) {
    EXPECT_THAT(ReadJson(StrCat(R"({"phoneList":["1",)", number, "]}")).error,
                HasSubstr("entry 2 of `phoneList` is a n"))
        << number;
  }
  const std::string digits(100'000, '7');
  EXPECT_THAT(ReadJson(StrCat(R"({"a":)", digits, "}")).error, HasSubstr("`a` is a number"));
  EXPECT_NE(ReadJson(StrCat(R"({"a":1e)", digits, "}")).error, "");
  EXPECT_NE(ReadJson(StrCat(R"({"a":0)", digits, "}")).error, "");
  // Texts are no numbers, whatever quotes are in them.
  EXPECT_EQ(ReadJson(StrCat(R"({"a":"\"\\","b":")", digits, R"("})")).fields,
            (Pairs{{"a", "\"\\"}, {"b", digits}}));
}

TEST(JsonFieldsTest, TellsThePlaceOfWhatIsWrong) {
  EXPECT_THAT(ReadJson(R"({"phoneList":["1",null]})").error, HasSubstr("entry 2 of `phoneList`"));
  EXPECT_THAT(ReadJson(R"({"phoneList":["1",2.5]})").error, HasSubstr("entry 2"));
  EXPECT_THAT(ReadJson(R"({"phoneList":["1","2,3"]})").error, HasSubstr("entry 2"));
  EXPECT_THAT(ReadJson(R"({"phoneList":[""]})").error, HasSubstr("entry 1"));
  EXPECT_THAT(ReadJson(R"({"phoneList":["1\n"]})").error, HasSubstr("entry 1"));
  EXPECT_THAT(ReadJson(R"({"phoneList":[["1"]]})").error, HasSubstr("entry 1"));
  EXPECT_THAT(ReadJson(R"({"phoneList":[{"a":"1"}]})").error, HasSubstr("entry 1"));
  EXPECT_THAT(ReadJson(R"({"phoneList":["2015550123.0"],"phoneList":["1"]})").error,
              HasSubstr("comes twice"));
  for (const char* const value : {"[1]", "{}", "true", "-1", "1e3", "99999999999999999999999"}) {
    EXPECT_THAT(ReadJson(StrCat(R"({"version":)", value, "}")).error, HasSubstr("`version`"))
        << value;
  }
  for (const char* const body : {"", "[]", "1", "null", "\"a\"", "{", "{\"a\"}", "{\"a\":1,}",
                                 "{} {}", "{\"a\":\"\xFF\"}", "[[[[", "{\"a\":[1"}) {
    EXPECT_NE(ReadJson(body).error, "") << body;
  }
}

struct Listed {
  std::vector<std::string> asked;
  std::vector<std::string> ids;
  std::vector<Number> numbers;
  std::string error;
};
Listed ReadList(std::string_view text, size_t part_size = 3) {
  Listed listed;
  PhoneListReader reader(text);
  PhoneListPart part;
  const size_t count = reader.count();
  while (!reader.AtEnd()) {
    if (const absl::Status status = reader.Next(part_size, &part); !status.ok()) {
      EXPECT_EQ(ErrorReason(status), reason::kInvalidRequest.name);
      listed.error = std::string(status.message());
      return listed;
    }
    EXPECT_EQ(part.entries.size(), part.numbers.size());
    for (const auto& entry : part.entries) {
      listed.asked.emplace_back(entry.asked);
      listed.ids.emplace_back(entry.id);
    }
    listed.numbers.insert(listed.numbers.end(), part.numbers.begin(), part.numbers.end());
  }
  EXPECT_EQ(listed.asked.size(), count);
  return listed;
}

TEST(PhoneListTest, ReadsNumbersInTheirOrder) {
  EXPECT_EQ(ReadList("").asked, std::vector<std::string>());
  EXPECT_EQ(ReadList("\r\n").asked, std::vector<std::string>());
  const Listed listed =
      ReadList("2015550123,12015550124,(201) 555-0125|7,+1 201.555.0126|a|b,0015550123,x,,201|\n");
  EXPECT_EQ(listed.asked,
            (std::vector<std::string>{"2015550123", "12015550124", "(201) 555-0125",
                                      "+1 201.555.0126", "0015550123", "x", "", "201"}));
  EXPECT_EQ(listed.ids, (std::vector<std::string>{"", "", "7", "a|b", "", "", "", ""}));
  EXPECT_EQ(listed.numbers,
            (std::vector<Number>{2015550123, 2015550124, 2015550125, 2015550126, kNumberLimit,
                                 kNumberLimit, kNumberLimit, kNumberLimit}));
  EXPECT_EQ(ReadList(",").asked.size(), 2U) << "each comma separates two numbers";
  EXPECT_EQ(ReadList("201555,123,2015550123").asked,
            (std::vector<std::string>{"201555", "123", "2015550123"}));
}

TEST(PhoneListTest, RefusesWhatReadersOfCsvReadDifferently) {
  for (const std::string& bad :
       {std::string("\"2015550124\""), std::string("2015550124\n"), std::string("2015550124\t"),
        std::string("2015550124|a\"b"), std::string("2015550124|a\xFF"), std::string(1, '\0'),
        std::string("2015550124|\xC2\x85"), std::string("2015550124|\xE2\x80\xA8"),
        std::string(kMaxPhoneEntryBytes + 1, '1')}) {
    const Listed listed = ReadList(StrCat("2015550123,", bad, ",2015550125"));
    EXPECT_THAT(listed.error, HasSubstr("entry 2 of `phoneList`")) << bad;
    EXPECT_THAT(listed.error, testing::Not(HasSubstr("2015550124"))) << "no number is shown";
  }
  EXPECT_EQ(ReadList(StrCat("2015550123|\xC3\xA9", "")).error, "");
}

HttpRequest Post(std::string type, std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.headers.push_back({"content-type", std::move(type)});
  request.body = std::move(body);
  return request;
}

struct Asked {
  DialerRequest request;
  std::string error;
};
// The request's texts must live as long as what it returns.
Asked Ask(const HttpRequest& request, FormFields* fields) {
  Asked asked;
  absl::Status status = ReadDialerHead(request, fields).status();
  if (status.ok()) status = ReadDialerRequest(request, fields, &asked.request);
  asked.error = std::string(status.message());
  return asked;
}

TEST(DialerRequestTest, TakesEachFormOfRequest) {
  HttpRequest get;
  get.query = "loginId=k&version=5&projId=acme&campaignId=spring&phoneList=2015550123";
  std::vector<HttpRequest> requests = {
      get, Post("application/x-www-form-urlencoded; charset=UTF-8", get.query),
      Post("application/json",
           R"({"loginId":"k","version":5,"projId":"acme","campaignId":"spring",)"
           R"("phoneList":["2015550123"]})")};
  HttpRequest headers;
  headers.query = "phoneList=2015550123&version=5";
  headers.headers = {{"loginid", "k"}, {"projid", "acme"}, {"campaignid", "spring"}};
  requests.push_back(headers);
  std::string body;
  for (const auto& [name, value] : Pairs{{"loginId", "k"},
                                         {"version", "5"},
                                         {"projId", "acme"},
                                         {"campaignId", "spring"},
                                         {"phoneList", "2015550123"}}) {
    body +=
        StrCat("--b\r\nContent-Disposition: form-data; name=\"", name, "\"\r\n\r\n", value, "\r\n");
  }
  requests.push_back(Post("Multipart/Form-Data; boundary=\"b\"", body + "--b--\r\n"));
  for (const HttpRequest& request : requests) {
    FormFields fields;
    const Asked asked = Ask(request, &fields);
    EXPECT_EQ(asked.error, "");
    EXPECT_EQ(asked.request.key, "k");
    EXPECT_EQ(asked.request.phone_list, "2015550123");
    EXPECT_EQ(asked.request.scope, "acme/spring");
    EXPECT_EQ(asked.request.form.version, 5);
    EXPECT_FALSE(asked.request.form.json);
  }
}

TEST(DialerRequestTest, TheHeadHasTheKeyUnlessTheBodyBringsIt) {
  const auto key = [](const HttpRequest& request) {
    FormFields fields;
    const absl::StatusOr<std::string_view> found = ReadDialerHead(request, &fields);
    return std::string(found.ok() ? *found : "error");
  };
  HttpRequest request = Post("application/json", R"({"loginId":"body"})");
  EXPECT_EQ(key(request), "");
  EXPECT_TRUE(HasJsonBody(request));
  request.headers[0].value = "Application/JSON; charset=utf-8";
  EXPECT_TRUE(HasJsonBody(request));
  request.headers[0].value = "multipart/form-data; boundary=application/json";
  EXPECT_FALSE(HasJsonBody(request));
  EXPECT_FALSE(HasJsonBody(HttpRequest()));
  request.headers.push_back({"loginid", "header"});
  EXPECT_EQ(key(request), "header");
  request.query = "LOGINID=que%72y";
  EXPECT_EQ(key(request), "query");
  request.query = "loginId=%";
  EXPECT_EQ(key(request), "error");
}

TEST(DialerRequestTest, WhatCannotBeAScopeGetsTheStrictestAnswer) {
  const auto scope = [](const std::string& query) {
    HttpRequest request;
    request.query = StrCat("phoneList=&", query);
    FormFields fields;
    return Ask(request, &fields).request.scope;
  };
  EXPECT_EQ(scope(""), "");
  EXPECT_EQ(scope("projId=acme"), "acme");
  EXPECT_EQ(scope("projId=acme&campaignId="), "acme");
  EXPECT_EQ(scope("projId=acme&campaignId=spring"), "acme/spring");
  for (const char* const query : {"campaignId=spring", "projId=ACME", "projId=a/b&campaignId=c",
                                  "projId=acme&campaignId=X", "projId=%00", "projId=-a"}) {
    EXPECT_EQ(scope(query), "") << query;
  }
}

TEST(DialerRequestTest, SaysWhatToSendInstead) {
  const auto error = [](const std::string& query) {
    HttpRequest request;
    request.query = query;
    FormFields fields;
    return Ask(request, &fields).error;
  };
  EXPECT_THAT(error("loginId=k"), HasSubstr("`phoneList` is missing"));
  EXPECT_EQ(error("phoneList="), "");
  EXPECT_EQ(error("phoneList=1&version=&output="), "");
  EXPECT_EQ(error("phoneList=1&output=JSON"), "");
  for (const char* const version : {"0", "6", "55", "x", "-1"}) {
    EXPECT_THAT(error(StrCat("phoneList=1&version=", version)), HasSubstr("1 to 5")) << version;
  }
  EXPECT_THAT(error("phoneList=1&output=xml"), HasSubstr("csv or json"));
  for (const char* const moment :
       {"as_of=2026-01-01T00:00:00Z", "at=1", "AS_OF=", "At=2026-01-01", "as_answered_at=1"}) {
    EXPECT_THAT(error(StrCat("phoneList=1&", moment)), HasSubstr("/v1/check")) << moment;
  }
  EXPECT_EQ(error("phoneList=1&attribute=1&asof=1&format=x"), "") << "names of other services";
  FormFields fields;
  HttpRequest both = Post("application/x-www-form-urlencoded", "phoneList=1");
  both.query = "phoneList=1";
  EXPECT_THAT(Ask(both, &fields).error, HasSubstr("comes twice"));
  for (const char* const type : {"", "text/plain", "multipart/mixed; boundary=b"}) {
    FormFields other;
    EXPECT_THAT(Ask(Post(type, "phoneList=1"), &other).error, HasSubstr("Content-Type")) << type;
  }
  FormFields moment;
  EXPECT_THAT(
      Ask(Post("application/json", R"({"phoneList":"1","as_of":"2026-01-01"})"), &moment).error,
      HasSubstr("/v1/check"));
  FormFields none;
  EXPECT_THAT(Ask(Post("multipart/form-data", "--b--"), &none).error, HasSubstr("boundary"));
  HttpRequest keys;
  keys.query = "phoneList=1&loginId=a";
  keys.headers = {{"loginid", "b"}};
  FormFields two;
  EXPECT_THAT(Ask(keys, &two).error, HasSubstr("comes twice"));
  keys.headers = {{"loginid", "a"}};
  FormFields same;
  EXPECT_EQ(Ask(keys, &same).error, "");
}

}  // namespace
}  // namespace dnc
