// Writes vectors as JSON, in an order and a layout that do not change.
#include <algorithm>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "clients/conformance/vector.h"

namespace dnc::conformance {
namespace {

// A JSON text; all of ours are ASCII.
std::string Text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      absl::StrAppend(&out, "\\", std::string(1, c));
    } else if (c >= ' ' && c <= '~') {
      out.push_back(c);
    } else {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned char>(c));
    }
  }
  return out + "\"";
}

std::string Hex(const std::string& bytes) { return Text(absl::BytesToHexString(bytes)); }

// Builds an object on one line, member by member.
class Object {
 public:
  void Add(const std::string& name, const std::string& json) {
    members_.push_back(absl::StrCat(Text(name), ": ", json));
  }
  std::string Done() const { return absl::StrCat("{", absl::StrJoin(members_, ", "), "}"); }

 private:
  std::vector<std::string> members_;
};

std::string Written(const GrpcForm& form) {
  Object out;
  if (!form.fault.empty()) out.Add("fault", Text(form.fault));
  if (form.fault == "http") {
    out.Add("status", absl::StrCat(form.http_status));
    out.Add("content_type", Text(form.content_type));
    out.Add("body", Text(form.body));
    return out.Done();
  }
  if (form.fault == "close" || form.fault == "silence") return out.Done();
  out.Add("code", absl::StrCat(form.code));
  if (form.code != 0) out.Add("text", Text(form.text));
  if (!form.details.empty()) out.Add("details", Hex(form.details));
  if (form.code == 0 || !form.message.empty()) out.Add("message", Hex(form.message));
  if (form.keep >= 0) out.Add("keep", absl::StrCat(form.keep));
  return out.Done();
}

std::string Written(const HttpForm& form) {
  Object out;
  if (!form.fault.empty()) out.Add("fault", Text(form.fault));
  if (form.fault == "close" || form.fault == "silence") return out.Done();
  out.Add("status", absl::StrCat(form.status));
  out.Add("content_type", Text(form.content_type));
  if (!form.retry_after.empty()) out.Add("retry_after", Text(form.retry_after));
  if (!form.age.empty()) out.Add("age", Text(form.age));
  out.Add("body", Text(form.body));
  if (form.keep >= 0) out.Add("keep", absl::StrCat(form.keep));
  return out.Done();
}

std::string Written(const Answer& answer) {
  return absl::StrCat("        {\"grpc\": ", answer.grpc_used ? Written(answer.grpc) : "null",
                      ",\n         \"http\": ", answer.http.used ? Written(answer.http) : "null",
                      "}");
}

std::string Moment(int64_t seconds) {
  return Text(
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds), absl::UTCTimeZone()));
}

std::string Written(const Vector& vector) {
  const auto add = [](std::string* out, const std::string& text) { out->append(text); };
  const auto flag = [](std::string* out, bool value) { out->append(value ? "true" : "false"); };
  std::string numbers = absl::StrJoin(
      vector.numbers, ", ", [&](std::string* out, const auto& one) { add(out, Text(one)); });
  Object expect;
  expect.Add(vector.call == "add_opt_outs" ? "recorded" : "may_call",
             absl::StrCat("[", absl::StrJoin(vector.may_call, ", ", flag), "]"));
  expect.Add("error", vector.error.empty() ? "null" : Text(vector.error));
  if (vector.requests > 0) expect.Add("requests", absl::StrCat(vector.requests));
  return absl::StrCat(
      "    {\n      \"name\": ", Text(vector.name), ",\n      \"why\": ", Text(vector.why),
      ",\n      \"call\": ", Text(vector.call), ",\n      \"numbers\": [", numbers,
      "],\n      \"at_least_revision\": \"", vector.at_least_revision,
      "\",\n      \"deadline_seconds\": ", vector.deadline_seconds,
      ",\n      \"now\": ", Moment(vector.now),
      ",\n      \"as_of\": ", vector.as_of == 0 ? "null" : Moment(vector.as_of),
      ",\n      \"answers\": [\n",
      absl::StrJoin(vector.answers, ",\n",
                    [&](std::string* out, const Answer& one) { add(out, Written(one)); }),
      "\n      ],\n      \"expect\": ", expect.Done(), "\n    }");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> WriteVectors(const std::vector<Vector>& vectors) {
  std::map<std::string, std::vector<std::string>> by_call;
  for (const Vector& vector : vectors) by_call[vector.call].push_back(Written(vector));
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& [call, written] : by_call) {
    files.emplace_back(call + ".json", absl::StrCat("{\n  \"vectors\": [\n",
                                                    absl::StrJoin(written, ",\n"), "\n  ]\n}\n"));
  }
  return files;
}

}  // namespace dnc::conformance
