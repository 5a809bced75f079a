// Bytes of other encodings as UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace dnc::cli {

// `text` as it is if it is UTF-8, else read as Windows-1252, which spreadsheets write, and of which
// ISO 8859-1 is a part: there every text has a reading.
std::string ToUtf8(std::string_view text);

// Turns UTF-16 into UTF-8 a piece at a time. A half surrogate becomes U+FFFD. Not thread-safe.
class Utf16Decoder {
 public:
  explicit Utf16Decoder(bool big_endian) : big_endian_(big_endian) {}

  // Appends the characters that are complete with these bytes to `out`.
  void Decode(std::string_view bytes, std::string* out);

  // Whether the text ends here between two characters; if not, a byte of it is missing.
  bool complete() const { return !has_odd_byte_ && high_ == 0; }

 private:
  void TakeUnit(char32_t unit, std::string* out);

  const bool big_endian_;
  bool has_odd_byte_ = false;
  unsigned char odd_byte_ = 0;
  char32_t high_ = 0;  // the first half of a pair; 0: none
};

}  // namespace dnc::cli
