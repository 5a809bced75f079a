#include "server/formats/text_reader.h"

#include <algorithm>
#include <cstring>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"

namespace dnc {
namespace {
constexpr size_t kFirstPiece = 16 << 10;
constexpr size_t kPiece = 1 << 20;
constexpr char kCtrlZ = '\x1A';
// Old systems fill up their last block with Ctrl-Z; this is the most that is accepted.
constexpr size_t kMaxPadding = 4096;
}  // namespace

TextReader::TextReader(ByteSource& source, uint64_t max_line_bytes)
    : source_(source), max_line_bytes_(max_line_bytes), piece_(kFirstPiece) {}

absl::Status TextReader::Fill() {
  const size_t before = buffered().size();
  while (!exhausted_ && buffered().size() == before) DNC_RETURN_IF_ERROR(FillOnce());
  return absl::OkStatus();
}

void TextReader::TakeCarriageReturns() {
  carriage_returns_ = true;
  std::replace(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(end_), '\r', '\n');
}

absl::Status TextReader::FillOnce() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  // At most one line stays; a small file never needs the large buffer.
  if (buffer_.size() < end_ + piece_) buffer_.resize(end_ + piece_);
  DNC_ASSIGN_OR_RETURN(const size_t got,
                       source_.Read(buffer_.data() + end_, buffer_.size() - end_));
  if (carriage_returns_) std::replace(&buffer_[end_], &buffer_[end_] + got, '\r', '\n');
  end_ += got;
  exhausted_ = got == 0;
  shown_ = end_;
  while (shown_ > begin_ && buffer_[shown_ - 1] == kCtrlZ) --shown_;
  if (end_ - shown_ > kMaxPadding) shown_ = end_;
  if (exhausted_) end_ = shown_;
  piece_ = std::min(2 * piece_, kPiece);
  return absl::OkStatus();
}

absl::Status TextReader::FillTo(size_t bytes) {
  while (!exhausted_ && buffered().size() < bytes) DNC_RETURN_IF_ERROR(Fill());
  return absl::OkStatus();
}

void TextReader::Consume(size_t bytes, uint64_t lines) {
  begin_ += bytes;
  line_number_ += lines;
}

absl::StatusOr<std::optional<Line>> TextReader::NextLine() {
  size_t searched = 0;
  for (;;) {
    const std::string_view bytes = buffered();
    const size_t length = bytes.find('\n', searched);
    const bool found = length != std::string_view::npos;
    if (std::min(length, bytes.size()) > max_line_bytes_) return LineTooLong(line_number_);
    if (found || exhausted_) {
      if (bytes.empty()) return std::nullopt;
      Line line{bytes.substr(0, length), line_number_, found};
      if (!line.text.empty() && line.text.back() == '\r') line.text.remove_suffix(1);
      Consume(found ? length + 1 : bytes.size(), 1);
      return line;
    }
    searched = bytes.size();
    DNC_RETURN_IF_ERROR(Fill());
  }
}

absl::Status RefuseUnterminated(uint64_t line, bool allowed) {
  if (allowed) return absl::OkStatus();
  return GuardError(
      "unterminated",
      StrCat("line ", line,
             ", the last one, has no line end, so the file may be cut off; get it again"));
}

absl::Status MayBeCut(uint64_t line, std::string_view what) {
  return BadLine(line, StrCat("the last line has no line end and may be the start of ", what,
                              "; get the file again, or end the line if the file is complete"));
}

bool IsBlankRow(std::string_view line) {
  return line.find_first_not_of(" \t\r,;|\"") == std::string_view::npos;
}

absl::Status DataAfterBlank(uint64_t line) {
  return BadLine(line, "data follows a blank line; the file seems to be put together or damaged");
}

absl::Status LineTooLong(uint64_t line) {
  return BadLine(line, "longer than any line of a list; this is no text of numbers");
}

}  // namespace dnc
