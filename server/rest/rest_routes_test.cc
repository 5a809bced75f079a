#include "server/rest/rest_routes.h"

#include <map>
#include <regex>
#include <set>

#include "dnc/v1/list_service.pb.h"
#include "dnc/v1/registry_service.pb.h"
#include "dnc/v1/scrub_service.pb.h"
#include "dnc/v1/tenant_service.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/base/error.h"
#include "server/rest/mcp_tools.h"
#include "server/rest/message_json.h"
#include "server/rest/request_binding.h"
#include "server/rpc/list_service.h"
#include "server/rpc/registry_service.h"
#include "server/rpc/scrub_service.h"
#include "server/rpc/tenant_service.h"
#include "server/service/decide.h"

namespace dnc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using testing::HasSubstr;

// The methods of the contract with one request and one answer, by gRPC's path.
std::map<std::string, const MethodDescriptor*> UnaryMethods() {
  std::map<std::string, const MethodDescriptor*> found;
  for (const char* file : {"scrub", "registry", "tenant", "list"}) {
    const auto* const proto = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(
        std::string("dnc/v1/") + file + "_service.proto");
    for (int s = 0; s < proto->service_count(); ++s) {
      for (int m = 0; m < proto->service(s)->method_count(); ++m) {
        const MethodDescriptor* const method = proto->service(s)->method(m);
        if (method->client_streaming() || method->server_streaming()) continue;
        found["/" + proto->service(s)->full_name() + "/" + method->name()] = method;
      }
    }
  }
  return found;
}

// The fields that a path names.
std::vector<std::string> NamesIn(const std::string& path) {
  static const std::regex name(R"(\{([^}]+)\})");
  std::vector<std::string> names;
  for (std::sregex_iterator at(path.begin(), path.end(), name), end; at != end; ++at) {
    names.push_back((*at)[1]);
  }
  return names;
}

// The server's own table; its methods are not called.
class TableTest : public testing::Test {
 protected:
  TableTest() {
    AddScrubService(&scrubs_, &table_);
    registry_.AddTo(&table_);
    AddTenantService(nullptr, &table_);
    lists_.AddTo(&table_);
  }

  RpcContext rpc_;
  MethodTable table_{&rpc_};
  Decider decider_{{}, {}};
  ScrubHandler scrubs_{&decider_};
  RegistryService registry_{nullptr, nullptr, 1};
  ListService lists_{nullptr, nullptr, nullptr, {}};
};

TEST_F(TableTest, EveryUnaryMethodIsThereOnce) {
  const auto methods = UnaryMethods();
  ASSERT_GT(methods.size(), 20);
  EXPECT_EQ(table_.unary().size(), methods.size());
  for (const auto& [path, method] : methods) {
    const auto found = table_.unary().find(path);
    ASSERT_NE(found, table_.unary().end()) << path;
    EXPECT_EQ(FindMethod(path), method);
    EXPECT_EQ(found->second.request->GetDescriptor(), method->input_type());
    EXPECT_EQ(found->second.response->GetDescriptor(), method->output_type());
    EXPECT_NE(found->second.handle == nullptr, found->second.submit == nullptr);
  }
}

TEST_F(TableTest, EveryUnaryMethodHasARouteOfItsOwn) {
  std::set<std::pair<std::string, std::string>> routes;
  for (const auto& [path, method] : UnaryMethods()) {
    const auto rule = HttpRuleOf(*method);
    ASSERT_TRUE(rule.has_value()) << path;
    EXPECT_EQ(rule->path.substr(0, 4), "/v1/");
    const std::string form = std::regex_replace(rule->path, std::regex(R"(\{[^}]+\})"), "{}");
    EXPECT_TRUE(routes.insert({rule->verb, form}).second) << rule->path;
    // Reads have no body, writes that replace or add have one.
    EXPECT_EQ(rule->body.empty(), rule->verb == "GET" || rule->verb == "DELETE") << path;
    for (const std::string& name : NamesIn(rule->path)) {
      const FieldDescriptor* const field = FindFieldPath(name, method->input_type());
      ASSERT_NE(field, nullptr) << name;
      EXPECT_EQ(field->type(), FieldDescriptor::TYPE_STRING) << name;
    }
    if (!rule->body.empty() && rule->body != "*") {
      const FieldDescriptor* const field = method->input_type()->FindFieldByName(rule->body);
      ASSERT_NE(field, nullptr) << rule->body;
      EXPECT_EQ(field->cpp_type(), FieldDescriptor::CPPTYPE_MESSAGE);
    }
  }
}

