#include "server/wire/stream_body.h"

#include <deque>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/seed.h"

namespace dnc {
namespace {

std::string Framed(const std::string& message) {
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame += static_cast<char>(message.size() >> shift & 0xFF);
  }
  return frame + message;
}

// However the bytes are cut, the messages come out as they went in, and are counted once.
TEST(StreamBodyTest, MessagesComeOutAsTheyWentIn) {
  blackbox::Random random(blackbox::TestSeed());
  StreamBody body;
  std::deque<std::string> expected;
  std::string on_the_way;
  size_t whole = 0;
  size_t taken = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (blackbox::OneIn(random, 3)) {
      expected.push_back(Framed(std::string(blackbox::Below(random, 300), 'x')));
      on_the_way += expected.back();
    }
    const size_t part = blackbox::Below(random, on_the_way.size() + 1);
    whole += static_cast<size_t>(body.Append(on_the_way.substr(0, part)));
    on_the_way.erase(0, part);
    ASSERT_EQ(body.HasWholeMessage(), whole > taken);
    while (body.HasWholeMessage() && !blackbox::OneIn(random, 3)) {
      ASSERT_EQ(body.MessageSize(), expected.front().size() - kMessagePrefixBytes);
      ASSERT_EQ(body.TakeMessage(), expected.front());
      expected.pop_front();
      ++taken;
    }
  }
  EXPECT_GT(taken, 1000U);
}

TEST(StreamBodyTest, LetsGoOfTheMemoryOfWhatIsTaken) {
  StreamBody body;
  for (int i = 0; i < 100; ++i) body.Append(Framed(std::string(4000, 'x')));
  body.Append(std::string(1, '\0'));
  EXPECT_GT(body.capacity(), 400'000U);
  while (body.HasWholeMessage()) body.TakeMessage();
  EXPECT_EQ(body.size(), 1U);
  EXPECT_LT(body.capacity(), 10'000U);
  body.Append(std::string("\0\0\0\1x", 5) + Framed(std::string(4'000'000, 'x')) + '\0');
  while (body.HasWholeMessage()) body.TakeMessage();
  EXPECT_EQ(body.size(), 1U);
  EXPECT_LT(body.capacity(), 10'000U);
}

}  // namespace
}  // namespace dnc
