#include "tools/dncctl/number_block.h"

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {

std::string BlockOf(std::string_view text) {
  std::string digits;
  size_t placeholders = 0;
  bool star = false;
  for (const char c : text) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      if (placeholders > 0) return "";
      digits += c;
    } else if (c == '*' || c == 'x' || c == 'X' || c == '#' || c == '?' || c == '%') {
      star = star || c == '*' || c == '%';
      ++placeholders;
    } else if (std::string_view(" .-()+/").find(c) == std::string_view::npos) {
      return "";
    }
  }
  if (digits.size() > 3 && digits.size() != 6 && digits.front() == '1') digits.erase(0, 1);
  const bool whole =
      placeholders == 0 || placeholders + digits.size() == 10 || (star && placeholders == 1);
  const bool block = digits.size() == 3 || digits.size() == 6;
  return block && whole && digits.front() >= '2' ? digits : "";
}

std::string WhyNoBlockHere(const std::string& block, const std::string& list) {
  return fmt::format(
      "it is no number of ten digits; if it stands for {} {}, block all of its numbers with: "
      "dncctl lists block {} --list {}",
      block.size() == 3 ? "the whole area code" : "the whole exchange", block, block,
      Printable(list));
}

}  // namespace dnc::ctl
