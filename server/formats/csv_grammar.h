// The grammar of CSV (RFC 4180), for the server's lists and for the tools' tables.
//
//   CsvGrammar grammar(',', CsvLineEnds::kNewline);
//   for (const char c : text) {
//     switch (grammar.Take(c)) { ... }
//   }
//
// Only the grammar is shared. The reader of lists (CsvParser) decodes the cells, limits the length
// of lines, and decides beforehand which line ends the whole file has. The reader of tables
// (cli::CsvReader) keeps each record's exact bytes and accepts any line end. So each has its own
// records, and its own way to detect rows that stray quotes swallowed: a list knows how many cells
// and digits a row has, a table knows which columns hold numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dnc {

// The bytes that end a record outside quotes. With kNewline a carriage return is text, which the
// reader of the record drops before a newline; behind a closing quote it has no meaning.
enum class CsvLineEnds : uint8_t { kNewline, kNewlineOrReturn };

// Returns the delimiter, of `,` `;` tab `|`, that the first line of `text` has most of outside
// quotes; a comma if it has none.
char FindDelimiter(std::string_view text, CsvLineEnds line_ends);

// The meaning of a byte.
enum class CsvByte : uint8_t {
  kText,   // part of the field's value; also the second of two quotes, which together stand for one
  kQuote,  // opens or closes a quoted field, or is the first of two quotes
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

  // Returns what the next byte means. Nothing may follow kMisplaced.
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

  // Returns whether the text so far ends inside a quoted field.
  bool inside_quotes() const { return state_ == State::kQuoted; }

 private:
  enum class State : uint8_t { kFieldStart, kUnquoted, kQuoted, kQuoteInQuoted };

  char delimiter_;
  bool return_ends_;
  State state_ = State::kFieldStart;
};

// Returns the value of `field`, given as in the text: removes its quotes and makes doubled quotes
// single.
std::string CsvValue(std::string_view field);

}  // namespace dnc