TEST_F(TableTest, StreamsHaveNoRoute) {
  EXPECT_FALSE(HttpRuleOf(*FindMethod("/dnc.v1.ScrubService/ScrubStream")).has_value());
  EXPECT_EQ(FindMethod("/dnc.v1.ScrubService/NoSuch"), nullptr);
  EXPECT_EQ(FindMethod(""), nullptr);
}

TEST(OpenApiTest, HasTheRoutesOfTheTable) {
  const auto document = nlohmann::json::parse(OpenApiDocument());
  EXPECT_EQ(document["openapi"], "3.1.0");
  size_t operations = 0;
  for (const auto& [path, verbs] : document["paths"].items()) operations += verbs.size();
  EXPECT_EQ(operations, UnaryMethods().size());
  for (const auto& [path, method] : UnaryMethods()) {
    const auto rule = HttpRuleOf(*method);
    std::string verb = rule->verb;
    std::transform(verb.begin(), verb.end(), verb.begin(), ::tolower);
    // There a part of a path has the name of its field, without those around it.
    const std::string told = std::regex_replace(rule->path, std::regex(R"(\{[^}]*\.)"), "{");
    const auto& operation = document["paths"][told][verb];
    EXPECT_EQ(operation["operationId"], method->name()) << path;
    EXPECT_EQ(operation.contains("requestBody"), !rule->body.empty()) << path;
    EXPECT_FALSE(operation["description"].get<std::string>().empty()) << path;
    // A parameter for each field that is not in the body.
    std::set<std::string> parameters;
    for (const auto& parameter : operation["parameters"]) parameters.insert(parameter["name"]);
    for (int i = 0; rule->body.empty() && i < method->input_type()->field_count(); ++i) {
      EXPECT_EQ(parameters.count(method->input_type()->field(i)->name()), 1) << path;
    }
    for (const std::string& name : NamesIn(told)) EXPECT_EQ(parameters.count(name), 1) << path;
  }
}

TEST(OpenApiTest, EveryReferenceLeadsSomewhere) {
  const std::string text(OpenApiDocument());
  const auto document = nlohmann::json::parse(text);
  const std::regex reference(R"re("\$ref":"#([^"]+)")re");
  size_t count = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), reference), end; at != end;
       ++at, ++count) {
    EXPECT_TRUE(document.contains(nlohmann::json::json_pointer((*at)[1].str()))) << (*at)[1];
  }
  EXPECT_GT(count, 50);
}

// Whatever an answer can be fits its schema: names, and what is always there.
TEST(OpenApiTest, AnswersHaveTheFieldsThatSchemasRequire) {
  const auto document = nlohmann::json::parse(OpenApiDocument());
  for (const auto& [path, method] : UnaryMethods()) {
    const auto* const empty =
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->output_type());
    const auto answer = nlohmann::json::parse(MessageJson(*empty));
    const auto& schema = document["components"]["schemas"][method->output_type()->name()];
    std::set<std::string> required(schema["required"].begin(), schema["required"].end());
    std::set<std::string> there;
    for (const auto& [name, value] : answer.items()) there.insert(name);
    EXPECT_EQ(there, required) << path;
    EXPECT_EQ(schema["properties"].size(),
              static_cast<size_t>(method->output_type()->field_count()));
  }
}

class BindTest : public testing::Test {
 protected:
  template <typename M>
  std::string Bind(std::string_view method, const PathParts& parts, const std::string& query,
                   const std::string& body, M* out) {
    HttpRequest call;
    call.query = query;
    call.body = body;
    if (!body.empty()) call.headers = {{"content-type", type_}};
    const absl::Status status = BindRequest(*HttpRuleOf(*FindMethod(method)), call, parts, out);
    return std::string(status.message());
  }

  std::string type_ = "application/json";
  v1::CheckNumberRequest check_;
  v1::AddNumbersRequest add_;
  v1::UpdateTenantRequest update_;
};

