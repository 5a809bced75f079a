// What statuses, broken connections and answers of something else are worth, and how often a client
// asks again.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "clients/conformance/vector.h"

namespace dnc::conformance {
namespace {

// Status codes of gRPC.
constexpr int kCancelled = 1;
constexpr int kInvalidArgument = 3;
constexpr int kPermissionDenied = 7;
constexpr int kResourceExhausted = 8;
constexpr int kInternal = 13;
constexpr int kUnavailable = 14;
constexpr int kUnauthenticated = 16;

constexpr int kAttempts = 4;  // what a client makes unless it is told otherwise

// A scrub that gets these answers.
Vector ScrubFault(const std::string& name, const std::string& why, std::vector<Answer> answers,
                  int requests, const std::string& error) {
  const bool answered = error.empty();
  return {.name = name,
          .why = why,
          .call = "scrub",
          .numbers = {kClearText, kListedText},
          .answers = std::move(answers),
          .may_call = {answered, false},
          .error = error,
          .requests = requests};
}

Answer OnlyGrpc(Answer answer) {
  answer.http.used = false;
  return answer;
}

void AddStatuses(std::vector<Vector>* out) {
  const Answer right = Ok(RightScrub());
  out->push_back(ScrubFault("unavailable", "A server that is not there has cleared nothing.",
                            {Error(kUnavailable, "")}, kAttempts, "unavailable"));
  out->push_back(
      ScrubFault("starting_then_answered", "A server that starts is asked again.",
                 {Error(kUnavailable, "STARTING"), Error(kUnavailable, "STARTING"), right}, 3, ""));
  out->push_back(ScrubFault("stopped_then_answered",
                            "CANCELLED without a reason comes from a server that stops.",
                            {OnlyGrpc(Error(kCancelled, "")), right}, 2, ""));
  out->push_back(ScrubFault("over_quota_then_answered", "The server says when to come again.",
                            {Error(kResourceExhausted, "QUOTA_EXCEEDED", {}, 20), right}, 2, ""));
  out->push_back(ScrubFault("over_quota", "It is asked as often as a server that is not there.",
                            {Error(kResourceExhausted, "QUOTA_EXCEEDED", {}, 20)}, kAttempts,
                            "overloaded"));
  out->push_back(ScrubFault("over_quota_for_longer_than_the_deadline", "To wait would be in vain.",
                            {Error(kResourceExhausted, "QUOTA_EXCEEDED", {}, 60'000)}, 1,
                            "overloaded"));
  out->push_back(ScrubFault("limit_without_a_time", "Nobody knows when to come again.",
                            {Error(kResourceExhausted, "LIMIT_REACHED")}, 1, "overloaded"));
  out->push_back(
      ScrubFault("internal", "It would come again.", {Error(kInternal, "INTERNAL")}, 1, "error"));
  out->push_back(ScrubFault("no_key", "It would come again.",
                            {Error(kUnauthenticated, "UNAUTHENTICATED")}, 1, "unauthenticated"));
  out->push_back(ScrubFault("no_permission", "It would come again.",
                            {Error(kPermissionDenied, "SCOPE_MISSING")}, 1, "permission_denied"));
  out->push_back(ScrubFault("invalid", "It would come again.",
                            {Error(kInvalidArgument, "INVALID_REQUEST")}, 1, "invalid_request"));
  out->push_back(ScrubFault("unknown_reason", "The status code tells what the reason does not.",
                            {Error(kInvalidArgument, "REASON_TO_COME")}, 1, "invalid_request"));
  v1::ScrubResponse one = RightScrub();
  one.mutable_verdicts()->Truncate(1);
  one.mutable_reasons()->Truncate(1);
  v1::ScrubResponse other = RightScrub();
  other.mutable_verdicts()->SwapElements(0, 1);
  other.mutable_reasons()->SwapElements(0, 1);
  other.mutable_verdicts()->Truncate(1);
  other.mutable_reasons()->Truncate(1);
  const Answer too_large = Error(kInvalidArgument, "BATCH_TOO_LARGE", {{"max_batch", "1"}});
  out->push_back(ScrubFault("asked_in_smaller_batches", "The results stand in the order asked.",
                            {too_large, Ok(one), Ok(other)}, 3, ""));
  Vector broken =
      ScrubFault("second_batch_fails", "What was answered before counts, the rest does not.",
                 {too_large, Ok(one), Error(kInternal, "INTERNAL")}, 3, "error");
  broken.may_call = {true, false};
  out->push_back(broken);
  out->push_back(ScrubFault("smaller_batches_cannot_help", "A client must not ask for ever.",
                            {Error(kInvalidArgument, "BATCH_TOO_LARGE", {{"max_batch", "2"}})}, 1,
                            "invalid_request"));
  Answer status_after_message = Error(kInternal, "INTERNAL");
  status_after_message.grpc.message = right.grpc.message;
  status_after_message.http.content_type = right.http.content_type;
  status_after_message.http.body = right.http.body;
  out->push_back(ScrubFault("answer_and_error", "An error takes back what came before it.",
                            {status_after_message}, 1, "error"));
}

// Of the same answer, only a part.
Answer Cut(int64_t grpc_keep, int64_t http_keep) {
  Answer answer = Ok(RightScrub());
  answer.grpc.fault = "cut";
  answer.grpc.keep = grpc_keep;
  answer.http.fault = "cut";
  answer.http.keep = http_keep;
  return answer;
}

void AddFaults(std::vector<Vector>* out) {
  const Answer right = Ok(RightScrub());
  out->push_back(ScrubFault("connection_closed", "Nothing was answered.", {Closed()}, kAttempts,
                            "unavailable"));
  out->push_back(ScrubFault("connection_closed_once", "A broken connection is made anew.",
                            {Closed(), right}, 2, ""));
  out->push_back(ScrubFault("cut_in_the_message", "Half an answer is none.", {Cut(12, 40)},
                            kAttempts, "unavailable"));
  // The last byte of the JSON is there, and yet the length that was told is not reached.
  out->push_back(ScrubFault("cut_before_the_status", "Without its end an answer is none.",
                            {Cut(static_cast<int64_t>(right.grpc.message.size()) + 5,
                                 static_cast<int64_t>(right.http.body.size()))},
                            kAttempts, "unavailable"));
  for (const char* const fault : {"no_status", "no_message", "two_messages"}) {
    Answer answer = OnlyGrpc(right);
    answer.grpc.fault = fault;
    Vector vector = ScrubFault(fault, "That is no answer of gRPC's.", {answer}, 0, "any");
    vector.deadline_seconds = 0.3;  // gRPC's C core waits behind a second message for the end
    out->push_back(vector);
  }
  Answer silent;
  silent.grpc.fault = "silence";
  silent.http.fault = "silence";
  Vector silence = ScrubFault("silence", "The deadline ends it.", {silent}, 0, "deadline");
  silence.deadline_seconds = 0.3;
  out->push_back(silence);
  Answer garbage = right;
  garbage.grpc.message = "\x0a\xff\xff garbage";
  garbage.http.body = right.http.body.substr(0, right.http.body.size() - 1);
  Answer ended = OnlyGrpc(right);
  ended.grpc.message += "\x0c rest";  // the end of a group that nothing began
  out->push_back(ScrubFault("answer_that_ends_within", "What follows might say something else.",
                            {ended}, 0, "any"));
  out->push_back(ScrubFault("garbage", "What cannot be read is no answer.", {garbage}, 0, "any"));
}

void AddWebAnswers(std::vector<Vector>* out) {
  const std::string json = Ok(RightScrub()).http.body;
  out->push_back(ScrubFault("answer_as_text", "A page that looks like an answer is none.",
                            {Web(200, "text/html", json)}, 0, "any"));
  out->push_back(ScrubFault("page_of_a_portal", "A portal answers everything with its page.",
                            {Web(200, "text/html", "<html>Log in</html>")}, 0, "any"));
  for (const int status : {429, 502, 503, 504}) {
    out->push_back(ScrubFault(absl::StrCat("proxy_", status),
                              "A proxy that is too busy, or has no server, has cleared nothing.",
                              {Web(status, "text/html", "<html>Later</html>")}, 0, "any"));
  }
  for (const int status : {301, 400, 404, 500}) {
    out->push_back(ScrubFault(absl::StrCat("web_server_", status), "Another server stands there.",
                              {Web(status, "application/json", json)}, 0, "any"));
  }
}

// What a reader of JSON takes for an answer if it is careless. Over gRPC there is no such thing.
void AddJson(std::vector<Vector>* out) {
  const std::string right = Ok(RightScrub()).http.body;
  const std::pair<const char*, std::pair<const char*, const char*>> changes[] = {
      {"json_unknown_verdict", {"\"VERDICT_CLEAR\"", "\"VERDICT_CLEAR_IN_PART\""}},
      {"json_other_case", {"\"VERDICT_CLEAR\"", "\"verdict_clear\""}},
      {"json_null_verdict", {"\"VERDICT_CLEAR\"", "null"}},
      {"json_true_for_a_verdict", {"\"VERDICT_CLEAR\"", "true"}},
      {"json_nested_verdict", {"\"VERDICT_CLEAR\"", "[\"VERDICT_CLEAR\"]"}},
      {"json_verdicts_as_one_text", {"\"VERDICT_CLEAR\",\"VERDICT_LISTED\"", "\"VERDICT_CLEAR\""}},
      {"json_object_for_verdicts",
       {"[\"VERDICT_CLEAR\",\"VERDICT_LISTED\"]",
        R"({"0":"VERDICT_CLEAR","1":"VERDICT_LISTED","length":2})"}},
  };
  for (const auto& [name, change] : changes) {
    Answer answer;
    answer.grpc_used = false;
    answer.http.body = absl::StrReplaceAll(right, {{change.first, change.second}});
    out->push_back(
        ScrubFault(name, "Only the one text permits a call, in its place.", {answer}, 0, "either"));
  }
  Answer list;
  list.grpc_used = false;
  list.http.body = absl::StrCat("[", right, "]");
  out->push_back(ScrubFault("json_list", "An answer is an object.", {list}, 0, "any"));
}

void AddWriteFaults(std::vector<Vector>* out) {
  const auto write = [out](const std::string& name, const std::string& why,
                           std::vector<Answer> answers, int requests, const std::string& error) {
    Vector vector = ScrubFault(name, why, std::move(answers), requests, error);
    vector.call = "add_opt_outs";
    vector.may_call = {error.empty(), error.empty()};
    out->push_back(vector);
  };
  write("write_closed", "Nobody knows whether it was written.", {Closed()}, kAttempts,
        "unavailable");
  write("write_closed_once", "The same request_id makes it safe to repeat.",
        {Closed(), Ok(RightWrite())}, 2, "");
  write("write_on_a_full_disk", "Nothing was written.", {Error(kResourceExhausted, "DISK_FULL")}, 1,
        "storage");
  write("write_to_a_portal", "A page acknowledges nothing.",
        {Web(200, "text/html", "<html>Log in</html>")}, 0, "any");
}

}  // namespace

std::vector<Vector> FaultVectors() {
  std::vector<Vector> vectors;
  AddStatuses(&vectors);
  AddFaults(&vectors);
  AddWebAnswers(&vectors);
  AddJson(&vectors);
  AddWriteFaults(&vectors);
  return vectors;
}

}  // namespace dnc::conformance
