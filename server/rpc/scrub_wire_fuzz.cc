// Any bytes as a ScrubRequest: the fast reader leaves them to protobuf, or both read the same. And
// no beginning of them makes the foretelling of the count read past its end.
#include <string>
#include <string_view>

#include "server/rpc/scrub_wire_test_util.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  dnc::CheckReadAsProtobuf(bytes);
  if (size > 0) dnc::PeekCount(std::string_view(bytes).substr(0, data[0] % size));
  return 0;
}