TEST_F(BindTest, PathAndQuery) {
  EXPECT_EQ(Bind("/dnc.v1.ScrubService/CheckNumber", {{"number", "(201) 555-0123"}},
                 "scope=brand%2Fspring+1&asOf=2026-01-31T12%3A00%3A00Z&&", "", &check_),
            "");
  EXPECT_EQ(check_.number(), "(201) 555-0123");
  EXPECT_EQ(check_.scope(), "brand/spring 1");
  EXPECT_TRUE(check_.has_as_of());
}

TEST_F(BindTest, QueriesThatAreRefused) {
  const PathParts parts = {{"number", "2015550123"}};
  for (const auto& [query, why] : std::vector<std::pair<std::string, std::string>>{
           {"at=2026-01-31T12:00:00Z", "`at`"},
           {"scope=a&scope=b", "twice"},
           {"as_of=2026-01-31T12:00:00Z&asOf=2026-01-31T12:00:00Z", "twice"},
           {"number=2015550199", "twice"},
           {"scope=%2", "hexadecimal"},
           {"scope=%zz", "hexadecimal"},
           {"scope=%ff", "a string"},
           {"as_of=", "a time"},
           {"as_of", "a time"},
           {"at_least_revision=1.0", "digits"},
           {"=1", "no parameter"}}) {
    v1::CheckNumberRequest request;
    EXPECT_THAT(Bind("/dnc.v1.ScrubService/CheckNumber", parts, query, "", &request),
                HasSubstr(why))
        << query;
  }
  EXPECT_THAT(Bind("/dnc.v1.ScrubService/CheckNumber", parts, "", "{}", &check_),
              HasSubstr("no body"));
}

TEST_F(BindTest, BodyAndPath) {
  constexpr std::string_view kAdd = "/dnc.v1.ListService/AddNumbers";
  const PathParts parts = {{"list_id", "internal"}};
  EXPECT_EQ(Bind(kAdd, parts, "", R"({"records": [{"number": "2015550123"}]})", &add_), "");
  EXPECT_EQ(add_.list_id(), "internal");
  EXPECT_EQ(add_.records_size(), 1);
  v1::AddNumbersRequest same, other, query, empty;
  EXPECT_EQ(Bind(kAdd, parts, "", R"({"listId": "internal"})", &same), "");
  EXPECT_THAT(Bind(kAdd, parts, "", R"({"listId": "other"})", &other), HasSubstr("`list_id`"));
  EXPECT_THAT(Bind(kAdd, parts, "request_id=a", "{}", &query), HasSubstr("no parameters"));
  EXPECT_THAT(Bind(kAdd, parts, "", "", &empty), HasSubstr("no body"));
}

TEST_F(BindTest, BodyIsOneField) {
  constexpr std::string_view kUpdate = "/dnc.v1.TenantService/UpdateTenant";
  const PathParts parts = {{"tenant.tenant_id", "acme"}};
  EXPECT_EQ(Bind(kUpdate, parts, "", R"({"displayName": "Acme"})", &update_), "");
  EXPECT_EQ(update_.tenant().tenant_id(), "acme");
  EXPECT_EQ(update_.tenant().display_name(), "Acme");
  v1::UpdateTenantRequest other;
  EXPECT_THAT(Bind(kUpdate, parts, "", R"({"tenantId": "other"})", &other),
              HasSubstr("tenant.tenant_id"));
}

TEST_F(BindTest, APathThatSaysAllNeedsNoBody) {
  v1::RevokeKeyRequest revoke;
  EXPECT_EQ(Bind("/dnc.v1.TenantService/RevokeKey", {{"key_id", "abcdefgh"}}, "", "", &revoke), "");
  EXPECT_EQ(revoke.key_id(), "abcdefgh");
}

TEST_F(BindTest, TheContentTypeIsJson) {
  constexpr std::string_view kAdd = "/dnc.v1.ListService/AddNumbers";
  type_ = "Application/JSON; charset=utf-8";
  EXPECT_EQ(Bind(kAdd, {{"list_id", "a"}}, "", "{}", &add_), "");
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded",
                           "application/jsonx", "text/plain;application/json"}) {
    type_ = type;
    v1::AddNumbersRequest request;
    EXPECT_THAT(Bind(kAdd, {{"list_id", "a"}}, "", "{}", &request), HasSubstr("Content-Type"))
        << type;
  }
}

