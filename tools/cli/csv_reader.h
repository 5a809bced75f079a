// Reads the CSV of a table (server/formats/csv_grammar.h) record by record and keeps each one's
// exact bytes, so that what is written again is the same but for what was added.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/text_source.h"

namespace dnc::cli {

// A record as it stands in the file; UTF-16 as UTF-8.
struct CsvRecord {
  struct Field {
    size_t begin;  // in `raw`, its quotes included
    size_t end;
  };

  std::string raw;       // without the line end; a byte order mark included
  std::string line_end;  // "\n", "\r\n", "\r", or "" at the end of the file
  std::vector<Field> fields;
  uint64_t line = 0;  // the line it starts on, from 1

  // A line without a record: an empty one, the Ctrl-Z that old programs end a file with, or the
  // `sep=;` that spreadsheets begin one with.
  bool blank() const { return raw.empty() || raw == "\x1A" || (line == 1 && TellsDelimiter()); }
  // The value of a field: without its quotes, doubled ones made one.
  std::string Text(size_t field) const;
  // The values of all fields.
  std::vector<std::string> Texts() const;
  // Whether no field holds anything but blanks.
  bool HoldsNothing() const;
  // Whether it is `sep=;` or the like.
  bool TellsDelimiter() const;
};

// How a table is recognised in a quoted field: what stands there has the heading's count of fields
// and a number in one of its columns.
struct TableShape {
  size_t columns = 0;
  std::vector<size_t> number_columns;
  std::vector<size_t> ignored_columns;  // their fields are not looked at
  bool short_numbers = false;           // seven digits are a number: the area code stands elsewhere
};

// The line ends of a file may differ. Memory: a buffer and the record. Not thread-safe.
class CsvReader {
 public:
  // A record may have at most so many bytes: a lost quote must not swallow the file.
  static constexpr size_t kMaxRecordBytes = 1 << 20;
  // The delimiter is to be found: the one of `,` `;` tab `|` that the first line has most of
  // outside of quotes; a comma if it has none.
  static constexpr char kFindDelimiter = '\0';

  // Reads from a file descriptor, which stays the caller's.
  CsvReader(int fd, char delimiter) : source_(fd), delimiter_(delimiter) {}

  // Reads the next record; false at the end. Errors: a failed read, no text (TextSource), a quoted
  // field without an end, one that holds rows: two stray quotes make one field of the rows between
  // them. Until the shape is set, whatever has a number on a line of its own passes for a row.
  absl::StatusOr<bool> Next(CsvRecord* record);

  void set_shape(TableShape shape) { shape_ = std::move(shape); }

  // Known from the first record on.
  char delimiter() const { return delimiter_; }
  uint64_t bytes_read() const { return source_.bytes_read(); }

 private:
  static constexpr int kEnd = -1;

  // The next byte without taking it, kEnd at the end or after an error.
  int Peek() { return position_ < buffer_.size() || Fill() ? Byte(position_) : kEnd; }
  int Byte(size_t at) const { return static_cast<unsigned char>(buffer_[at]); }
  bool Fill();
  void TakeByteOrderMark(CsvRecord* record);
  void TakeLineEnd(CsvRecord* record);
  bool HoldsRows(const CsvRecord& record) const;
  // Whether the line of `raw` from `begin` to `end` is a row that lies in a quoted field.
  bool IsSwallowedRow(const CsvRecord& record, size_t begin, size_t end) const;
  bool IsNumber(std::string_view cell) const;
  // Takes a record's bytes up to its line end, which comes next; false at the end of the file.
  absl::StatusOr<bool> TakeFields(CsvRecord* record);

  TextSource source_;
  char delimiter_;
  TableShape shape_;
  std::string_view buffer_;  // the source's
  size_t position_ = 0;
  uint64_t line_ = 1;
  absl::Status error_;  // of the source
};

}  // namespace dnc::cli
