// Prepares number texts for sending.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dnc {

// The longest text that is sent. Every server takes longer ones as malformed, and they stay
// malformed when they are cut here.
inline constexpr size_t kMaxNumberTextBytes = 80;

// Returns whether protobuf accepts `text` as a string.
bool IsUtf8(std::string_view text);

// Returns `text`, cut to kMaxNumberTextBytes. If it is not valid UTF-8, every byte that is not
// ASCII is replaced by `?`: an invalid protobuf string would fail the call for the whole batch.
std::string WireText(std::string_view text);

// Returns the number that a text means if that is plain to see: ten ASCII digits, or more with a
// leading 1 or 001, between usual signs. Returns 0 if only the server can tell.
uint64_t PlainNumber(std::string_view text);

// Returns whether a text can mean a number of ten digits: its plain number is that, or the digits
// stand in it one after the other, as in `tel:+1...`, `="..."` and `2.015550123E+09`. Digits are
// those that a server reads, ASCII and full-width.
bool Shows(std::string_view text, uint64_t number);

}  // namespace dnc