TEST_F(TableTest, ToolsAreMethodsAndTellWhatTheySay) {
  std::set<std::string> names;
  for (const McpTool& tool : McpTools()) {
    names.insert(tool.name);
    const auto method = table_.unary().find(tool.method);
    ASSERT_NE(method, table_.unary().end());
    // Even of an empty answer all is told that the schema requires.
    const Json told = tool.tell(Json::object(), *method->second.response, nullptr);
    for (const auto& name : tool.description["outputSchema"]["required"]) {
      if (tool.name == "explain" && name != "mayCall") continue;  // messages that are never unset
      EXPECT_TRUE(told.contains(name.get<std::string>())) << tool.name << " " << name;
    }
  }
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("check_numbers", "explain", "add_opt_out", "coverage"));
}

TEST(ToolsTest, OnlyClearPermitsACall) {
  const McpTool& check = McpTools().front();
  v1::ScrubResponse response;
  Json arguments = {{"numbers", Json::array()}};
  for (int verdict = 0; verdict <= 200; ++verdict) {
    response.add_verdicts(static_cast<v1::Verdict>(verdict));
    response.add_named_reasons();
    arguments["numbers"].push_back("x");
  }
  const Json told = check.tell(arguments, response, nullptr);
  ASSERT_EQ(told["results"].size(), 201);
  for (size_t i = 0; i < told["results"].size(); ++i) {
    EXPECT_EQ(told["results"][i]["mayCall"], i == v1::VERDICT_CLEAR) << i;
  }
}

TEST(ToolsTest, APastMomentPermitsNothing) {
  const McpTool& explain = McpTools()[1];
  v1::CheckNumberResponse response;
  response.mutable_result()->set_verdict(v1::VERDICT_CLEAR);
  EXPECT_EQ(explain.tell({{"number", "x"}}, response, nullptr)["mayCall"], true);
  EXPECT_EQ(explain.tell({{"number", "x"}, {"as_of", "y"}}, response, nullptr)["mayCall"], false);
  EXPECT_EQ(explain.tell({{"number", "x"}, {"as_answered_at", "y"}}, response, nullptr)["mayCall"],
            false);
}

TEST(ToolsTest, AnOptOutGoesToDoNotCallListsAlone) {
  const McpTool& opt_out = McpTools()[2];
  EXPECT_EQ(opt_out.method_before, "/dnc.v1.ListService/ListLists");
  ASSERT_NE(opt_out.check, nullptr);
  v1::ListListsResponse lists;
  for (int kind = 0; kind <= 4; ++kind) {
    v1::OwnList* const list = lists.add_lists();
    list->set_list_id("kind" + std::to_string(kind));
    list->set_kind(static_cast<v1::OwnListKind>(kind));
  }
  const auto check = [&](const std::string& list_id) {
    v1::AddNumbersRequest request;
    request.set_list_id(list_id);
    return opt_out.check(request, lists);
  };
  for (int kind = 0; kind <= 4; ++kind) {
    const absl::Status status = check("kind" + std::to_string(kind));
    EXPECT_EQ(status.ok(), kind == v1::OWN_LIST_KIND_INTERNAL) << kind;
  }
  EXPECT_EQ(ErrorReason(check("kind3")), reason::kInvalidRequest);
  EXPECT_EQ(ErrorReason(check("none")), reason::kNotFound);
  EXPECT_EQ(ErrorReason(check("KIND1")), reason::kNotFound);
  EXPECT_FALSE(check("").ok()) << "there is no default list in this answer";
  v1::OwnList* const internal = lists.add_lists();
  internal->set_list_id("internal");
  internal->set_kind(v1::OWN_LIST_KIND_INTERNAL);
  EXPECT_TRUE(check("").ok());
  EXPECT_TRUE(check("internal").ok());
}

