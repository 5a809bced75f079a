#include "tools/dncload/answer_check.h"

#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tools/dncload/grpc_caller.h"

namespace dnc::load {
namespace {

using enum Truth;

// Makes an answer with these verdicts, and reasons for all of them.
v1::ScrubResponse Response(const std::vector<v1::Verdict>& verdicts, uint32_t reasons = 0) {
  v1::ScrubResponse response;
  for (const v1::Verdict verdict : verdicts) {
    response.add_verdicts(verdict);
    response.add_reasons(reasons);
  }
  response.mutable_snapshot()->set_revision(7);
  return response;
}

AnswerTally Check(std::string_view answer, const std::vector<Truth>& truth, bool* right,
                  bool other_lists = false) {
  AnswerChecker checker(other_lists);
  AnswerTally tally;
  *right = checker.Check(answer, truth, &tally);
  EXPECT_EQ(*right, !tally.wrong());
  return tally;
}

AnswerTally Check(const v1::ScrubResponse& response, const std::vector<Truth>& truth, bool* right,
                  bool other_lists = false) {
  return Check(response.SerializeAsString(), truth, right, other_lists);
}

TEST(AnswerCheckTest, ARightAnswer) {
  bool right = false;
  const auto tally = Check(Response({v1::VERDICT_CLEAR, v1::VERDICT_LISTED, v1::VERDICT_LISTED}),
                           {kUnlisted, kListed, kListed}, &right);
  EXPECT_TRUE(right);
  EXPECT_EQ(tally.numbers, 3U);
  EXPECT_EQ(tally.known, 3U);
  EXPECT_EQ(tally.verdicts[v1::VERDICT_CLEAR], 1U);
  EXPECT_EQ(tally.verdicts[v1::VERDICT_LISTED], 2U);
}

TEST(AnswerCheckTest, EachWrongVerdictAmongManyIsFound) {
  constexpr size_t kNumbers = 300;
  const std::vector<Truth> truth(kNumbers, kListed);
  for (size_t i = 0; i < kNumbers; ++i) {
    std::vector<v1::Verdict> verdicts(kNumbers, v1::VERDICT_LISTED);
    verdicts[i] = v1::VERDICT_CLEAR;
    bool right = true;
    EXPECT_EQ(Check(Response(verdicts), truth, &right).wrongly_clear, 1U);
    EXPECT_FALSE(right) << i;
  }
}

TEST(AnswerCheckTest, UnlistedAnsweredListedIsCountedApart) {
  bool right = true;
  const auto tally =
      Check(Response({v1::VERDICT_LISTED, v1::VERDICT_LISTED}), {kUnlisted, kListed}, &right);
  EXPECT_FALSE(right);
  EXPECT_EQ(tally.wrongly_listed, 1U);
  EXPECT_EQ(tally.wrongly_clear, 0U);
}

TEST(AnswerCheckTest, NeitherClearNorListedIsUndecided) {
  bool right = false;
  const auto tally =
      Check(Response({v1::VERDICT_NOT_COVERED, v1::VERDICT_STALE}), {kListed, kUnlisted}, &right);
  EXPECT_TRUE(right);
  EXPECT_EQ(tally.undecided, 2U);
}

TEST(AnswerCheckTest, UnknownNumbersAreOnlyCounted) {
  bool right = false;
  const auto tally =
      Check(Response({v1::VERDICT_CLEAR, v1::VERDICT_CLEAR}), {kUnknown, kUnlisted}, &right);
  EXPECT_TRUE(right);
  EXPECT_EQ(tally.numbers, 2U);
  EXPECT_EQ(tally.known, 1U);
  // Verdict 0 is no answer, even where nothing is known.
  const auto zero = Check(Response({v1::VERDICT_UNSPECIFIED}), {kUnknown}, &right);
  EXPECT_EQ(zero.verdicts[v1::VERDICT_CLEAR], 0U);
  EXPECT_EQ(zero.verdicts[0], 1U);
}

TEST(AnswerCheckTest, ShortLongAndBrokenAnswers) {
  bool right = true;
  const v1::ScrubResponse good = Response({v1::VERDICT_CLEAR, v1::VERDICT_CLEAR});
  EXPECT_EQ(Check(good, {kUnlisted}, &right).bad_answers, 1U);
  EXPECT_FALSE(right);
  EXPECT_EQ(Check(good, {kUnlisted, kUnlisted, kUnlisted}, &right).bad_answers, 1U);
  EXPECT_EQ(Check("", {kUnlisted}, &right).bad_answers, 1U);
  EXPECT_EQ(Check("no message", {kUnlisted}, &right).bad_answers, 1U);
  // The verdicts are right, but what follows them is cut off.
  std::string cut = good.SerializeAsString();
  cut.pop_back();
  EXPECT_EQ(Check(cut, {kUnlisted, kUnlisted}, &right).bad_answers, 1U);
  // A second column of verdicts is added to the first, whatever the first says alone.
  const std::string twice = Response({v1::VERDICT_CLEAR}).SerializeAsString() +
                            Response({v1::VERDICT_CLEAR}).SerializeAsString();
  EXPECT_EQ(Check(twice, {kUnlisted}, &right).bad_answers, 1U);
}

TEST(AnswerCheckTest, AnAnswerInPiecesIsTheSame) {
  const std::string bytes = Response({v1::VERDICT_CLEAR, v1::VERDICT_LISTED}).SerializeAsString();
  std::vector<grpc::Slice> slices;
  for (const char c : bytes) slices.emplace_back(std::string(1, c));
  bool right = false;
  grpc::Slice keeper;
  const grpc::ByteBuffer buffer(slices.data(), slices.size());
  const auto tally = Check(BytesOf(buffer, &keeper), {kUnlisted, kListed}, &right);
  EXPECT_TRUE(right);
  EXPECT_EQ(tally.known, 2U);
}

TEST(AnswerCheckTest, OtherListsExplainOnlyWhatTheirReasonsSay) {
  const uint32_t consent = (1U << v1::REASON_NATIONAL) | (1U << v1::REASON_CONSENT);
  const uint32_t own = 1U << v1::REASON_OWN_DO_NOT_CALL;
  const uint32_t national = 1U << v1::REASON_NATIONAL;
  bool right = false;
  EXPECT_EQ(Check(Response({v1::VERDICT_CLEAR}, consent), {kListed}, &right, true).lifted, 1U);
  EXPECT_TRUE(right);
  EXPECT_EQ(Check(Response({v1::VERDICT_CLEAR}, consent), {kListed}, &right).wrongly_clear, 1U);
  EXPECT_EQ(Check(Response({v1::VERDICT_CLEAR}, national), {kListed}, &right, true).wrongly_clear,
            1U);
  EXPECT_EQ(Check(Response({v1::VERDICT_LISTED}, own), {kUnlisted}, &right, true).listed_elsewhere,
            1U);
  EXPECT_TRUE(right);
  EXPECT_EQ(Check(Response({v1::VERDICT_LISTED}, own), {kUnlisted}, &right).wrongly_listed, 1U);
  EXPECT_EQ(Check(Response({v1::VERDICT_LISTED}, own | national), {kUnlisted}, &right, true)
                .wrongly_listed,
            1U);
}

}  // namespace
}  // namespace dnc::load
