// The grammar of CSV (RFC 4180), for the server's lists and for the tools' tables.
//
//   CsvGrammar grammar(',', CsvLineEnds::kNewline);
//   for (const char c : text) {
//     switch (grammar.Take(c)) { ... }
//   }
//
// Only the grammar is shared. What reads lists (CsvParser) decodes the cells, bounds its lines and
// has the line ends of the whole file decided before; what reads tables (cli::CsvReader) keeps each
// record's exact bytes and takes whatever line end comes. So each has its own records and its own
// rule for a stray quote that swallowed rows: a list has a row's count of cells and digits to go
// by, a table knows the columns that hold numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dnc {

// What ends a record outside quotes. With kNewline a carriage return is text, which whoever reads
// the record drops before a newline; behind a closing quote it says nothing.
enum class CsvLineEnds : uint8_t { kNewline, kNewlineOrReturn };

// The delimiter that the first line of `text` has most of outside quotes, of `,` `;` tab `|`; a
// comma if it has none.
char FindDelimiter(std::string_view text, CsvLineEnds line_ends);

// What a byte is.
enum class CsvByte : uint8_t {
  kText,       // of the field's value; also the second of two quotes, which stand for one
  kQuote,      // opens or closes a quoted field, or is the first of two quotes
  kDelimiter,  // ends the field
  kLineEnd,    // ends the record
  kIgnored,    // a carriage return behind a closing quote
  kMisplaced,  // text behind a closing quote: the quotes of this record are wrong
};

// Follows a text byte by byte. Quoted fields may hold delimiters, line ends and doubled quotes; a
// quote inside an unquoted field stands for itself. Not thread-safe.
class CsvGrammar {
 public:
  CsvGrammar(char delimiter, CsvLineEnds line_ends)
      : delimiter_(delimiter), return_ends_(line_ends == CsvLineEnds::kNewlineOrReturn) {}

  // What the next byte is. Nothing may follow kMisplaced.
  CsvByte Take(char c) {
    if (state_ == State::kQuoted) {
      if (c != '"') return CsvByte::kText;
      state_ = State::kQuoteInQuoted;
      return CsvByte::kQuote;
    }
    if (c == '"' && state_ != State::kUnquoted) {
      const bool second = state_ == State::kQuoteInQuoted;
      state_ = State::kQuoted;
      return second ? CsvByte::kText : CsvByte::kQuote;
    }
    if (c == delimiter_) {
      state_ = State::kFieldStart;
      return CsvByte::kDelimiter;
    }
    if (c == '\n' || (c == '\r' && return_ends_)) {
      state_ = State::kFieldStart;
      return CsvByte::kLineEnd;
    }
    if (state_ == State::kQuoteInQuoted) {
      return c == '\r' ? CsvByte::kIgnored : CsvByte::kMisplaced;
    }
    state_ = State::kUnquoted;
    return CsvByte::kText;
  }

  // Whether the text so far ends inside a quoted field.
  bool inside_quotes() const { return state_ == State::kQuoted; }

 private:
  enum class State : uint8_t { kFieldStart, kUnquoted, kQuoted, kQuoteInQuoted };

  char delimiter_;
  bool return_ends_;
  State state_ = State::kFieldStart;
};

// The value of `field`, which stands as in the text: without its quotes, doubled ones made one.
std::string CsvValue(std::string_view field);

}  // namespace dnc