// Nothing but a young release of the same list proves that area codes without an entry are covered.
TEST(ToolsTest, AWholeListIsAsFreshAsItsAge) {
  using google::protobuf::util::TimeUtil;
  const McpTool& coverage = McpTools()[3];
  EXPECT_EQ(coverage.method_before, "/dnc.v1.RegistryService/GetStatus");
  v1::GetCoverageResponse response;
  response.set_list("wireless");
  response.set_release_id(7);
  response.set_covers_all(true);
  v1::GetStatusResponse young;
  v1::ListStatus* const list = young.add_lists();
  list->set_list("wireless");
  list->set_covered(1);
  list->set_max_age_days(30);
  list->mutable_release()->set_id(7);
  const auto age = [](v1::ListStatus* of, int hours) {
    *of->mutable_release()->mutable_obtained_at_oldest() =
        TimeUtil::GetCurrentTime() - TimeUtil::HoursToDuration(hours);
  };
  age(list, 24);
  // What is told of all, and of one that is asked for.
  const auto state = [&](const v1::GetStatusResponse* status) {
    const Json told = coverage.tell({{"area_codes", {201}}}, response, status);
    EXPECT_EQ(told["areaCodes"][0]["state"], told["otherAreaCodes"]);
    const Json all = coverage.tell(Json::object(), response, status);
    EXPECT_EQ(all["otherAreaCodes"], told["otherAreaCodes"]);
    return told["otherAreaCodes"].get<std::string>();
  };
  EXPECT_EQ(state(&young), "COVERED");
  EXPECT_EQ(state(nullptr), "UNKNOWN");
  const auto with = [&](const auto& change) {
    v1::GetStatusResponse status = young;
    change(&status, status.mutable_lists(0));
    return state(&status);
  };
  EXPECT_EQ(with([&](auto*, auto* one) { age(one, 31 * 24); }), "STALE");
  EXPECT_EQ(with([](auto*, auto* one) { one->set_stale(1); }), "STALE");
  EXPECT_EQ(with([](auto* all, auto*) { all->set_clock_behind(true); }), "STALE");
  EXPECT_EQ(with([](auto*, auto* one) { one->mutable_release()->set_id(8); }), "UNKNOWN");
  EXPECT_EQ(with([](auto*, auto* one) { one->clear_release(); }), "UNKNOWN");
  EXPECT_EQ(with([](auto*, auto* one) { one->set_list("national"); }), "UNKNOWN");
  EXPECT_EQ(with([](auto*, auto* one) { one->set_covered(0); }), "UNKNOWN");
  EXPECT_EQ(with([](auto*, auto* one) { one->set_max_age_days(0); }), "UNKNOWN");
  EXPECT_EQ(with([](auto*, auto* one) { one->mutable_release()->clear_obtained_at_oldest(); }),
            "UNKNOWN");
  response.set_covers_all(false);
  EXPECT_EQ(state(&young), "NOT_LOADED");
}

TEST(ToolsTest, ArgumentsThatAreRefused) {
  const auto refusal = [](size_t tool, const char* text) {
    const McpTool& asked = McpTools()[tool];
    const MethodDescriptor* const method = FindMethod(asked.method);
    const std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(method->input_type())
            ->New());
    return std::string(asked.read(Json::parse(text), request.get()).message());
  };
  EXPECT_EQ(refusal(0, R"({"numbers": ["2015550123"], "scope": "brand"})"), "");
  EXPECT_THAT(refusal(0, R"({"numbers": ["1", null]})"), HasSubstr("numbers[1]"));
  EXPECT_THAT(refusal(0, R"({"numbers": [2015550123]})"), HasSubstr("numbers[0]"));
  EXPECT_THAT(refusal(0, R"({"numbers": []})"), HasSubstr("numbers"));
  EXPECT_THAT(refusal(0, R"({})"), HasSubstr("numbers"));
  EXPECT_THAT(refusal(0, R"({"numbers": ["1"], "at": "x"})"), HasSubstr("numbers, scope"));
  EXPECT_THAT(refusal(1, R"({"number": ["2015550123"]})"), HasSubstr("number"));
  EXPECT_THAT(refusal(1, R"({"number": "1", "as_of": "yesterday"})"), HasSubstr("asOf"));
  EXPECT_THAT(refusal(2, R"({})"), HasSubstr("number"));
  EXPECT_THAT(refusal(2, R"({"number": "1", "channel": "x"})"), HasSubstr("argument"));
  EXPECT_THAT(refusal(3, R"({"area_codes": ["201"]})"), HasSubstr("area_codes"));
  EXPECT_EQ(refusal(3, R"({"area_codes": [201], "list": "national"})"), "");
}

}  // namespace
}  // namespace dnc
