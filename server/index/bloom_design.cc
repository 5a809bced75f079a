#include "server/index/bloom_design.h"

#include <algorithm>
#include <cmath>

namespace dnc {
namespace {

constexpr double kBlockBits = kBloomBlockBytes * 8;
constexpr double kWordBits = 64;

}  // namespace

BloomDesign DesignBloom(uint64_t capacity, double bits_a_key, uint64_t seed) {
  const double blocks = std::ceil(static_cast<double>(capacity) * bits_a_key / kBlockBits);
  const double most = static_cast<double>(kMaxBloomBlocks) + 1;
  return {static_cast<uint64_t>(std::clamp(blocks, 1.0, most)), capacity, seed};
}

double BloomErrorRate(double bits_a_key) {
  const double mean = kBlockBits / bits_a_key;
  // The sum from where the terms begin to count to where they end.
  const double spread = 12 * std::sqrt(mean) + 12;
  const double first = std::max(0.0, std::floor(mean - spread));
  double rate = 0;
  for (double keys = first; keys <= mean + spread; ++keys) {
    const double share = std::exp(-mean + keys * std::log(mean) - std::lgamma(keys + 1));
    const double set = 1 - std::pow(1 - 1 / kWordBits, keys);
    rate += share * std::pow(set, kBloomBlockWords);
  }
  return rate;
}

}  // namespace dnc
