// Reads any bytes as a stored block, with their own and with a fitting checksum. They must be
// refused, or decode to what encodes to the same bytes.
#include <xxhash.h>

#include <cstdlib>
#include <string>

#include "server/index/stored_block.h"

namespace {

void Check(int exchange, std::string_view block) {
  dnc::Bitmap bitmap;
  const auto count = dnc::DecodeStoredBlock(exchange, block, bitmap);
  if (!count.ok()) return;
  dnc::StoredBlockBuffer buffer;
  if (bitmap.Count() != *count) std::abort();
  if (dnc::EncodeStoredBlock(exchange, bitmap, buffer) != block) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string block(reinterpret_cast<const char*>(data), size);
  const int exchange = size == 0 ? 0 : data[size / 2];
  Check(exchange, block);
  const uint64_t checksum = XXH3_64bits_withSeed(block.data(), block.size(), exchange);
  block.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
  Check(exchange, block);
  return 0;
}
