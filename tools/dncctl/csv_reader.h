// Reads CSV (RFC 4180) record by record and keeps each one's exact bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace dnc::ctl {

// A record as it stands in the file.
struct CsvRecord {
  struct Field {
    size_t begin;  // in `raw`, its quotes included
    size_t end;
  };

  std::string raw;       // without the line end; a byte order mark included
  std::string line_end;  // "\n", "\r\n", "\r", or "" at the end of the file
  std::vector<Field> fields;
  uint64_t line = 0;  // the line it starts on, from 1

  bool blank() const { return raw.empty(); }
  // The value of a field: without its quotes, doubled ones made one.
  std::string Text(size_t field) const;
};

// Quoted fields may hold delimiters and line ends; a quote inside of an unquoted field stands for
// itself. Line ends of a file may differ. Memory: a buffer and the record. Not thread-safe.
class CsvReader {
 public:
  // A record may have at most so many bytes: a lost quote must not swallow the file.
  static constexpr size_t kMaxRecordBytes = 1 << 20;

  // Reads from a file descriptor, which stays the caller's.
  CsvReader(int fd, char delimiter);

  // Reads the next record; false at the end. Errors: a failed read, a quoted field without an end,
  // one that holds phone numbers on lines of its own: two stray quotes make one field of the rows
  // between them.
  absl::StatusOr<bool> Next(CsvRecord* record);

  uint64_t bytes_read() const { return bytes_read_; }

 private:
  enum class State { kFieldStart, kUnquoted, kQuoted, kQuoteInQuoted };
  static constexpr int kEnd = -1;

  // The next byte without taking it, kEnd at the end or after an error.
  int Peek() { return position_ < filled_ || Fill() ? Byte(position_) : kEnd; }
  int Byte(size_t at) const { return static_cast<unsigned char>(buffer_[at]); }
  bool Fill();
  void TakeByteOrderMark(CsvRecord* record);
  void TakeLineEnd(CsvRecord* record);
  bool HoldsRows(const CsvRecord& record) const;
  // The state after `c`, which is no line end outside of quotes.
  State Step(State state, char c, CsvRecord* record, size_t* field_begin) const;

  const int fd_;
  const char delimiter_;
  std::vector<char> buffer_;
  size_t position_ = 0;
  size_t filled_ = 0;
  uint64_t bytes_read_ = 0;
  uint64_t line_ = 1;
  int error_ = 0;  // errno of a failed read
};

}  // namespace dnc::ctl
