// Any bytes as a list of numbers: it is read in parts of any size as it is in one, and written
// again it is the same list.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "server/dialer/phone_list.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  dnc::PhoneListReader whole(text);
  dnc::PhoneListReader parts(text);
  dnc::PhoneListPart all;
  dnc::PhoneListPart part;
  if (!whole.Next(whole.count(), &all).ok()) return 0;
  Require(whole.AtEnd() && all.entries.size() == whole.count());
  std::string written;
  size_t at = 0;
  while (!parts.AtEnd()) {
    Require(parts.Next(1 + data[0] % 7, &part).ok());
    for (size_t i = 0; i < part.entries.size(); ++i, ++at) {
      Require(part.numbers[i] == all.numbers[at]);
      Require(part.entries[i].asked == all.entries[at].asked);
      if (at > 0) written += ',';
      written += part.entries[i].asked;
      const auto& id = part.entries[i].id;
      // An empty id is told from none by nobody.
      if (!id.empty()) written.append("|").append(id);
      Require(part.entries[i].asked.find_first_of(",|\"\r\n") == std::string_view::npos);
    }
  }
  Require(at == whole.count());
  dnc::PhoneListReader again(written);
  Require(again.count() == whole.count() || whole.count() == 1);
  return 0;
}
