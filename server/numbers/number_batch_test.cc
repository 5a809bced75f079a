#include "server/numbers/number_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/support/seed.h"

namespace dnc {
namespace {

std::vector<uint64_t> Values(std::mt19937_64& random) {
  std::vector<uint64_t> values = {0, 1, std::numeric_limits<uint64_t>::max()};
  for (const uint64_t edge :
       {uint64_t{2'000'000'000}, uint64_t{10'000'000'000}, uint64_t{12'000'000'000},
        uint64_t{20'000'000'000}, uint64_t{1} << 32, uint64_t{1} << 34, uint64_t{1} << 63}) {
    values.insert(values.end(), {edge - 1, edge, edge + 1});
  }
  for (int i = 0; i < 2'000; ++i) values.push_back(random() >> (random() % 64));
  for (int i = 0; i < 2'000; ++i) values.push_back(random() % (uint64_t{25} * 1'000'000'000));
  std::shuffle(values.begin(), values.end(), random);
  return values;
}

TEST(NumberBatchTest, NormalizesAsNormalizeNumberDoes) {
  const uint64_t seed = blackbox::TestSeed();
  SCOPED_TRACE("DNC_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<uint64_t> values = Values(random);
  // Tests every alignment, with batches of every small size.
  std::string bytes(8 * values.size() + 8, '\0');
  for (const CpuLevel level : {CpuLevel::kPortable, CpuLevel::kAvx2, CpuLevel::kAvx512}) {
    if (!IsSupported(level)) continue;
    for (size_t size = 0; size < 100; ++size) {
      const size_t shift = size % 8;
      const size_t start = random() % (values.size() - size);
      std::memcpy(bytes.data() + shift, values.data() + start, 8 * size);
      std::vector<Number> out(size + 1, 7);
      NormalizeBatchWith(level, bytes.data() + shift, size, out.data());
      for (size_t i = 0; i < size; ++i) {
        const ParsedNumber parsed = NormalizeNumber(values[start + i]);
        ASSERT_EQ(out[i], parsed.ok ? parsed.number : kNumberLimit) << values[start + i];
      }
      ASSERT_EQ(out[size], 7);
    }
  }
}

}  // namespace
}  // namespace dnc
