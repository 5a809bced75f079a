#include "dnc/scrub_result.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "dnc/number_text.h"

namespace dnc {
namespace {

// The client's clock says what the answers say.
constexpr Wanted kWanted = {.now = absl::FromUnixSeconds(100)};

v1::ScrubResponse Answer(std::initializer_list<int> verdicts, size_t reasons) {
  v1::ScrubResponse response;
  for (const int verdict : verdicts) response.add_verdicts(static_cast<v1::Verdict>(verdict));
  for (size_t i = 0; i < reasons; ++i) response.add_reasons(1U << v1::REASON_NATIONAL);
  response.mutable_snapshot()->set_revision(7);
  response.mutable_snapshot()->mutable_decided_at()->set_seconds(100);
  return response;
}

TEST(ScrubResultTest, DefaultIsDoNotCall) {
  const ScrubResult nothing;
  const ScrubResult unanswered(3);
  for (const size_t i : {size_t{0}, size_t{2}, size_t{3}, SIZE_MAX}) {
    EXPECT_FALSE(nothing.may_call(i));
    EXPECT_FALSE(unanswered.may_call(i));
    EXPECT_EQ(unanswered.verdict(i), v1::VERDICT_UNSPECIFIED);
    EXPECT_TRUE(unanswered.reasons(i).empty());
  }
}

TEST(ScrubResultTest, OnlyClearMayBeCalled) {
  for (int verdict = 0; verdict < 300; ++verdict) {
    ScrubResult result(1);
    ASSERT_TRUE(result.AddBatch(1, Answer({verdict}, 1), kWanted).ok());
    EXPECT_EQ(result.may_call(0), verdict == v1::VERDICT_CLEAR) << verdict;
    EXPECT_FALSE(result.may_call(1));
  }
}

TEST(ScrubResultTest, UnknownVerdictIsUnspecified) {
  ScrubResult result(3);
  ASSERT_TRUE(result.AddBatch(3, Answer({100, -255, 257}, 3), kWanted).ok());
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(result.verdict(i), v1::VERDICT_UNSPECIFIED);
}

TEST(ScrubResultTest, AnswerOfAnotherSizeChangesNothing) {
  const auto clear = v1::VERDICT_CLEAR;
  for (const auto& answer : {Answer({clear}, 2), Answer({clear, clear}, 1), Answer({}, 0),
                             Answer({clear, clear, clear}, 3)}) {
    ScrubResult result(2);
    EXPECT_FALSE(result.AddBatch(2, answer, kWanted).ok());
    EXPECT_EQ(result.answered(), 0u);
    EXPECT_FALSE(result.may_call(0));
    EXPECT_FALSE(result.may_call(1));
  }
}

TEST(ScrubResultTest, AnswerThatRestsOnNothingChangesNothing) {
  for (const bool has_snapshot : {false, true}) {
    v1::ScrubResponse answer = Answer({v1::VERDICT_CLEAR}, 1);
    answer.clear_snapshot();
    if (has_snapshot) answer.mutable_snapshot()->mutable_decided_at()->set_seconds(1'780'000'000);
    ScrubResult result(1);
    EXPECT_TRUE(absl::IsInternal(result.AddBatch(1, answer, kWanted)));
    EXPECT_FALSE(result.may_call(0));
  }
  // A server that has loaded nothing yet permits nothing either.
  v1::ScrubResponse nothing = Answer({v1::VERDICT_NOT_COVERED}, 1);
  nothing.mutable_snapshot()->set_revision(0);
  ScrubResult result(1);
  EXPECT_TRUE(result.AddBatch(1, nothing, kWanted).ok());
}

TEST(ScrubResultTest, BatchPastTheEndIsRefused) {
  ScrubResult result(1);
  ASSERT_TRUE(result.AddBatch(1, Answer({v1::VERDICT_LISTED}, 1), kWanted).ok());
  EXPECT_FALSE(result.AddBatch(1, Answer({v1::VERDICT_CLEAR}, 1), kWanted).ok());
  EXPECT_EQ(result.verdict(0), v1::VERDICT_LISTED);
}

TEST(ScrubResultTest, ReasonsAreTheBits) {
  ScrubResult result(1);
  v1::ScrubResponse answer = Answer({v1::VERDICT_LISTED}, 0);
  answer.add_reasons(1U << v1::REASON_STATE | 1U << v1::REASON_NATIONAL | 1U << 31);
  ASSERT_TRUE(result.AddBatch(1, answer, kWanted).ok());
  const std::vector<v1::Reason> expected = {v1::REASON_NATIONAL, v1::REASON_STATE,
                                            static_cast<v1::Reason>(31)};
  EXPECT_EQ(result.reasons(0), expected);
}

void SetEnd(google::protobuf::Timestamp* end, int64_t seconds) { end->set_seconds(seconds); }

absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(seconds); }

TEST(ScrubResultTest, ValidUntilIsTheNumbersOwnEndOrThatOfTheLists) {
  const auto clear = v1::VERDICT_CLEAR;
  v1::ScrubResponse first = Answer({clear, clear, v1::VERDICT_NOT_COVERED, v1::VERDICT_LISTED}, 4);
  v1::Snapshot& snapshot = *first.mutable_snapshot();
  SetEnd(snapshot.mutable_decided_at(), 100);
  SetEnd(snapshot.add_lists()->mutable_valid_until(), 900);
  SetEnd(snapshot.add_lists()->mutable_valid_until(), 800);
  snapshot.add_lists();  // no number of it was asked about
  SetEnd(snapshot.mutable_valid_until(), 300);
  first.add_earlier_ends()->set_index(1);
  SetEnd(first.mutable_earlier_ends(0)->mutable_valid_until(), 300);
  v1::ScrubResponse second = Answer({clear, clear}, 2);
  *second.mutable_snapshot() = snapshot;
  SetEnd(second.mutable_snapshot()->mutable_valid_until(), 700);
  v1::ScrubResponse third = first;  // some list is too old, or only informs
  SetEnd(third.mutable_snapshot()->mutable_lists(0)->mutable_valid_until(), 50);
  ScrubResult result(11);
  ASSERT_TRUE(result.AddBatch(4, first, kWanted).ok());
  ASSERT_TRUE(result.AddBatch(2, second, kWanted).ok());
  ASSERT_TRUE(result.AddBatch(4, third, kWanted).ok());
  const int64_t expected[] = {800, 300, 0, 800, 700, 700, 300, 300, 0, 300, 0};
  for (size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(result.valid_until(i), expected[i] == 0 ? absl::InfinitePast() : At(expected[i]))
        << i;
  }
  EXPECT_EQ(result.valid_until(11), absl::InfinitePast());
}

TEST(ScrubResultTest, ClearIsOfNowByTheClientsClock) {
  for (const int seconds : {0, 600, -600, 601, -601, 1'790'000'000}) {
    const Wanted wanted = {.now = At(100 + seconds)};
    const bool good = std::abs(seconds) <= 600;
    ScrubResult clear(1);
    const absl::Status status = clear.AddBatch(1, Answer({v1::VERDICT_CLEAR}, 1), wanted);
    EXPECT_EQ(status.ok(), good) << status;
    EXPECT_EQ(clear.may_call(0), good);
    // It names both times.
    EXPECT_EQ(absl::StrContains(status.message(), absl::FormatTime(At(100))), !good);
    EXPECT_EQ(absl::StrContains(status.message(), absl::FormatTime(wanted.now)), !good);
    ScrubResult listed(1);  // what permits no call is not refused for its time
    EXPECT_TRUE(listed.AddBatch(1, Answer({v1::VERDICT_LISTED}, 1), wanted).ok());
  }
}

TEST(ScrubResultTest, ClearOfHistoryIsOfTheMomentAskedFor) {
  v1::ScrubResponse answer = Answer({v1::VERDICT_CLEAR}, 1);
  SetEnd(answer.mutable_snapshot()->mutable_valid_until(), 100);  // the last instant
  for (const auto& [moment, good] :
       {std::pair(At(100), true), std::pair(At(100) + absl::Nanoseconds(0.5), true),
        std::pair(At(100) + absl::Nanoseconds(1), false), std::pair(At(99), false)}) {
    ScrubResult result(1);
    EXPECT_EQ(result.AddBatch(1, answer, {.moment = moment, .now = At(1'790'000'000)}).ok(), good);
    EXPECT_EQ(result.may_call(0), good);
  }
}

TEST(ScrubResultTest, ClearThatIsOverIsNone) {
  v1::ScrubResponse whole = Answer({v1::VERDICT_CLEAR}, 1);
  v1::ScrubResponse own = whole;
  for (const int64_t end : {50, 100, 101}) {
    SetEnd(whole.mutable_snapshot()->mutable_valid_until(), end);
    own.clear_earlier_ends();
    SetEnd(own.add_earlier_ends()->mutable_valid_until(), end);
    for (const v1::ScrubResponse& answer : {whole, own}) {
      ScrubResult result(1);
      EXPECT_EQ(result.AddBatch(1, answer, kWanted).ok(), end > 100) << end;
      EXPECT_EQ(result.may_call(0), end > 100) << end;
    }
  }
}

TEST(ScrubResultTest, AnEndOfNothingIsNone) {
  v1::ScrubResponse foreign = Answer({v1::VERDICT_CLEAR}, 1);
  SetEnd(foreign.add_earlier_ends()->mutable_valid_until(), 200);
  ScrubResult good(1);
  EXPECT_TRUE(good.AddBatch(1, foreign, kWanted).ok());
  foreign.mutable_earlier_ends(0)->set_index(1);
  v1::ScrubResponse without = Answer({v1::VERDICT_CLEAR}, 1);
  without.add_earlier_ends();
  for (const v1::ScrubResponse& answer : {foreign, without}) {
    ScrubResult result(1);
    EXPECT_TRUE(absl::IsInternal(result.AddBatch(1, answer, kWanted)));
    EXPECT_FALSE(result.may_call(0));
  }
}

TEST(NumberTextTest, PlainNumbersAreReadAndAllElseIsLeftToTheServer) {
  for (const char* const text : {"2015550100", "(201) 555-0100", "+1.201.555.0100", "12015550100",
                                 "0012015550100", "201/555-0100"}) {
    EXPECT_EQ(PlainNumber(text), 2015550100u) << text;
  }
  for (const char* const text : {"", "201555010", "20155501000", "2015550100.0", "tel:2015550100",
                                 "=\"2015550100\"", "2.0155501E+09",
                                 "201\xC2\xA0"
                                 "5550100"}) {
    EXPECT_EQ(PlainNumber(text), 0u) << text;
  }
}

TEST(NumberTextTest, AClearNumberStandsInTheText) {
  for (const char* const text :
       {"(201) 555-0100", "1 201 555 0100", "tel:+12015550100", "=\"2015550100\"", "2015550100.0",
        "2.015550100E+09", "\xEF\xBC\x92\xEF\xBC\x90\xEF\xBC\x91 555-0100",
        "201\xC2\xA0"
        "5550100"}) {
    EXPECT_TRUE(Shows(text, 2015550100)) << text;
  }
  for (const char* const text : {"", "201-555-0101", "tel:2015550101", "201555011.0", "no number",
                                 "0010555102", "\xEF\xBC\x92\xEF\xBC"}) {
    EXPECT_FALSE(Shows(text, 2015550100)) << text;
  }
}

}  // namespace
}  // namespace dnc
