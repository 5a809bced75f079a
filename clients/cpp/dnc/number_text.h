// Number texts as they may go over the wire.
#pragma once

#include <string>
#include <string_view>

namespace dnc {

// The longest text that is sent. Longer ones are malformed for every server, and stay so when
// they are cut here.
inline constexpr size_t kMaxNumberTextBytes = 80;

// Whether protobuf takes `text` for a string.
bool IsUtf8(std::string_view text);

// `text`, cut to kMaxNumberTextBytes and with every byte outside of ASCII replaced by `?` if it is
// not valid UTF-8. A protobuf string that isn't would fail the call for the whole batch.
std::string WireText(std::string_view text);

}  // namespace dnc
