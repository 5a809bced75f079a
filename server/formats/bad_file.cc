#include "server/formats/bad_file.h"

#include "absl/strings/ascii.h"

namespace dnc {

std::string SafeText(std::string_view text) {
  constexpr size_t kShown = 40;
  std::string safe(text.substr(0, kShown));
  for (char& c : safe) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isdigit(byte)) {
      c = '#';
    } else if (!absl::ascii_isprint(byte)) {
      c = '?';
    }
  }
  if (text.size() > kShown) safe += "...";
  return safe;
}

}  // namespace dnc
