#include "server/records/tenant_record.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "server/records/journal_position.h"
#include "server/records/record_meaning.h"
#include "server/rules/ebr_rules.h"

namespace dnc {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

TenantRecord Everything() {
  TenantRecord record;
  record.number = 2015550123;
  record.made_at = kNow;
  record.made_by = "agent 7";
  record.channel = Channel::kText;
  record.reason = "asked";
  record.note = std::string(1000, 'n');
  record.expires_at = kNow + absl::Hours(50'000);
  record.ebr_kind = EbrKind::kInquiry;
  record.last_event_at = kNow - absl::Hours(5);
  record.source = "form";
  record.revision = 77;
  return record;
}

TEST(TenantRecord, KeysRoundTripAndSort) {
  const std::string key = EncodeRecordKey({1, 2015550123, 3});
  EXPECT_EQ(key.size(), kRecordKeyBytes);
  EXPECT_EQ(*DecodeRecordKey(key), (RecordKey{1, 2015550123, 3}));
  EXPECT_LT(key, EncodeRecordKey({1, 2015550123, 4}));
  EXPECT_LT(EncodeRecordKey({1, 9999999999, 9}), EncodeRecordKey({2, 2005550000, 1}));
  EXPECT_FALSE(DecodeRecordKey(key.substr(1)).ok());
  EXPECT_FALSE(DecodeRecordKey(EncodeRecordKey({0, 2015550123, 3})).ok());
  EXPECT_FALSE(DecodeRecordKey(EncodeRecordKey({1, kNumberLimit, 3})).ok());
}

TEST(TenantRecord, RoundTrips) {
  const std::string key = EncodeRecordKey({1, 2015550123, 3});
  const TenantRecord in = Everything();
  const auto out = DecodeTenantRecord(key, EncodeTenantRecord(key, in));
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(EncodeTenantRecord(key, *out), EncodeTenantRecord(key, in));
  EXPECT_EQ(out->note, in.note);
  EXPECT_EQ(out->last_event_at, in.last_event_at);
  TenantRecord least;
  least.number = in.number;
  least.made_at = kNow;
  const std::string value = EncodeTenantRecord(key, least);
  EXPECT_LT(value.size(), 24U);
  EXPECT_EQ(DecodeTenantRecord(key, value)->expires_at, absl::InfiniteFuture());
}

TEST(TenantRecord, EveryFlippedBitAndTruncationIsRefused) {
  const std::string key = EncodeRecordKey({1, 2015550123, 3});
  TenantRecord record = Everything();
  record.note = "short";
  const std::string value = EncodeTenantRecord(key, record);
  for (size_t bit = 0; bit < 8 * value.size(); ++bit) {
    std::string damaged = value;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeTenantRecord(key, damaged).ok()) << bit;
  }
  for (size_t size = 0; size < value.size(); ++size) {
    EXPECT_FALSE(DecodeTenantRecord(key, value.substr(0, size)).ok()) << size;
  }
  // Under another key it is another record's value.
  EXPECT_FALSE(DecodeTenantRecord(EncodeRecordKey({1, 2015550124, 3}), value).ok());
}

absl::Time Day(int year, int month, int day, int hour = 12) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, hour, 0, 0), absl::UTCTimeZone());
}

// The end of a relationship lies on the day after its last one, by Guam's clock.
bool EndsAfter(absl::Time end, int year, int month, int day) {
  return end ==
         absl::FromCivil(absl::CivilDay(year, month, day) + 1, absl::FixedTimeZone(10 * 60 * 60));
}

TEST(EbrRules, LastAsLongAsTheShortestRule) {
  EXPECT_TRUE(EndsAfter(EbrEnd(EbrKind::kTransaction, Day(2026, 1, 15, 23), 201), 2027, 7, 15));
  EXPECT_TRUE(EndsAfter(EbrEnd(EbrKind::kInquiry, Day(2026, 1, 15, 23), 201), 2026, 4, 15));
  EXPECT_TRUE(EndsAfter(EbrEnd(EbrKind::kTransaction, Day(2026, 1, 15, 23), 512), 2027, 1, 15));
  EXPECT_TRUE(EndsAfter(EbrEnd(EbrKind::kTransaction, Day(2026, 1, 15, 23), 314), 2026, 7, 14));
  // An area code of nobody knows where gets the shortest of all.
  EXPECT_TRUE(EndsAfter(EbrEnd(EbrKind::kTransaction, Day(2026, 1, 15, 23), 999), 2026, 7, 14));
}

TEST(EbrRules, MonthsEndWhereTheCalendarEnds) {
  EXPECT_TRUE(EndsAfter(EbrEnd(EbrKind::kInquiry, Day(2025, 11, 30, 23), 201), 2026, 2, 28));
  EXPECT_TRUE(EndsAfter(EbrEnd(EbrKind::kTransaction, Day(2026, 8, 31, 23), 201), 2028, 2, 29));
  // Eleven in the morning UTC is still the day before in American Samoa.
  EXPECT_TRUE(EndsAfter(EbrEnd(EbrKind::kInquiry, Day(2026, 1, 15, 10), 201), 2026, 4, 14));
}

