#include "server/rules/area_codes.h"

#include <set>
#include <string>

#include "gtest/gtest.h"
#include "server/numbers/phone_number.h"

namespace dnc {
namespace {

TEST(AreaCodesTest, TableIsAscendingAndWellFormed) {
  int before = 0;
  std::set<std::string> states;
  for (const AreaCodeInfo& info : UsAreaCodes()) {
    EXPECT_GT(info.area_code, before);
    EXPECT_TRUE(IsAreaCode(info.area_code));
    EXPECT_EQ(info.state.size(), 2u);
    before = info.area_code;
    states.emplace(info.state);
  }
  EXPECT_EQ(states.size(), 56u);  // 50 states, the district, 5 territories
  EXPECT_GE(UsAreaCodes().size(), 360u);
}

TEST(AreaCodesTest, LooksUpStates) {
  EXPECT_TRUE(AreaCodesOfState("TX")[512]);
  EXPECT_TRUE(AreaCodesOfState("tx")[214]);
  EXPECT_FALSE(AreaCodesOfState("TX")[212]);
  EXPECT_EQ(AreaCodesOfState("WY").count(), 1u);
  EXPECT_TRUE(AreaCodesOfState("ZZ").none());
  EXPECT_TRUE(AreaCodesOfState("").none());
}

TEST(AreaCodesTest, KnowsItsOwnCodes) {
  EXPECT_EQ(KnownAreaCodes().count(), UsAreaCodes().size());
  EXPECT_TRUE(KnownAreaCodes()[748]);
  EXPECT_FALSE(KnownAreaCodes()[389]);
}

TEST(AreaCodesTest, KnowsNoForeignOrTollFreeCodes) {
  EXPECT_EQ(StateOfAreaCode(787), "PR");
  EXPECT_EQ(StateOfAreaCode(201), "NJ");
  for (int code : {0, 200, 416, 500, 800, 888, 900, 999, 1000, -1}) {
    EXPECT_EQ(StateOfAreaCode(code), "") << code;
  }
}

}  // namespace
}  // namespace dnc
