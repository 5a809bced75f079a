#include "server/base/listen_address.h"

#include <string>

#include "gtest/gtest.h"

namespace dnc {
namespace {

TEST(AddressTest, TellsAddressesApart) {
  for (const std::string good : {"127.0.0.1:0", "localhost:50061", "[::1]:65535", "dnc.lan:1"}) {
    EXPECT_TRUE(IsListenAddress(good)) << good;
  }
  for (const std::string bad :
       {"", ":1", "a", "a:", "a:65536", "a:-1", "a:1x", "::1:5", "a b:1", "unix:/tmp/x:1"}) {
    EXPECT_FALSE(IsListenAddress(bad)) << bad;
  }
  EXPECT_TRUE(IsUnixAddress("unix:/run/dncd.sock"));
  for (const char* bad : {"unix:", "unix:/", "unix:run/dncd.sock", "/run/dncd.sock"}) {
    EXPECT_FALSE(IsUnixAddress(bad)) << bad;
  }
  EXPECT_FALSE(IsUnixAddress("unix:/" + std::string(100, 'x')));
  EXPECT_TRUE(IsLoopback("unix:/run/dncd.sock"));
  EXPECT_TRUE(IsLoopback("127.0.0.1:1"));
  EXPECT_TRUE(IsLoopback("[::1]:1"));
  EXPECT_FALSE(IsLoopback("0.0.0.0:1"));
  EXPECT_FALSE(IsLoopback("[::]:1"));
}

}  // namespace
}  // namespace dnc
