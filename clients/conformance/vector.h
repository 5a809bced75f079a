// What a client must say to an answer or a fault: one case, which every client plays. README.md of
// this folder tells what the fields mean; the names there are those of the files.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dnc/v1/list_service.pb.h"
#include "dnc/v1/scrub_service.pb.h"
#include "google/protobuf/message.h"

namespace dnc::conformance {

// What a server sends over gRPC. Without a fault and a code: OK, with `message`.
struct GrpcForm {
  std::string message;    // the bytes of the answer
  int code = 0;           // a status other than OK; the message, if there is one, goes before it
  std::string text;       // the status's message
  std::string details;    // the bytes of a google.rpc.Status
  std::string fault;      // what goes wrong
  int64_t keep = -1;      // fault `cut`: how many bytes of the framed message are sent
  int http_status = 200;  // fault `http`: the answer is one of the web
  std::string content_type;
  std::string body;
};

// The same over HTTP.
struct HttpForm {
  bool used = true;  // false: the case cannot happen there
  int status = 200;
  std::string content_type = "application/json";
  std::string retry_after;  // a header, in seconds
  std::string age;          // the same
  std::string body;
  std::string fault;
  int64_t keep = -1;
};

// What is sent to one attempt.
struct Answer {
  bool grpc_used = true;
  GrpcForm grpc;
  HttpForm http;
};

// The moment of the answers, in seconds from 1970 on.
inline constexpr int64_t kNow = 1'790'000'000;
inline constexpr int64_t kDay = 86'400;

struct Vector {
  std::string name;
  std::string why;                   // a sentence
  std::string call;                  // scrub, scrub_details, check or add_opt_outs
  std::vector<std::string> numbers;  // what is asked
  std::vector<Answer> answers;       // one an attempt; the last one is sent from then on
  std::vector<bool> may_call;        // of add_opt_outs: which were recorded
  std::string error;                 // kind of error: empty for none
  int requests = 1;                  // how many the server has seen; 0: it does not matter
  uint64_t at_least_revision = 0;
  double deadline_seconds = 10;
  int64_t now = kNow;  // what the client's clock says
  int64_t as_of = 0;   // the moment asked for; 0: now
};

// Numbers that vectors ask about. The even one is clear, the odd one listed.
inline constexpr char kClearText[] = "(201) 555-0100";
inline constexpr char kUnusualText[] = "tel:+1-201-555-0100";  // the clear one
inline constexpr char kListedText[] = "201-555-0101";
inline constexpr uint64_t kClear = 2015550100;
inline constexpr uint64_t kListed = 2015550101;

// A right answer to a scrub of both, of revision 7.
v1::ScrubResponse RightScrub();
// The same with details.
v1::ScrubResponse RightDetails();
// A right answer to a check of the clear number.
v1::CheckNumberResponse RightCheck();
// An answer that acknowledges two opt-outs.
v1::AddNumbersResponse RightWrite();

// OK with a message, in both forms.
Answer Ok(const google::protobuf::Message& message);

// A status with a reason (empty: none) and metadata; `retry_milliseconds` above 0: with the time
// after which to come again. Over HTTP: its problem+json.
Answer Error(int code, const std::string& reason,
             const std::vector<std::pair<std::string, std::string>>& metadata = {},
             int retry_milliseconds = 0);

// The connection ends before anything is answered.
Answer Closed();

// An answer of something that is no dncd, such as a proxy.
Answer Web(int status, const std::string& content_type, const std::string& body);

// What right and wrong answers, and what statuses and broken connections are worth.
std::vector<Vector> AnswerVectors();
std::vector<Vector> FaultVectors();

// Returns the files: names and contents, without a folder.
std::vector<std::pair<std::string, std::string>> WriteVectors(const std::vector<Vector>& vectors);

}  // namespace dnc::conformance
