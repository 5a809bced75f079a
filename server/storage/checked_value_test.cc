#include "server/storage/checked_value.h"

#include <gtest/gtest.h>

namespace dnc {
namespace {

TEST(CheckedValueTest, GivesBackOnlyWhatWasSealedForTheKey) {
  for (const std::string& value : {std::string(), std::string("value"), std::string(1000, '\0')}) {
    const std::string sealed = AddCheck("key", value);
    EXPECT_EQ(sealed.size(), value.size() + kCheckBytes);
    EXPECT_EQ(RemoveCheck("key", sealed), value);
    EXPECT_EQ(RemoveCheck("kez", sealed), std::nullopt);
    EXPECT_EQ(RemoveCheck("", sealed), std::nullopt);
    EXPECT_EQ(RemoveCheck("key", sealed + '\0'), std::nullopt);
    for (size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
      std::string flipped = sealed;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      ASSERT_EQ(RemoveCheck("key", flipped), std::nullopt);
    }
    for (size_t size = 0; size < sealed.size(); ++size) {
      ASSERT_EQ(RemoveCheck("key", sealed.substr(0, size)), std::nullopt);
    }
  }
}

}  // namespace
}  // namespace dnc
