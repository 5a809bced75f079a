#include "server/index/bloom_design.h"

#include <algorithm>
#include <cmath>

namespace dnc {
namespace {

constexpr double kBlockBits = kBloomBlockBytes * 8;

}  // namespace

BloomDesign DesignBloom(uint64_t capacity, double bits_a_key, uint64_t seed) {
  const double blocks = std::ceil(static_cast<double>(capacity) * bits_a_key / kBlockBits);
  const double most = static_cast<double>(kMaxBloomBlocks) + 1;
  return {static_cast<uint64_t>(std::clamp(blocks, 1.0, most)), capacity, seed};
}

}  // namespace dnc
