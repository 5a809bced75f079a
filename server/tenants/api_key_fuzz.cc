// Takes any bytes as an API key. They must be accepted, or be refused with a message that does not
// depend on the bytes. A good key with any one character changed, or cut anywhere, must be refused.
#include <string>
#include <string_view>

#include "server/base/check.h"
#include "server/tenants/api_key.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string key(reinterpret_cast<const char*>(data), size);
  const auto id = dnc::ApiKeyId(key);
  if (id.ok()) {
    DNC_CHECK(key.substr(5, 8) == *id, "the id is of the key");
  } else {
    // The few fixed messages are no longer than this, and contain nothing of the key.
    const std::string_view message(id.status().message().data(), id.status().message().size());
    DNC_CHECK(message.substr(0, 8) == "the key " && message.size() < 160, "a fixed message");
  }

  // Changes a well-formed key at the place, and to the character, that the input names. The key is
  // nobody's, and is the same in every run, so that an input reproduces its finding.
  static const std::string made = "dnck_x4zj0543_5fx6241qy5tkk40nb52mpk14c7sene99s5mabf35";
  DNC_CHECK(dnc::ApiKeyId(made).ok(), "a made key is accepted");
  if (size < 2) return 0;
  std::string changed = made;
  changed[data[0] % changed.size()] = static_cast<char>(data[1]);
  DNC_CHECK(dnc::ApiKeyId(changed).ok() == (changed == made), "a changed key is refused");
  changed = made;
  changed.resize(data[0] % made.size());
  DNC_CHECK(!dnc::ApiKeyId(changed).ok(), "a cut key is refused");
  return 0;
}
