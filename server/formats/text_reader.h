// Lines of a text, and the bytes behind them for readers that take many lines at a stroke.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/formats/byte_source.h"

namespace dnc {

struct Line {
  std::string_view text;  // without its LF or CRLF; valid until the next call of the reader
  uint64_t number = 0;    // from 1
  bool terminated = false;
};

// Not thread-safe. After an error, the reader must not be used any more.
class TextReader {
 public:
  // `source` must outlive the reader. Lines longer than `max_line_bytes` are BAD_FILE.
  TextReader(ByteSource& source, uint64_t max_line_bytes);

  // What is read but not consumed. More comes with Fill(), which moves the bytes. Ctrl-Z at the end
  // of the text, the end of a DOS file, is not part of it.
  std::string_view buffered() const { return {buffer_.data() + begin_, shown_ - begin_}; }
  // The same and what lies before it: what an error may be about.
  std::string_view surroundings() const { return {buffer_.data(), shown_}; }
  bool exhausted() const { return exhausted_; }  // nothing comes any more
  uint64_t max_line_bytes() const { return max_line_bytes_; }

  // Reads another piece behind what is buffered: at least a byte, unless the source is exhausted.
  absl::Status Fill();

  // Takes a carriage return for a line end from now on, also in what is buffered.
  void TakeCarriageReturns();

  // Drops `bytes` that held `lines` line ends.
  void Consume(size_t bytes, uint64_t lines);

  // Reads until at least `bytes` are buffered or the source is exhausted.
  absl::Status FillTo(size_t bytes);

  // The number of the line that starts at the first buffered byte.
  uint64_t line_number() const { return line_number_; }

  // The next line; nothing at the end. A final piece without LF is a line that is not terminated.
  absl::StatusOr<std::optional<Line>> NextLine();

 private:
  absl::Status FillOnce();

  ByteSource& source_;
  const uint64_t max_line_bytes_;
  size_t piece_;  // bytes to ask for next
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t shown_ = 0;  // up to end_, without Ctrl-Z that may be the last bytes of the text
  bool carriage_returns_ = false;
  uint64_t line_number_ = 1;
  bool exhausted_ = false;
};

// The refusal of a last line without its line end, `unterminated`; OK if `allowed`.
absl::Status RefuseUnterminated(uint64_t line, bool allowed);

// BAD_FILE: a last line without its line end that may be the start of a longer record. No override
// makes it believed: what was cut off would be lost without a word.
absl::Status MayBeCut(uint64_t line, std::string_view what);

// Returns whether a line has nothing but blanks, delimiters and empty quotes, as the rows of a
// spreadsheet below its last one.
bool IsBlankRow(std::string_view line);

// BAD_FILE: the line that follows a blank one.
absl::Status DataAfterBlank(uint64_t line);

// BAD_FILE: a line longer than the limit.
absl::Status LineTooLong(uint64_t line);

}  // namespace dnc
