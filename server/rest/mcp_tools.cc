// Each tool says less than its method, and says it so that nobody can take it for a permission to
// call by mistake: `mayCall` is there for every number, and true for VERDICT_CLEAR alone.
#include "server/rest/mcp_tools.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <set>

#include "dnc/v1/list_service.pb.h"
#include "dnc/v1/registry_service.pb.h"
#include "dnc/v1/scrub_service.pb.h"
#include "google/protobuf/util/time_util.h"
#include "server/base/check.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/rest/message_json.h"
#include "server/service/request_errors.h"
#include "server/tenants/tenant.h"

namespace dnc {
namespace {

using google::protobuf::Message;
using google::protobuf::util::TimeUtil;

constexpr size_t kMaxToolNumbers = 1000;  // of one check_numbers
constexpr uint32_t kMaxAreaCode = 999;

// Refuses arguments of other names.
absl::Status CheckArgumentNames(const Json& arguments,
                                std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : arguments.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return InvalidRequest(StrCat("this tool has no such argument; it has ", [&known] {
        std::string names;
        for (const std::string_view one : known) {
          names += names.empty() ? "" : ", ";
          names += one;
        }
        return names;
      }()));
    }
  }
  return absl::OkStatus();
}

// The arguments of these names as a message with fields of the same names.
absl::Status ReadArguments(const Json& arguments, std::initializer_list<std::string_view> names,
                           Message* out) {
  Json fields = Json::object();
  for (const std::string_view name : names) {
    const auto found = arguments.find(std::string(name));
    if (found != arguments.end()) fields[std::string(name)] = *found;
  }
  return ReadMessageJson(fields.dump(), out);
}

bool MayCall(v1::Verdict verdict) { return verdict == v1::VERDICT_CLEAR; }

absl::Status ReadCheck(const Json& arguments, Message* out) {
  DNC_RETURN_IF_ERROR(CheckArgumentNames(arguments, {"numbers", "scope"}));
  auto* const request = static_cast<v1::ScrubRequest*>(out);
  DNC_RETURN_IF_ERROR(ReadArguments(arguments, {"scope"}, request));
  const auto numbers = arguments.find("numbers");
  if (numbers == arguments.end() || !numbers->is_array() || numbers->empty() ||
      numbers->size() > kMaxToolNumbers) {
    return InvalidRequest(
        StrCat("numbers: an array of 1 to ", kMaxToolNumbers, " strings is wanted"));
  }
  for (const Json& number : *numbers) {
    if (!number.is_string()) {
      return InvalidRequest(StrCat("numbers[", request->texts_size(), "]: a string is wanted"));
    }
    request->add_texts(number.get<std::string>());
  }
  request->set_detail(v1::DETAIL_REASONS);
  return absl::OkStatus();
}

Json TellCheck(const Json& arguments, const Message& message, const Message* /*before*/) {
  const auto& response = static_cast<const v1::ScrubResponse&>(message);
  Json results = Json::array();
  const auto has_end = [&response](int i) {
    return response.verdicts(i) == v1::VERDICT_CLEAR ||
           response.verdicts(i) == v1::VERDICT_LISTED ||
           response.verdicts(i) == v1::VERDICT_WIRELESS ||
           response.verdicts(i) == v1::VERDICT_STALE;
  };
  for (int i = 0; i < response.verdicts_size(); ++i) {
    Json reasons = Json::array();
    for (const int reason : response.named_reasons(i).reasons()) {
      reasons.push_back(v1::Reason_Name(static_cast<v1::Reason>(reason)));
    }
    Json result = {{"number", arguments["numbers"][static_cast<size_t>(i)]},
                   {"mayCall", MayCall(response.verdicts(i))},
                   {"verdict", v1::Verdict_Name(response.verdicts(i))},
                   {"reasons", std::move(reasons)}};
    // The least end of all is right for each of them, if not always the last moment.
    if (has_end(i) && response.snapshot().has_valid_until()) {
      result["validUntil"] = TimeUtil::ToString(response.snapshot().valid_until());
    }
    results.push_back(std::move(result));
  }
  return {{"results", std::move(results)}, {"revision", StrCat(response.snapshot().revision())}};
}

absl::Status ReadExplain(const Json& arguments, Message* out) {
  DNC_RETURN_IF_ERROR(
      CheckArgumentNames(arguments, {"number", "scope", "as_of", "as_answered_at"}));
  if (!arguments.contains("number")) return InvalidRequest("number: a string is wanted");
  return ReadArguments(arguments, {"number", "scope", "as_of", "as_answered_at"}, out);
}

