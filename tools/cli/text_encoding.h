// Converts other encodings to UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace dnc::cli {

// Returns `text` unchanged if it is UTF-8. Otherwise reads it as Windows-1252, which spreadsheets
// write and which includes ISO 8859-1; there every text can be read.
std::string ToUtf8(std::string_view text);

// Converts UTF-16 to UTF-8, piece by piece. A lone surrogate becomes U+FFFD. Not thread-safe.
class Utf16Decoder {
 public:
  explicit Utf16Decoder(bool big_endian) : big_endian_(big_endian) {}

  // Appends the characters that these bytes complete to `out`.
  void Decode(std::string_view bytes, std::string* out);

  // Returns whether the text so far ends between two characters; if not, a byte is missing.
  bool complete() const { return !has_odd_byte_ && high_ == 0; }

 private:
  void TakeUnit(char32_t unit, std::string* out);

  const bool big_endian_;
  bool has_odd_byte_ = false;
  unsigned char odd_byte_ = 0;
  char32_t high_ = 0;  // the first half of a pair; 0: none
};

}  // namespace dnc::cli
