#include "server/scrub/list_name.h"

#include <gtest/gtest.h>

#include "server/base/error.h"

namespace dnc {
namespace {

TEST(ListName, IsWrittenInOneWay) {
  const std::pair<const char*, const char*> names[] = {
      {"national", "national"},           {" National\t", "national"},
      {"WIRELESS", "wireless"},           {"Wireline\n", "wireline"},
      {"state:TX", "state:TX"},           {"state:tx", "state:TX"},
      {"STATE:Tx", "state:TX"},           {" State : tX ", "state:TX"},
      {"litigator:abc", "litigator:abc"}, {"Litigator:ABC", "litigator:abc"},
      {"other:Own-2_b", "other:own-2_b"},
  };
  for (const auto& [name, written] : names) {
    EXPECT_EQ(CanonicalListName(name).value_or(""), written) << name;
    EXPECT_EQ(CanonicalListName(written).value_or(""), written) << "once more";
  }
}

TEST(ListName, OthersAreRefused) {
  for (const char* name :
       {"", " ", "nation al", "state", "state:", "state:ZZ", "state:T", "state:TXX", "state:T X",
        "litigator:", "litigator:a b", "litigator:\xc3\xa4", "other:a:b", "national:x", ":TX",
        "wireless:a", "other:12345678901234567890123456789012345678901"}) {
    EXPECT_EQ(ErrorReason(ParseListName(name).status()), reason::kInvalidRequest) << name;
    EXPECT_EQ(CanonicalOrSame(name), name);
  }
}

}  // namespace
}  // namespace dnc
