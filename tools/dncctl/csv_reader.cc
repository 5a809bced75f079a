#include "tools/dncctl/csv_reader.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "server/numbers/number_lines.h"

namespace dnc::ctl {
namespace {
constexpr size_t kReadBytes = 256 << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
}  // namespace

std::string CsvRecord::Text(size_t field) const {
  std::string_view text(raw);
  text = text.substr(fields[field].begin, fields[field].end - fields[field].begin);
  if (text.empty() || text.front() != '"') return std::string(text);
  std::string value;
  bool quoted = true;
  for (size_t i = 1; i < text.size(); ++i) {
    if (!quoted || text[i] != '"') {
      value += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '"') {
      value += text[++i];
    } else {
      quoted = false;
    }
  }
  return value;
}

CsvReader::CsvReader(int fd, char delimiter)
    : fd_(fd), delimiter_(delimiter), buffer_(kReadBytes) {}

bool CsvReader::Fill() {
  ssize_t count;
  do {
    count = read(fd_, buffer_.data(), buffer_.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) error_ = errno;
  position_ = 0;
  filled_ = count > 0 ? static_cast<size_t>(count) : 0;
  bytes_read_ += filled_;
  return filled_ > 0;
}

void CsvReader::TakeByteOrderMark(CsvRecord* record) {
  for (const char expected : kByteOrderMark) {
    if (Peek() != static_cast<unsigned char>(expected)) return;
    record->raw += expected;
    ++position_;
  }
}

void CsvReader::TakeLineEnd(CsvRecord* record) {
  if (Peek() == '\r') {
    record->line_end += '\r';
    ++position_;
  }
  if (Peek() == '\n') {
    record->line_end += '\n';
    ++position_;
  }
  ++line_;
}

CsvReader::State CsvReader::Step(State state, char c, CsvRecord* record,
                                 size_t* field_begin) const {
  const bool quoted = state == State::kQuoted;
  if (c == delimiter_ && !quoted) {
    record->fields.push_back({*field_begin, record->raw.size()});
    *field_begin = record->raw.size() + 1;
    return State::kFieldStart;
  }
  if (c == '"') {
    if (quoted) return State::kQuoteInQuoted;
    if (state != State::kUnquoted) return State::kQuoted;  // opens, or is the second of a pair
    return State::kUnquoted;
  }
  return quoted ? State::kQuoted : State::kUnquoted;
}

bool CsvReader::HoldsRows(const CsvRecord& record) const {
  const std::string_view raw(record.raw);
  return std::any_of(
      record.fields.begin(), record.fields.end(), [&](const CsvRecord::Field& field) {
        return HoldsNumberLines(raw.substr(field.begin, field.end - field.begin), delimiter_);
      });
}

absl::StatusOr<bool> CsvReader::Next(CsvRecord* record) {
  record->raw.clear();
  record->line_end.clear();
  record->fields.clear();
  record->line = line_;
  if (line_ == 1) TakeByteOrderMark(record);
  State state = State::kFieldStart;
  size_t field_begin = record->raw.size();
  int next;
  while ((next = Peek()) != kEnd) {
    const char c = static_cast<char>(next);
    if ((c == '\n' || c == '\r') && state != State::kQuoted) break;
    if (state == State::kQuoteInQuoted && c != '"' && c != delimiter_) {
      return absl::InvalidArgumentError(
          fmt::format("line {}: text follows a closing quote; the quotes of this line are wrong",
                      record->line));
    }
    if (c == '\n') ++line_;
    state = Step(state, c, record, &field_begin);
    record->raw += c;
    ++position_;
    if (record->raw.size() > kMaxRecordBytes) {
      return absl::InvalidArgumentError(fmt::format(
          "line {}: a row longer than {} bytes; is the closing quote of a field missing?",
          record->line, kMaxRecordBytes));
    }
  }
  if (error_ != 0) {
    return absl::DataLossError(fmt::format("the input can't be read: {}", std::strerror(error_)));
  }
  if (state == State::kQuoted) {
    return absl::InvalidArgumentError(
        fmt::format("line {}: a quoted field has no end", record->line));
  }
  if (next == kEnd && record->raw.empty()) return false;
  if (!record->blank()) record->fields.push_back({field_begin, record->raw.size()});
  if (record->raw.find_first_of("\r\n") != std::string::npos && HoldsRows(*record)) {
    return absl::InvalidArgumentError(fmt::format(
        "line {}: a quoted field of it goes on over lines that hold phone numbers; a quote is "
        "missing or too many. If the text is meant so, write it on one line",
        record->line));
  }
  if (next != kEnd) TakeLineEnd(record);
  return true;
}

}  // namespace dnc::ctl
