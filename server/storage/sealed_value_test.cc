#include "server/storage/sealed_value.h"

#include <gtest/gtest.h>

namespace dnc {
namespace {

TEST(SealedValueTest, GivesBackOnlyWhatWasSealedForTheKey) {
  for (const std::string& value : {std::string(), std::string("value"), std::string(1000, '\0')}) {
    const std::string sealed = SealValue("key", value);
    EXPECT_EQ(sealed.size(), value.size() + kSealBytes);
    EXPECT_EQ(UnsealValue("key", sealed), value);
    EXPECT_EQ(UnsealValue("kez", sealed), std::nullopt);
    EXPECT_EQ(UnsealValue("", sealed), std::nullopt);
    EXPECT_EQ(UnsealValue("key", sealed + '\0'), std::nullopt);
    for (size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
      std::string flipped = sealed;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      ASSERT_EQ(UnsealValue("key", flipped), std::nullopt);
    }
    for (size_t size = 0; size < sealed.size(); ++size) {
      ASSERT_EQ(UnsealValue("key", sealed.substr(0, size)), std::nullopt);
    }
  }
}

}  // namespace
}  // namespace dnc
