#include "server/wire/inflate.h"

#include <zlib.h>

#include <string>

#include "gtest/gtest.h"
#include "server/base/error.h"

namespace dnc {
namespace {

std::string Compress(const std::string& text, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}
std::string Gzip(const std::string& text) { return Compress(text, 16 + 15); }

TEST(InflateTest, KnowsTheNames) {
  EXPECT_EQ(EncodingOf("identity"), MessageEncoding::kIdentity);
  EXPECT_EQ(EncodingOf("gzip"), MessageEncoding::kGzip);
  EXPECT_EQ(EncodingOf("deflate"), MessageEncoding::kDeflate);
  EXPECT_EQ(EncodingOf("snappy"), MessageEncoding::kUnknown);
}

TEST(InflateTest, ReadsBothForms) {
  for (const size_t size : {0UL, 1UL, 1000UL, 65536UL, 65537UL, 200'000UL}) {
    const std::string text(size, 'a');
    EXPECT_EQ(*Inflate(MessageEncoding::kGzip, Gzip(text), size), text);
    EXPECT_EQ(*Inflate(MessageEncoding::kDeflate, Compress(text, 15), size), text);
  }
}

TEST(InflateTest, ABoundHolds) {
  const std::string bomb = Gzip(std::string(10'000'000, '\0'));
  const auto refused = Inflate(MessageEncoding::kGzip, bomb, 100'000);
  EXPECT_EQ(ErrorReason(refused.status()), reason::kLimitReached.name);
  EXPECT_FALSE(Inflate(MessageEncoding::kGzip, Gzip("ab"), 1).ok());
}

TEST(InflateTest, WhatIsCutOrFollowedByMoreIsNone) {
  const std::string whole = Gzip("some text");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Inflate(MessageEncoding::kGzip, whole.substr(0, size), 100).ok()) << size;
  }
  EXPECT_FALSE(Inflate(MessageEncoding::kGzip, whole + "x", 100).ok());
  EXPECT_FALSE(Inflate(MessageEncoding::kGzip, "plain text", 100).ok());
}

}  // namespace
}  // namespace dnc