TEST(EbrRules, NothingKnownIsNoRelationship) {
  EXPECT_EQ(EbrEnd(EbrKind::kNone, kNow, 201), absl::InfinitePast());
  EXPECT_EQ(EbrEnd(EbrKind::kTransaction, absl::InfinitePast(), 201), absl::InfinitePast());
  EXPECT_EQ(EbrEnd(EbrKind::kTransaction, absl::InfiniteFuture(), 201), absl::InfinitePast());
  EXPECT_EQ(EbrEnd(EbrKind::kTransaction, Day(1850, 1, 1), 201), absl::InfinitePast());
  EXPECT_LT(EbrEnd(EbrKind::kTransaction, Day(1950, 1, 1), 201), Day(1952, 1, 1));
}

TEST(CountsUntil, TheFirstOfTheEnds) {
  TenantRecord record = Everything();
  EXPECT_EQ(CountsUntil(TenantListKind::kConsent, record), record.expires_at);
  EXPECT_LT(CountsUntil(TenantListKind::kEbr, record), record.expires_at);
  record.expires_at = kNow + absl::Hours(1);
  EXPECT_EQ(CountsUntil(TenantListKind::kEbr, record), record.expires_at);
}

TEST(SpanOf, WhatHadEndedByAnAcceptedClockCountsNoMore) {
  const AcceptedClock accepted{7, 1, kNow + absl::Hours(400 * 24), kNow + absl::Hours(1)};
  TenantRecord record = Everything();
  record.expires_at = kNow + absl::Hours(30 * 24);
  record.made_at = kNow - absl::Hours(1);
  for (const uint64_t revision : {7U, 8U}) {
    record.revision = revision;
    const bool ended = revision == 7;
    const absl::Time now = kNow + absl::Hours(2);
    EXPECT_EQ(SpanOf(TenantListKind::kConsent, record, accepted).At(now), !ended);
    EXPECT_EQ(ToldUntil(TenantListKind::kConsent, record, accepted),
              ended ? accepted.accepted_at : record.expires_at);
    EXPECT_EQ(WhyNotInForce(TenantListKind::kConsent, record, accepted, now).empty(), !ended);
    // A request not to be called holds as long as it says.
    EXPECT_TRUE(SpanOf(TenantListKind::kInternal, record, accepted).At(now));
    EXPECT_EQ(ToldUntil(TenantListKind::kInternal, record, accepted), record.expires_at);
    EXPECT_EQ(ToldUntil(TenantListKind::kConsent, record, {}), record.expires_at);
  }
}

class JournalPositionTest : public testing::Test {
 protected:
  ~JournalPositionTest() override { std::remove(path_.c_str()); }
  std::string Content() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Write(const std::string& content) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << content;
  }
  const std::string path_ = testing::TempDir() + "/dnc_journal_position";
};

TEST_F(JournalPositionTest, KeepsTheLast) {
  std::remove(path_.c_str());
  for (uint64_t revision = 1; revision < 6; ++revision) {
    auto journal = JournalPosition::Open(path_);
    ASSERT_TRUE(journal.ok());
    EXPECT_EQ((*journal)->last().has_value(), revision > 1);
    ASSERT_TRUE((*journal)->Move({{7, 8}, revision}).ok());
    EXPECT_EQ((*JournalPosition::Open(path_))->last(), (Position{{7, 8}, revision}));
  }
}

TEST_F(JournalPositionTest, NoFlippedBitHidesTheLast) {
  std::remove(path_.c_str());
  auto journal = JournalPosition::Open(path_);
  for (uint64_t revision = 1; revision < 4; ++revision) {
    ASSERT_TRUE((*journal)->Move({{7, 8}, revision}).ok());
  }
  const std::string content = Content();
  std::mt19937 random(1);
  for (size_t byte = 0; byte < content.size(); ++byte) {
    if (byte % 4096 >= 64) continue;  // nothing lies between the slots
    std::string damaged = content;
    damaged[byte] = static_cast<char>(damaged[byte] ^ (1U << (random() % 8)));
    Write(damaged);
    EXPECT_EQ((*JournalPosition::Open(path_))->last(), (Position{{7, 8}, 3})) << byte;
  }
}

TEST_F(JournalPositionTest, ATornWriteLeavesThePositionBefore) {
  std::remove(path_.c_str());
  auto journal = JournalPosition::Open(path_);
  ASSERT_TRUE((*journal)->Move({{7, 8}, 1}).ok());
  const std::string before = Content();
  ASSERT_TRUE((*journal)->Move({{7, 8}, 2}).ok());
  const std::string after = Content();
  for (size_t cut = 0; cut < before.size(); cut += 7) {
    Write(after.substr(0, cut) + before.substr(cut));
    const auto read = JournalPosition::Open(path_);
    ASSERT_TRUE(read.ok()) << cut;
    EXPECT_GE((*read)->last()->revision, 1U) << cut;
  }
}

TEST_F(JournalPositionTest, NonsenseIsRefused) {
  Write(std::string(20000, 'x'));
  EXPECT_FALSE(JournalPosition::Open(path_).ok());
  Write("x");
  EXPECT_FALSE(JournalPosition::Open(path_).ok());
}

}  // namespace
}  // namespace dnc
