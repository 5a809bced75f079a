// A body is cut at its delimiters. The line end before a delimiter belongs to the delimiter:
//
//   --b CRLF headers CRLF CRLF value CRLF--b CRLF headers CRLF CRLF value CRLF--b--
//   ^first                          ^-----^ delimiter                    ^-------^ last
//
// How the first delimiter line ends tells how the others begin, so that a value with other line
// ends than the form's is never mistaken.
#include "server/http/multipart.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view WithoutBlanks(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
}

std::string LowerCaseOf(std::string_view text) { return absl::AsciiStrToLower(ToAbsl(text)); }

// Takes a quoted text off the front of `rest`, which begins with the quote. False: it has no end.
bool TakeQuoted(std::string_view* rest, std::string* out) {
  for (size_t i = 1; i < rest->size(); ++i) {
    const char c = (*rest)[i];
    if (c == '"') {
      rest->remove_prefix(i + 1);
      return true;
    }
    const char next = i + 1 < rest->size() ? (*rest)[i + 1] : '\0';
    if (c == '\\' && (next == '"' || next == '\\')) ++i;
    out->push_back((*rest)[i]);
  }
  return false;
}

// What follows a delimiter.
enum class AfterDelimiter { kPart, kEnd, kNone };

class MultipartReader {
 public:
  MultipartReader(std::string_view body, std::string_view boundary, FormFields* out)
      : rest_(body), delimiter_(StrCat("--", boundary)), out_(*out) {}

  absl::Status Read() {
    DNC_RETURN_IF_ERROR(SkipToFirstPart());
    while (!ended_) DNC_RETURN_IF_ERROR(ReadPart());
    return absl::OkStatus();
  }

 private:
  absl::Status BadPart(std::string_view what) const {
    return InvalidRequest(StrCat("part ", part_, " of the multipart form ", what));
  }

  // Looks at what follows a delimiter, which `rest` begins behind, and takes it off. A line that
  // only begins like a delimiter is none.
  AfterDelimiter TakeAfter(std::string_view* rest) {
    std::string_view after = *rest;
    const bool end = after.substr(0, 2) == "--";
    if (end) after.remove_prefix(2);
    after.remove_prefix(std::min(after.find_first_not_of(kBlanks), after.size()));
    if (end) {
      if (!after.empty() && after[0] != '\r' && after[0] != '\n') return AfterDelimiter::kNone;
      *rest = {};  // what follows the last delimiter means nothing
      return AfterDelimiter::kEnd;
    }
    const std::string_view line_end = after.substr(0, 1) == "\n" ? "\n" : "\r\n";
    if (after.substr(0, line_end.size()) != line_end) return AfterDelimiter::kNone;
    if (line_end_.empty()) line_end_ = line_end;
    if (line_end != line_end_) return AfterDelimiter::kNone;
    after.remove_prefix(line_end.size());
    *rest = after;
    return AfterDelimiter::kPart;
  }

  // Where `text` stands in the rest from `from` on. Unlike std::string_view::find, memmem is quick
  // also where every byte looks like the beginning of `text`.
  size_t Find(std::string_view text, size_t from) const {
    const std::string_view in = rest_.substr(from);
    const void* const found = memmem(in.data(), in.size(), text.data(), text.size());
    if (found == nullptr) return std::string_view::npos;
    return static_cast<size_t>(static_cast<const char*>(found) - rest_.data());
  }

  absl::Status SkipToFirstPart() {
    // The delimiter begins a line: what does not is passed a line at a time.
    const std::string at_line = StrCat("\n", delimiter_);
    size_t at = rest_.substr(0, delimiter_.size()) == delimiter_ ? 0 : Find(at_line, 0);
    while (at != std::string_view::npos) {
      const size_t line = rest_[at] == '\n' ? at + 1 : at;
      std::string_view after = rest_.substr(line + delimiter_.size());
      const AfterDelimiter what = TakeAfter(&after);
      if (what != AfterDelimiter::kNone) {
        ended_ = what == AfterDelimiter::kEnd;
        rest_ = after;
        return absl::OkStatus();
      }
      at = Find(at_line, line);
    }
    return InvalidRequest(
        "the body does not have the boundary that its Content-Type names; send multipart/form-data "
        "as a library for HTTP makes it");
  }

  absl::Status ReadPart() {
    ++part_;
    std::string_view name;
    DNC_RETURN_IF_ERROR(ReadHeaders(&name));
    const std::string delimiter = StrCat(line_end_, delimiter_);
    // An empty value may be written without a line of its own.
    const bool empty = rest_.substr(0, delimiter_.size()) == delimiter_;
    std::string_view after = rest_.substr(empty ? delimiter_.size() : 0);
    if (empty && Ends(TakeAfter(&after))) {
      rest_ = after;
      return out_.Add(name, {});
    }
    for (size_t at = Find(delimiter, 0); at != std::string_view::npos;
         at = Find(delimiter, at + 1)) {
      after = rest_.substr(at + delimiter.size());
      if (!Ends(TakeAfter(&after))) continue;
      const std::string_view value = rest_.substr(0, at);
      rest_ = after;
      return out_.Add(name, value);
    }
    return BadPart("has no end: the body was cut, or its last boundary is missing");
  }

