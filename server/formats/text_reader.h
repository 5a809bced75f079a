// Reads a text line by line, and shows the bytes ahead to readers that take many lines at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/formats/byte_source.h"

namespace dnc {

struct Line {
  std::string_view text;  // without its LF or CRLF; valid until the reader's next call
  uint64_t number = 0;    // counts from 1
  bool terminated = false;
};

// Not thread-safe. After an error, the reader must not be used any more.
class TextReader {
 public:
  // `source` must outlive the reader. A line longer than `max_line_bytes` is a BAD_FILE.
  TextReader(ByteSource& source, uint64_t max_line_bytes);

  // Returns what is read but not consumed. Fill() reads more and moves the bytes. A Ctrl-Z at the
  // end of the text, DOS's end of file, is not part of it.
  std::string_view buffered() const { return {buffer_.data() + begin_, shown_ - begin_}; }
  // Returns the same, together with what precedes it: an error may be about that too.
  std::string_view surroundings() const { return {buffer_.data(), shown_}; }
  bool exhausted() const { return exhausted_; }  // nothing more will come
  uint64_t max_line_bytes() const { return max_line_bytes_; }

  // Reads another piece behind what is buffered: at least one byte, unless the source is exhausted.
  absl::Status Fill();

  // Treats a carriage return as a line end from now on, also in what is buffered.
  void TakeCarriageReturns();

  // Drops `bytes` bytes, which held `lines` line ends.
  void Consume(size_t bytes, uint64_t lines);

  // Reads until at least `bytes` are buffered or the source is exhausted.
  absl::Status FillTo(size_t bytes);

  // Returns the number of the line that starts at the first buffered byte.
  uint64_t line_number() const { return line_number_; }

  // Returns the next line, or nullopt at the end. A final piece without LF is a line that is not
  // terminated.
  absl::StatusOr<std::optional<Line>> NextLine();

 private:
  absl::Status FillOnce();

  ByteSource& source_;
  const uint64_t max_line_bytes_;
  size_t piece_;  // bytes to request next
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t shown_ = 0;  // up to end_, without a Ctrl-Z that may be the text's last byte
  bool carriage_returns_ = false;
  uint64_t line_number_ = 1;
  bool exhausted_ = false;
};

// Refuses a last line without its line end (`unterminated`); OK if `allowed`.
absl::Status RefuseUnterminated(uint64_t line, bool allowed);

// Makes the BAD_FILE for a last line without its line end that may be the start of a longer record.
// No override accepts it, because what was cut off would be lost silently.
absl::Status MayBeCut(uint64_t line, std::string_view what);

// Returns whether a line has nothing but blanks, delimiters and empty quotes, like the rows below
// the last used one in a spreadsheet.
bool IsBlankRow(std::string_view line);

// Makes the BAD_FILE for a line that follows a blank one.
absl::Status DataAfterBlank(uint64_t line);

// Makes the BAD_FILE for a line longer than the limit.
absl::Status LineTooLong(uint64_t line);

}  // namespace dnc