Json TellExplain(const Json& arguments, const Message& message, const Message* /*before*/) {
  const auto& response = static_cast<const v1::CheckNumberResponse&>(message);
  // What was permitted once permits nothing now.
  const bool past = arguments.contains("as_of") || arguments.contains("as_answered_at");
  Json told = {{"mayCall", !past && MayCall(response.result().verdict())}};
  told.update(Json::parse(MessageJson(message)));
  return told;
}

absl::Status ReadOptOut(const Json& arguments, Message* out) {
  DNC_RETURN_IF_ERROR(CheckArgumentNames(
      arguments, {"number", "list_id", "made_at", "reason", "note", "request_id"}));
  if (!arguments.contains("number")) return InvalidRequest("number: a string is wanted");
  auto* const request = static_cast<v1::AddNumbersRequest*>(out);
  DNC_RETURN_IF_ERROR(ReadArguments(arguments, {"list_id", "request_id"}, request));
  v1::Record* const record = request->add_records();
  DNC_RETURN_IF_ERROR(ReadArguments(arguments, {"number", "made_at", "reason", "note"}, record));
  record->set_channel(v1::CHANNEL_AGENT);
  return absl::OkStatus();
}

// A number that is added to a list of consents or relationships becomes callable, so an opt-out
// goes to do-not-call lists alone. Lists keep their kind, and go only with their tenant.
absl::Status CheckOptOut(const Message& request, const Message& before) {
  const auto& asked = static_cast<const v1::AddNumbersRequest&>(request).list_id();
  const auto& lists = static_cast<const v1::ListListsResponse&>(before).lists();
  const std::string_view id = asked.empty() ? std::string_view(kDefaultListId) : asked;
  const auto list = std::find_if(lists.begin(), lists.end(),
                                 [id](const v1::OwnList& one) { return one.list_id() == id; });
  if (list == lists.end()) {
    return Error(reason::kNotFound,
                 "`list_id`: there is no such list, and nothing was recorded; leave it out to "
                 "record the request for the whole tenant.");
  }
  if (list->kind() != v1::OWN_LIST_KIND_INTERNAL) {
    return InvalidRequest(
        "`list_id`: that is no do-not-call list, and nothing was recorded; leave it out to record "
        "the request for the whole tenant.");
  }
  return absl::OkStatus();
}

Json TellOptOut(const Json& /*arguments*/, const Message& message, const Message* /*before*/) {
  const auto& response = static_cast<const v1::AddNumbersResponse&>(message);
  const v1::WriteResult result =
      response.results_size() == 1 ? response.results(0) : v1::WriteResult();
  const bool recorded = result.outcome() == v1::WRITE_OUTCOME_ADDED ||
                        result.outcome() == v1::WRITE_OUTCOME_UPDATED ||
                        result.outcome() == v1::WRITE_OUTCOME_ALREADY_THERE;
  return {{"recorded", recorded},
          {"outcome", v1::WriteOutcome_Name(result.outcome())},
          {"message", result.message()},
          {"revision", StrCat(response.revision())},
          {"tenantId", response.tenant_id()}};
}

absl::Status ReadCoverage(const Json& arguments, Message* out) {
  DNC_RETURN_IF_ERROR(CheckArgumentNames(arguments, {"list", "area_codes"}));
  const auto codes = arguments.find("area_codes");
  if (codes != arguments.end()) {
    const bool good = codes->is_array() && codes->size() <= kMaxAreaCode &&
                      std::all_of(codes->begin(), codes->end(), [](const Json& code) {
                        return code.is_number_unsigned() && code.get<uint64_t>() <= kMaxAreaCode;
                      });
    if (!good) return InvalidRequest("area_codes: an array of area codes is wanted, as integers");
  }
  return ReadArguments(arguments, {"list"}, out);
}

std::string StateName(v1::CoverageState state) {
  constexpr std::string_view kPrefix = "COVERAGE_STATE_";
  const std::string name = v1::CoverageState_Name(state);
  return name.size() > kPrefix.size() ? name.substr(kPrefix.size()) : name;
}

Json TellArea(const v1::AreaCodeCoverage& area) {
  return {{"areaCode", area.area_code()},
          {"state", StateName(area.state())},
          {"numbers", StrCat(area.numbers())},
          {"obtainedAt", TimeUtil::ToString(area.obtained_at())},
          {"staleAt", TimeUtil::ToString(area.stale_at())}};
}

