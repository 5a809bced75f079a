#include "server/wire/grpc_text.h"

#include <chrono>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/seed.h"

namespace dnc {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(GrpcTextTest, ReadsTimeouts) {
  EXPECT_EQ(ParseGrpcTimeout("1n"), nanoseconds(1));
  EXPECT_EQ(ParseGrpcTimeout("20u"), microseconds(20));
  EXPECT_EQ(ParseGrpcTimeout("100m"), milliseconds(100));
  EXPECT_EQ(ParseGrpcTimeout("99999S"), seconds(99999));
  EXPECT_EQ(ParseGrpcTimeout("3M"), minutes(3));
  EXPECT_EQ(ParseGrpcTimeout("8759H"), hours(8759));
  EXPECT_EQ(ParseGrpcTimeout("0m"), nanoseconds(0));
}

TEST(GrpcTextTest, TheLongestTimeoutsAreEndless) {
  for (const char* text : {"8760H", "99999999H", "99999999M", "99999999S"}) {
    EXPECT_EQ(ParseGrpcTimeout(text), kEndlessTimeout) << text;
  }
}

TEST(GrpcTextTest, OtherTextsAreNoTimeouts) {
  for (const char* text : {"", "1", "m", "123456789m", "-1m", "1.5S", "1 m", "1s", "1h", "0x1m"}) {
    EXPECT_FALSE(ParseGrpcTimeout(text).has_value()) << text;
  }
}

TEST(GrpcTextTest, EncodesMessages) {
  EXPECT_EQ(PercentEncode("a b~!"), "a b~!");
  EXPECT_EQ(PercentEncode("100%"), "100%25");
  EXPECT_EQ(PercentEncode("a\nb"), "a%0Ab");
  EXPECT_EQ(PercentEncode("\xC3\xA4\x7F"), "%C3%A4%7F");
}

TEST(GrpcTextTest, BinaryMetadataComesBack) {
  blackbox::Random random(blackbox::TestSeed());
  for (int round = 0; round < 300; ++round) {
    std::string bytes(blackbox::Below(random, 50), '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string text = EncodeBinaryMetadata(bytes);
    EXPECT_EQ(text.find('='), std::string::npos);
    EXPECT_EQ(DecodeBinaryMetadata(text), bytes);
    std::string padded = text;
    while (padded.size() % 4 != 0) padded += '=';
    EXPECT_EQ(DecodeBinaryMetadata(padded), bytes);
  }
  EXPECT_FALSE(DecodeBinaryMetadata("a*b").has_value());
}

}  // namespace
}  // namespace dnc
