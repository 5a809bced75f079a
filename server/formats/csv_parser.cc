#include "server/formats/csv_parser.h"

#include <algorithm>

#include "server/base/status_macros.h"
#include "server/formats/bad_file.h"

namespace dnc {
namespace {

constexpr std::string_view kDelimiters = ",;\t|";

// The delimiter that the first line has most of outside quotes; a comma if it has none.
char MostFrequentDelimiter(std::string_view text) {
  std::vector<size_t> counts(kDelimiters.size());
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    const size_t which = kDelimiters.find(c);
    if (which != std::string_view::npos) ++counts[which];
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  return kDelimiters[static_cast<size_t>(most - counts.begin())];
}

}  // namespace

absl::Status CsvParser::DetectDelimiter() {
  DNC_RETURN_IF_ERROR(text_.FillTo(text_.max_line_bytes()));
  delimiter_ = MostFrequentDelimiter(text_.buffered().substr(0, text_.max_line_bytes()));
  return absl::OkStatus();
}

void CsvParser::EndCell() {
  spans_.emplace_back(cell_start_, content_.size() - cell_start_);
  cell_start_ = content_.size();
  quoted_ = false;
}

void CsvParser::EndRecord(bool terminated) {
  const bool carriage_return = !quoted_ && content_.size() > cell_start_ && content_.back() == '\r';
  if (carriage_return) content_.pop_back();
  EndCell();
  record_.terminated = terminated;
  for (const auto& [at, length] : spans_) {
    record_.cells.push_back(std::string_view(content_).substr(at, length));
  }
}

absl::StatusOr<CsvParser::State> CsvParser::Step(State state, char c) {
  if (state == State::kQuoted) {
    if (c == '"') return State::kQuoteInQuoted;
    content_.push_back(c);
    return state;
  }
  if (c == '"' && state == State::kCellStart) {
    quoted_ = true;
    return State::kQuoted;
  }
  if (c == '"' && state == State::kQuoteInQuoted) {
    content_.push_back(c);
    return State::kQuoted;
  }
  if (c == delimiter_) {
    EndCell();
    return State::kCellStart;
  }
  if (c == '\n') {
    EndRecord(true);
    return State::kDone;
  }
  if (state == State::kQuoteInQuoted) {
    if (c == '\r') return state;
    return BadLine(record_.line, "text follows a closing quote; the quotes of this line are wrong");
  }
  content_.push_back(c);
  return State::kPlain;
}

absl::StatusOr<const CsvRecord*> CsvParser::Next() {
  if (delimiter_ == '\0') DNC_RETURN_IF_ERROR(DetectDelimiter());
  record_ = CsvRecord{std::move(record_.cells), text_.line_number(), false};
  record_.cells.clear();
  content_.clear();
  spans_.clear();
  cell_start_ = 0;
  State state = State::kCellStart;
  uint64_t line_ends = 0;
  size_t at = 0;
  while (state != State::kDone) {
    if (at == text_.buffered().size()) {
      DNC_RETURN_IF_ERROR(text_.Fill());
      if (at == text_.buffered().size() && text_.exhausted()) break;
    }
    const char c = text_.buffered()[at++];
    if (c == '\n') ++line_ends;
    DNC_ASSIGN_OR_RETURN(state, Step(state, c));
    if (at > text_.max_line_bytes()) return LineTooLong(record_.line);
  }
  text_.Consume(at, line_ends);
  if (state == State::kQuoted) {
    return BadLine(record_.line, "a quote is opened and never closed; the file may be cut off");
  }
  if (line_ends > (state == State::kDone ? 1U : 0U)) {
    return BadLine(
        record_.line,
        "a quoted cell of it goes on over further lines; a quote is missing or too many. "
        "If the text is meant so, write it on one line");
  }
  if (state == State::kDone) return &record_;
  if (at == 0) return nullptr;
  EndRecord(false);
  return &record_;
}

}  // namespace dnc