// The state of area codes without an entry in a list that covers all of them, by the list's own
// age: UNKNOWN unless `status` proves it of the same release.
std::string_view WholeListState(const v1::GetCoverageResponse& coverage,
                                const v1::GetStatusResponse& status) {
  const auto list =
      std::find_if(status.lists().begin(), status.lists().end(),
                   [&](const v1::ListStatus& one) { return one.list() == coverage.list(); });
  if (list == status.lists().end() || coverage.list().empty() || !list->has_release() ||
      list->release().id() != coverage.release_id()) {
    return "UNKNOWN";
  }
  if (status.clock_behind() || list->stale() > 0) return "STALE";
  if (list->covered() == 0 || list->max_age_days() == 0 ||
      !list->release().has_obtained_at_oldest()) {
    return "UNKNOWN";
  }
  const auto stale_at = list->release().obtained_at_oldest() +
                        TimeUtil::HoursToDuration(int64_t{24} * int64_t{list->max_age_days()});
  return stale_at > TimeUtil::GetCurrentTime() ? "COVERED" : "STALE";
}

// `before` is GetStatus's answer, which alone tells the age of a whole list.
Json TellCoverage(const Json& arguments, const Message& message, const Message* before) {
  const auto& response = static_cast<const v1::GetCoverageResponse&>(message);
  std::set<uint32_t> asked;
  for (const Json& code : arguments.value("area_codes", Json::array()))
    asked.insert(code.get<uint32_t>());
  const bool some = arguments.contains("area_codes");
  int covered = 0, stale = 0, damaged = 0;
  const v1::AreaCodeCoverage* first = nullptr;  // that becomes stale
  Json areas = Json::array();
  for (const v1::AreaCodeCoverage& area : response.area_codes()) {
    const bool good = area.state() == v1::COVERAGE_STATE_COVERED;
    covered += int{good};
    stale += int{area.state() == v1::COVERAGE_STATE_STALE};
    damaged += int{area.state() == v1::COVERAGE_STATE_DAMAGED};
    if (good && (first == nullptr || area.stale_at() < first->stale_at())) first = &area;
    if (some ? asked.erase(area.area_code()) > 0 : !good) areas.push_back(TellArea(area));
  }
  std::string_view other = "NOT_LOADED";
  if (response.covers_all()) {
    other = before == nullptr
                ? "UNKNOWN"
                : WholeListState(response, static_cast<const v1::GetStatusResponse&>(*before));
  }
  for (const uint32_t code : asked) areas.push_back({{"areaCode", code}, {"state", other}});
  Json told = {{"list", response.list()},
               {"releaseId", StrCat(response.release_id())},
               {"coversAll", response.covers_all()},
               {"covered", covered},
               {"stale", stale},
               {"damaged", damaged},
               {"otherAreaCodes", other}};
  if (first != nullptr) told["firstStaleAt"] = TimeUtil::ToString(first->stale_at());
  told["areaCodes"] = std::move(areas);
  return told;
}

McpTool MakeTool(std::string_view name, std::string_view method, decltype(McpTool::read) read,
                 decltype(McpTool::tell) tell, std::string_view method_before = {},
                 decltype(McpTool::check) check = nullptr) {
  static const Json descriptions = Json::parse(McpToolDescriptions());
  McpTool tool;
  tool.name = name;
  for (const Json& one : descriptions) {
    if (one["name"] == name) tool.description = one;
  }
  DNC_CHECK(!tool.description.is_null(), "every tool has a description");
  tool.method = method;
  tool.read = std::move(read);
  tool.tell = std::move(tell);
  tool.method_before = method_before;
  tool.check = std::move(check);
  return tool;
}

}  // namespace

const std::vector<McpTool>& McpTools() {
  static const auto* const tools = new std::vector<McpTool>{
      MakeTool("check_numbers", "/dnc.v1.ScrubService/Scrub", &ReadCheck, &TellCheck),
      MakeTool("explain", "/dnc.v1.ScrubService/CheckNumber", &ReadExplain, &TellExplain),
      MakeTool("add_opt_out", "/dnc.v1.ListService/AddNumbers", &ReadOptOut, &TellOptOut,
               "/dnc.v1.ListService/ListLists", &CheckOptOut),
      MakeTool("coverage", "/dnc.v1.RegistryService/GetCoverage", &ReadCoverage, &TellCoverage,
               "/dnc.v1.RegistryService/GetStatus")};
  return *tools;
}

}  // namespace dnc
