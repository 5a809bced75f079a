#include "server/rpc/scrub_wire.h"

#include <string>
#include <vector>

#include "dnc/v1/scrub_service.pb.h"
#include "gtest/gtest.h"
#include "server/rpc/scrub_wire_test_util.h"
#include "tests/support/seed.h"

namespace dnc {
namespace {

using blackbox::Below;
using blackbox::OneIn;
using blackbox::Random;

std::string Packed(const std::vector<uint64_t>& numbers) {
  std::string packed;
  for (const uint64_t number : numbers) {
    for (int byte = 0; byte < 5; ++byte) packed.push_back(static_cast<char>(number >> (8 * byte)));
  }
  return packed;
}

v1::ScrubRequest RandomRequest(Random& random) {
  v1::ScrubRequest request;
  const auto count = OneIn(random, 8) ? Below(random, 3000) : Below(random, 10);
  if (OneIn(random, 2)) {
    for (uint64_t i = 0; i < count; ++i) request.add_numbers(random() >> Below(random, 64));
  } else {
    std::vector<uint64_t> numbers(count);
    for (uint64_t& number : numbers) number = random();
    request.set_packed_numbers(Packed(numbers));
    if (OneIn(random, 10)) request.mutable_packed_numbers()->append("x");
  }
  if (OneIn(random, 10)) request.add_texts("(201) 555-0123");
  if (OneIn(random, 10)) request.add_numbers(2015550123);
  if (OneIn(random, 2)) request.set_detail(static_cast<v1::Detail>(Below(random, 4)));
  if (OneIn(random, 10)) request.mutable_as_of()->set_seconds(1);
  if (OneIn(random, 10)) request.mutable_as_answered_at()->set_seconds(1);
  if (OneIn(random, 2)) request.set_at_least_revision(random() >> Below(random, 64));
  if (OneIn(random, 2)) request.set_scope(OneIn(random, 4) ? "br\xC3\xA4nd" : "brand/spring");
  return request;
}

TEST(ScrubWireTest, ReadsBothFormsOfNumbers) {
  const std::vector<uint64_t> numbers = {2015550123, 12015550123, 0, 42, (1ULL << 40) - 1};
  v1::ScrubRequest fixed;
  for (const uint64_t number : numbers) fixed.add_numbers(number);
  v1::ScrubRequest packed;
  packed.set_packed_numbers(Packed(numbers));
  for (v1::ScrubRequest* request : {&fixed, &packed}) {
    request->set_scope("brand/spring");
    request->set_at_least_revision(uint64_t{1} << 60);
    request->set_detail(v1::DETAIL_COLUMNS);
    const std::string bytes = request->SerializeAsString();
    const auto columns = ReadScrubColumns(bytes);
    ASSERT_TRUE(columns.has_value());
    ASSERT_EQ(columns->count, numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(columns->Number(i), numbers[i]);
    EXPECT_EQ(columns->scope, "brand/spring");
    EXPECT_EQ(columns->at_least_revision, uint64_t{1} << 60);
    EXPECT_EQ(PeekCount(bytes), numbers.size());
  }
}

TEST(ScrubWireTest, LeavesEverythingElseToProtobuf) {
  v1::ScrubRequest request;
  request.add_numbers(2015550123);
  const std::string plain = request.SerializeAsString();
  EXPECT_TRUE(ReadScrubColumns(plain).has_value());
  EXPECT_FALSE(ReadScrubColumns(plain + plain).has_value()) << "a field twice";
  EXPECT_FALSE(ReadScrubColumns(plain.substr(0, plain.size() - 1)).has_value()) << "cut";
  EXPECT_FALSE(ReadScrubColumns(plain + "\x7A\x01x").has_value()) << "an unknown field";
  EXPECT_FALSE(ReadScrubColumns("\x09\x01\x02\x03\x04\x05\x06\x07\x08").has_value()) << "unpacked";
  const std::string long_length = std::string("\x32\x81\x80\x80\x80\x80\x00", 7) + "x";
  EXPECT_FALSE(v1::ScrubRequest().ParseFromString(long_length));
  EXPECT_FALSE(ReadScrubColumns(long_length).has_value()) << "a length that protobuf refuses";
  request.set_detail(v1::DETAIL_FULL);
  EXPECT_FALSE(ReadScrubColumns(request.SerializeAsString()).has_value());
  request.clear_detail();
  request.mutable_as_of();
  EXPECT_FALSE(ReadScrubColumns(request.SerializeAsString()).has_value());
  request.clear_as_of();
  request.mutable_as_answered_at();
  EXPECT_FALSE(ReadScrubColumns(request.SerializeAsString()).has_value());
  request.clear_as_answered_at();
  request.set_packed_numbers("12345");
  EXPECT_FALSE(ReadScrubColumns(request.SerializeAsString()).has_value()) << "both forms";
  request.clear_numbers();
  request.set_packed_numbers("1234");
  EXPECT_FALSE(ReadScrubColumns(request.SerializeAsString()).has_value()) << "a cut number";
}

TEST(ScrubWireTest, ReadsAsProtobufDoes) {
  Random random(blackbox::TestSeed());
  int taken = 0;
  constexpr int kRounds = 20'000;
  for (int round = 0; round < kRounds; ++round) {
    std::string bytes = RandomRequest(random).SerializeAsString();
    // Damage, so that also what no client sends is read.
    for (uint64_t i = Below(random, 3); i > 0 && !bytes.empty() && OneIn(random, 2); --i) {
      bytes[Below(random, std::min<uint64_t>(bytes.size(), 20))] = static_cast<char>(random());
    }
    if (CheckReadAsProtobuf(bytes)) ++taken;
  }
  EXPECT_GT(taken, kRounds / 5);
}

TEST(ScrubWireTest, WritesWhatProtobufWrites) {
  Random random(blackbox::TestSeed());
  for (int round = 0; round < 2'000; ++round) {
    v1::ScrubResponse expected;
    v1::Snapshot* snapshot = expected.mutable_snapshot();
    if (!OneIn(random, 4)) snapshot->set_revision(random());
    for (uint64_t lists = Below(random, 4); lists > 0; --lists) {
      v1::ListSnapshot* list = snapshot->add_lists();
      list->set_list(std::string(Below(random, 200), 'l'));
      list->set_digest(std::string(32, 'd'));
      list->mutable_valid_until()->set_seconds(1'700'000'000);
    }
    const size_t count = OneIn(random, 8) ? Below(random, 20'000) : Below(random, 200);
    ScrubColumnsWriter writer(count, snapshot->ByteSizeLong() + Below(random, 3) * 100);
    ASSERT_EQ(writer.verdicts().size(), count);
    ASSERT_EQ(writer.reasons().size(), count);
    for (size_t i = 0; i < count; ++i) {
      const auto verdict = static_cast<v1::Verdict>(Below(random, v1::Verdict_MAX + 1));
      const auto reasons = static_cast<uint32_t>(random());
      expected.add_verdicts(verdict);
      expected.add_reasons(reasons);
      writer.verdicts()[i] = static_cast<uint8_t>(verdict);
      writer.reasons()[i] = reasons;
    }
    v1::ScrubResponse rest;
    for (uint64_t ends = OneIn(random, 2) ? Below(random, 9) : 0; ends > 0; --ends) {
      v1::EarlierEnd* const end = rest.add_earlier_ends();
      end->set_index(static_cast<uint32_t>(Below(random, 1'000)));
      end->mutable_valid_until()->set_seconds(1'700'000'000);
    }
    *expected.mutable_earlier_ends() = rest.earlier_ends();
    MessageBuffer made;
    writer.Take(*snapshot, rest, &made);
    ASSERT_EQ(std::string(made.message()), expected.SerializeAsString()) << count;
  }
}

TEST(ScrubWireTest, AnAnswerNotFilledInIsDoNotCall) {
  ScrubColumnsWriter writer(3, 0);
  MessageBuffer made;
  writer.Take(v1::Snapshot(), v1::ScrubResponse(), &made);
  v1::ScrubResponse response;
  ASSERT_TRUE(response.ParseFromString(std::string(made.message())));
  ASSERT_EQ(response.verdicts_size(), 3);
  for (const int verdict : response.verdicts()) EXPECT_EQ(verdict, v1::VERDICT_UNSPECIFIED);
}

}  // namespace
}  // namespace dnc
