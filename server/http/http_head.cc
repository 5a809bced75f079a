#include "server/http/http_head.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "server/base/str_cat.h"
#include "server/http/problem.h"
#include "server/service/request_errors.h"
#include "server/wire/wire_errors.h"

namespace dnc {
namespace {

// The time as answers tell it, made once a second for each thread.
const std::string& DateNow() {
  thread_local std::time_t made = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != made) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 64> space{};
    // The program has the locale C, whose names HTTP wants.
    const size_t size =
        std::strftime(space.data(), space.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    text.assign(space.data(), size);
    made = now;
  }
  return text;
}

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

}  // namespace

std::optional<HttpRefusal> CheckHead(const HttpRequest& head, bool is_http10) {
  const size_t lengths = head.CountOf("content-length");
  const std::string_view length = head.Header("content-length").value_or("");
  if (lengths > 1 || length.find(',') != std::string_view::npos) {
    return HttpRefusal{http_status::kBadRequest,
                       InvalidRequest("the request has more than one Content-Length")};
  }
  const size_t encodings = head.CountOf("transfer-encoding");
  if (encodings > 0 && (lengths > 0 || is_http10)) {
    return HttpRefusal{http_status::kBadRequest,
                       InvalidRequest("the request has a Transfer-Encoding beside its "
                                      "Content-Length, or with HTTP/1.0")};
  }
  const std::string_view encoding = head.Header("transfer-encoding").value_or("");
  if (encodings > 0 && !absl::EqualsIgnoreCase(ToAbsl(encoding), "chunked")) {
    return HttpRefusal{http_status::kNotImplemented,
                       NotSupported("the only Transfer-Encoding here is `chunked`")};
  }
  const size_t hosts = head.CountOf("host");
  if (hosts > 1 || (hosts == 0 && !is_http10)) {
    return HttpRefusal{http_status::kBadRequest,
                       InvalidRequest("HTTP/1.1 asks for one Host in every request")};
  }
  const std::string_view expectation = head.Header("expect").value_or("100-continue");
  if (!absl::EqualsIgnoreCase(ToAbsl(expectation), "100-continue")) {
    return HttpRefusal{http_status::kNoExpectation,
                       NotSupported("the only Expect here is `100-continue`")};
  }
  return std::nullopt;
}

std::optional<HttpRefusal> TakeTarget(HttpRequest* head) {
  std::string target = std::move(head->path);
  for (const absl::string_view scheme : {"http://", "https://"}) {
    if (!absl::StartsWithIgnoreCase(target, scheme)) continue;
    const size_t end = std::min(target.find_first_of("/?", scheme.size()), target.size());
    std::string authority = target.substr(scheme.size(), end - scheme.size());
    target.erase(0, end);
    if (target.empty() || target.front() != '/') target.insert(0, "/");
    // It counts instead of what Host says.
    for (HttpField& field : head->headers) {
      if (field.name == "host") field.value = authority;
    }
    if (head->CountOf("host") == 0) {
      head->headers.push_back({"host", std::move(authority)});
    }
    break;
  }
  const size_t question = std::min(target.find('?'), target.size());
  head->path = target.substr(0, question);
  if (question < target.size()) head->query = target.substr(question + 1);
  if (head->path.empty() || (head->path.front() != '/' && head->path != "*")) {
    return HttpRefusal{http_status::kBadRequest,
                       InvalidRequest("the request's target is no path that begins with /")};
  }
  return std::nullopt;
}

bool HasNoBody(int status) {
  return status == http_status::kNoContent || status == http_status::kNotModified;
}

bool IsSendable(const HttpAnswer& answer) {
  if (HasLineBreak(answer.content_type)) return false;
  for (const HttpField& field : answer.headers) {
    if (field.name.empty() || HasLineBreak(field.name) || HasLineBreak(field.value) ||
        field.name.find_first_of(": ") != std::string::npos) {
      return false;
    }
  }
  return true;
}

void WriteAnswerHead(const HttpAnswer& answer, bool keep, bool is_http10, std::string* out) {
  absl::StrAppend(out, "HTTP/1.1 ", answer.status, " ", ToAbsl(HttpTitle(answer.status)),
                  "\r\nDate: ", DateNow(), "\r\n");
  if (!answer.content_type.empty()) {
    absl::StrAppend(out, "Content-Type: ", answer.content_type, "\r\n");
  }
  bool tells_caches = false;
  for (const HttpField& field : answer.headers) {
    absl::StrAppend(out, field.name, ": ", field.value, "\r\n");
    tells_caches = tells_caches || absl::EqualsIgnoreCase(ToAbsl(field.name), "cache-control");
  }
  // A verdict from a cache would be an old one, or another tenant's.
  if (!tells_caches) out->append("Cache-Control: no-store\r\n");
  if (!HasNoBody(answer.status)) {
    absl::StrAppend(out, "Content-Length: ", answer.body.size(), "\r\n");
  }
  if (!keep) {
    out->append("Connection: close\r\n");
  } else if (is_http10) {
    out->append("Connection: keep-alive\r\n");
  }
  out->append("\r\n");
}

}  // namespace dnc
