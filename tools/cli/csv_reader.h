// Reads the CSV of a table (server/formats/csv_grammar.h) record by record and keeps each one's
// exact bytes, so that what is written again differs only by what was added.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/text_source.h"

namespace dnc::cli {

// A record as it stands in the file; UTF-16 becomes UTF-8.
struct CsvRecord {
  struct Field {
    size_t begin;  // in `raw`, including its quotes
    size_t end;
  };

  std::string raw;       // without the line end; includes a byte order mark
  std::string line_end;  // "\n", "\r\n", "\r", or "" at the end of the file
  std::vector<Field> fields;
  uint64_t line = 0;  // the line where it starts, from 1

  // Returns whether the line has no record: an empty line, the Ctrl-Z with which old programs end a
  // file, or the `sep=;` with which spreadsheets begin one.
  bool blank() const { return raw.empty() || raw == "\x1A" || (line == 1 && TellsDelimiter()); }
  // Returns the value of a field: without its quotes, and with doubled quotes made single.
  std::string Text(size_t field) const;
  // Returns the values of all fields.
  std::vector<std::string> Texts() const;
  // Returns whether all fields hold only blanks.
  bool HoldsNothing() const;
  // Returns whether it is `sep=;` or similar.
  bool TellsDelimiter() const;
};

// How to recognize rows of the table in a quoted field: a line with the heading's count of fields
// and a number in one of these columns.
struct TableShape {
  size_t columns = 0;
  std::vector<size_t> number_columns;
  std::vector<size_t> ignored_columns;  // their fields are not checked
  // Seven digits are a number, because the area code has its own column.
  bool short_numbers = false;
};

// The line ends of a file may differ. Takes memory for a buffer and one record. Not thread-safe.
class CsvReader {
 public:
  // A record may have at most so many bytes, so that a missing quote cannot swallow the file.
  static constexpr size_t kMaxRecordBytes = 1 << 20;
  // Makes the reader find the delimiter: the one of `,` `;` tab `|` that the first line has most of
  // outside quotes, or a comma if it has none.
  static constexpr char kFindDelimiter = '\0';

  // Reads from a file descriptor, which the caller keeps owning.
  CsvReader(int fd, char delimiter) : source_(fd), delimiter_(delimiter) {}

  // Reads the next record; returns false at the end. Fails if reading fails, if the file is no text
  // (TextSource), if a quoted field does not end, or if one holds rows: two stray quotes turn the
  // rows between them into one field. Until the shape is set, any line with a number on it counts
  // as a row.
  absl::StatusOr<bool> Next(CsvRecord* record);

  void set_shape(TableShape shape) { shape_ = std::move(shape); }

  // Known from the first record on.
  char delimiter() const { return delimiter_; }
  uint64_t bytes_read() const { return source_.bytes_read(); }

 private:
  static constexpr int kEnd = -1;

  // Returns the next byte without taking it; kEnd at the end or after an error.
  int Peek() { return position_ < buffer_.size() || Fill() ? Byte(position_) : kEnd; }
  int Byte(size_t at) const { return static_cast<unsigned char>(buffer_[at]); }
  bool Fill();
  void TakeByteOrderMark(CsvRecord* record);
  void TakeLineEnd(CsvRecord* record);
  bool HoldsRows(const CsvRecord& record) const;
  // Returns whether the line of `raw` from `begin` to `end` is a row inside a quoted field.
  bool IsSwallowedRow(const CsvRecord& record, size_t begin, size_t end) const;
  bool IsNumber(std::string_view cell) const;
  // Takes a record's bytes up to its line end, which comes next. Returns false at the end of the
  // file.
  absl::StatusOr<bool> TakeFields(CsvRecord* record);

  TextSource source_;
  char delimiter_;
  TableShape shape_;
  std::string_view buffer_;  // belongs to the source
  size_t position_ = 0;
  uint64_t line_ = 1;
  absl::Status error_;  // of the source
};

}  // namespace dnc::cli
