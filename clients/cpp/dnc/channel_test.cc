#include "dnc/channel.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "dnc/client.h"

namespace dnc {
namespace {

constexpr char kKey[] = "dnck_0123456789abcdefghij";

TEST(ChannelTest, IdentitiesAreTrimmed) {
  for (const char* const space : {"\n", "\r\n", " ", "\t", "\n\n", " \v\f"}) {
    const auto identity =
        CheckIdentity({std::string(space) + kKey + space, std::string(space) + "acme" + space});
    ASSERT_TRUE(identity.ok()) << identity.status();
    EXPECT_EQ(identity->api_key, kKey);
    EXPECT_EQ(identity->tenant, "acme");
  }
  EXPECT_EQ(CheckIdentity({" \n", "\n"})->api_key, "");
}

TEST(ChannelTest, WhatACallCannotCarryIsAnErrorWithoutTheKey) {
  for (const std::string& between :
       {std::string("\n"), std::string(" "), std::string("\0", 1), std::string("\x01"),
        std::string("\x7F"), std::string("\xEF\xBB\xBF"), std::string("\xFF")}) {
    for (const std::string& key : {kKey + between + "rest", "x" + between + kKey}) {
      ClientOptions options;
      options.api_key = key;
      const auto client = Client::Connect(options);
      ASSERT_TRUE(absl::IsInvalidArgument(client.status())) << client.status();
      EXPECT_FALSE(absl::StrContains(client.status().ToString(), "0123456789"));
    }
    ClientOptions options;
    options.tenant = "ac" + between + "\x02me";
    EXPECT_TRUE(absl::IsInvalidArgument(Client::Connect(options).status()));
  }
}

TEST(ChannelTest, TargetsAreTrimmedAndChecked) {
  EXPECT_EQ(*CheckTarget(" 127.0.0.1:50061\r\n"), "127.0.0.1:50061");
  EXPECT_EQ(*CheckTarget("unix:/run/my dncd.sock"), "unix:/run/my dncd.sock");
  for (const char* const target : {"", " \n", "host :1", "a\nb:1", "http://127.0.0.1:50061",
                                   "HTTPS://dnc.example.org", "unix:/a\nb"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckTarget(target).status())) << target;
    ClientOptions options;
    options.target = target;
    EXPECT_TRUE(absl::IsInvalidArgument(Client::Connect(options).status())) << target;
  }
}

TEST(ChannelTest, WhatIsOnThisMachine) {
  for (const char* const target :
       {"127.0.0.1:50061", "127.1.2.3:1", "localhost:50061", "LOCALHOST:1", "localhost", "[::1]:1",
        "unix:/run/dncd.sock", "unix:dncd.sock", "unix:///run/dncd.sock", "unix-abstract:dncd",
        "dns:localhost:1", "dns:///127.0.0.1:1", "ipv4:127.0.0.1:1,127.0.0.1:2", "ipv6:[::1]:1"}) {
    EXPECT_TRUE(IsLocal(target)) << target;
  }
  for (const char* const target :
       {"dnc.example.org:50061", "10.0.0.1:1", "127.example.org:1", "localhost.example.org:1",
        "ipv4:127.0.0.1:1,10.0.0.1:1", "ipv6:[2001:db8::1]:1", "dns:///dnc.example.org:1",
        "0.0.0.0:1"}) {
    EXPECT_FALSE(IsLocal(target)) << target;
  }
}

TEST(ChannelTest, WhatNamesSeveralServers) {
  for (const char* const target :
       {"ipv4:10.0.0.1:1,10.0.0.2:1", "ipv4:10.0.0.1:1%2c10.0.0.2:1", "ipv6:[::1]:1%2C[::2]:1",
        "ipv6:[::1]:1,[::2]:1", "dns:///a.example.org,b.example.org"}) {
    EXPECT_TRUE(NamesSeveral(target)) << target;
  }
  for (const char* const target : {"127.0.0.1:50061", "unix:/run/a,b.sock", "unix-abstract:a,b",
                                   "dns:///dnc.example.org:1", "ipv6:[::1]:1"}) {
    EXPECT_FALSE(NamesSeveral(target)) << target;
  }
}

TEST(ChannelTest, AddressesOfATarget) {
  using Addresses = std::vector<std::string>;
  EXPECT_EQ(AddressesOf("127.0.0.1:50061"), Addresses({"127.0.0.1:50061"}));
  EXPECT_EQ(AddressesOf("dnc.example.org"), Addresses({"dnc.example.org:443"}));
  EXPECT_EQ(AddressesOf("dns:///dnc.example.org:1"), Addresses({"dnc.example.org:1"}));
  EXPECT_EQ(AddressesOf("ipv4:10.0.0.1:1,10.0.0.2"), Addresses({"10.0.0.1:1", "10.0.0.2:443"}));
  EXPECT_EQ(AddressesOf("ipv6:[::1]:1"), Addresses({"[::1]:1"}));
  EXPECT_EQ(AddressesOf("ipv6:::1"), Addresses({"[::1]:443"}));
}

TEST(ChannelTest, AProxyIsNamedOnlyWhereItIsUsed) {
  for (const char* const name :
       {"grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy"}) {
    unsetenv(name);
  }
  EXPECT_EQ(ProxyVariable("dnc.example.org:1"), "");
  setenv("http_proxy", "http://proxy.example.org:3128", 1);
  EXPECT_EQ(ProxyVariable("dnc.example.org:1"), "http_proxy");
  EXPECT_EQ(ProxyVariable("localhost:1"), "");
  EXPECT_EQ(ProxyVariable("unix:/run/dncd.sock"), "");
  setenv("https_proxy", "http://proxy.example.org:3128", 1);
  EXPECT_EQ(ProxyVariable("dnc.example.org:1"), "https_proxy");
  EXPECT_TRUE(absl::StrContains(ProxyHint("dnc.example.org:1"), "https_proxy"));
  setenv("no_proxy", "elsewhere.org, example.org", 1);
  EXPECT_EQ(ProxyVariable("dnc.example.org:1"), "");
  EXPECT_EQ(ProxyHint("dnc.example.org:1"), "");
  EXPECT_EQ(ProxyVariable("dnc.example.com:1"), "https_proxy");
}

}  // namespace
}  // namespace dnc