  bool Ends(AfterDelimiter what) {
    ended_ = what == AfterDelimiter::kEnd;
    return what != AfterDelimiter::kNone;
  }

  // Takes a line off the front of the rest; false if there is no line end.
  bool TakeLine(std::string_view* line) {
    const size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return false;
    *line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (!line->empty() && line->back() == '\r') line->remove_suffix(1);
    return true;
  }

  absl::Status ReadHeaders(std::string_view* name) {
    bool named = false;
    const size_t begin = rest_.size();
    std::string_view line;
    while (TakeLine(&line)) {
      if (begin - rest_.size() > kMaxPartHeaderBytes) break;
      if (line.empty()) {
        return named ? absl::OkStatus()
                     : BadPart("has no header `Content-Disposition: form-data; name=\"...\"`");
      }
      DNC_RETURN_IF_ERROR(ReadHeader(line, name, &named));
    }
    return BadPart(StrCat("has no empty line behind its headers, or more than ",
                          kMaxPartHeaderBytes, " bytes of them"));
  }

  absl::Status ReadHeader(std::string_view line, std::string_view* name, bool* named) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return BadPart("has a header line without a name and a colon");
    }
    const std::string header = LowerCaseOf(WithoutBlanks(line.substr(0, colon)));
    const std::string_view value = WithoutBlanks(line.substr(colon + 1));
    if (header == "content-transfer-encoding") {
      const std::string encoding = LowerCaseOf(value);
      if (encoding == "7bit" || encoding == "8bit" || encoding == "binary") return absl::OkStatus();
      return BadPart("has a Content-Transfer-Encoding; send the values as they are");
    }
    if (header != "content-disposition") return absl::OkStatus();
    absl::StatusOr<HeaderValue> disposition = ParseHeaderValue(value);
    if (!disposition.ok()) return BadPart("has a Content-Disposition that cannot be read");
    const std::string* given = disposition->Get("name");
    if (disposition->main != "form-data" || given == nullptr || *named) {
      return BadPart("does not have one `Content-Disposition: form-data` with a name");
    }
    *named = true;
    *name = out_.Keep(*given);
    return absl::OkStatus();
  }

  std::string_view rest_;
  const std::string delimiter_;  // without the line end before it
  std::string_view line_end_;    // of the form; empty until the first delimiter line is read
  FormFields& out_;
  size_t part_ = 0;
  bool ended_ = false;
};

}  // namespace

const std::string* HeaderValue::Get(std::string_view name) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [name](const auto& each) { return each.first == name; });
  return found == parameters.end() ? nullptr : &found->second;
}

absl::StatusOr<HeaderValue> ParseHeaderValue(std::string_view text) {
  HeaderValue value;
  const size_t end = std::min(text.find(';'), text.size());
  value.main = LowerCaseOf(WithoutBlanks(text.substr(0, end)));
  text.remove_prefix(end);
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of("; \t"), text.size()));
    if (text.empty()) return value;
    const size_t equals = text.find_first_of("=;");
    if (equals == std::string_view::npos || text[equals] == ';') {
      return InvalidRequest("a header has a parameter without a value");
    }
    std::string name = LowerCaseOf(WithoutBlanks(text.substr(0, equals)));
    text.remove_prefix(equals + 1);
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    std::string parameter;
    if (!text.empty() && text[0] == '"') {
      if (!TakeQuoted(&text, &parameter)) {
        return InvalidRequest("a header has a quoted text without an end");
      }
      text.remove_prefix(std::min(text.find(';'), text.size()));
    } else {
      const size_t stop = std::min(text.find(';'), text.size());
      parameter = WithoutBlanks(text.substr(0, stop));
      text.remove_prefix(stop);
    }
    value.parameters.emplace_back(std::move(name), std::move(parameter));
  }
}

absl::Status ReadMultipart(std::string_view body, std::string_view boundary, FormFields* out) {
  if (boundary.empty() || boundary.size() > kMaxBoundaryBytes ||
      boundary.find_first_of("\r\n") != std::string_view::npos) {
    return InvalidRequest(StrCat("the Content-Type multipart/form-data needs a boundary of 1 to ",
                                 kMaxBoundaryBytes, " characters"));
  }
  return MultipartReader(body, boundary, out).Read();
}

}  // namespace dnc
