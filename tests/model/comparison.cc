#include "tests/model/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace dnc::blackbox {
namespace {

constexpr uint32_t kHistoryBit = 1U << v1::REASON_HISTORY_NOT_REACHED;

std::string Written(uint64_t number, size_t place) {
  const std::string digits = Digits(number, 10);
  const std::string area = digits.substr(0, 3);
  const std::string exchange = digits.substr(3, 3);
  const std::string line = digits.substr(6);
  switch (place % 5) {
    case 0:
      return "(" + area + ") " + exchange + "-" + line;
    case 1:
      return "+1." + area + "." + exchange + "." + line;
    case 2:
      return area + "-" + exchange + "-" + line;
    case 3:
      return "1" + digits;
    default:
      return digits;
  }
}

v1::ScrubRequest MakeRequest(const Question& question) {
  v1::ScrubRequest request;
  for (size_t i = 0; i < question.numbers.size(); ++i) {
    const uint64_t number = question.numbers[i];
    if (question.texts) {
      request.add_texts(number == 0 ? "no number" : Written(number, i));
    } else {
      request.add_numbers(number == 0 ? 5550123 : number);
    }
  }
  if (question.full) request.set_detail(v1::DETAIL_FULL);
  if (question.as_of) request.mutable_as_of()->set_seconds(*question.as_of);
  return request;
}

// If history does not reach that far, any answer is right that does not permit the call.
bool SameVerdict(const OracleAnswer& expected, v1::Verdict verdict, uint32_t reasons) {
  if ((expected.reasons & kHistoryBit) != 0) {
    return (reasons & kHistoryBit) != 0 &&
           (verdict == v1::VERDICT_NOT_COVERED || verdict == v1::VERDICT_LISTED);
  }
  return verdict == expected.verdict && reasons == expected.reasons;
}

void ExpectSameMatches(const OracleAnswer& expected, const v1::NumberResult& result) {
  if ((expected.reasons & kHistoryBit) != 0) return;
  EXPECT_EQ(result.rule(), expected.rule);
  EXPECT_FALSE(result.explanation().empty());
  std::map<std::string, v1::Match> matches;
  for (const v1::Match& match : result.matches()) matches[match.list()] = match;
  ASSERT_EQ(matches.size(), expected.matches.size()) << result.ShortDebugString();
  for (const auto& [list, event] : expected.matches) {
    ASSERT_TRUE(matches.count(list) != 0) << list;
    if (!event) continue;
    EXPECT_EQ(matches[list].listed_since().seconds(), event->time) << list;
    EXPECT_EQ(matches[list].listed_since_exact(), event->exact) << list;
  }
}

}  // namespace

void ExpectSameAnswers(TestClient& client, const Oracle& oracle, const Question& question) {
  v1::ScrubResponse response;
  const grpc::Status status = client.Scrub(MakeRequest(question), &response);
  if (!status.ok() && question.as_of && oracle.MayNotReach(*question.as_of)) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE) << status.error_message();
    return;
  }
  ASSERT_TRUE(status.ok()) << status.error_message();
  const int size = static_cast<int>(question.numbers.size());
  ASSERT_EQ(response.verdicts_size(), size);
  ASSERT_EQ(response.reasons_size(), size);
  if (question.full) {
    ASSERT_EQ(response.results_size(), size);
  }
  const std::time_t now = response.snapshot().decided_at().seconds();
  for (int i = 0; i < size; ++i) {
    const uint64_t number = question.numbers[static_cast<size_t>(i)];
    const OracleAnswer expected = oracle.Ask(number, now, question.as_of);
    const bool same = SameVerdict(expected, response.verdicts(i), response.reasons(i));
    EXPECT_TRUE(same) << "number " << number << " as of " << question.as_of.value_or(0)
                      << ": expected " << v1::Verdict_Name(expected.verdict) << " reasons "
                      << expected.reasons << ", answered " << v1::Verdict_Name(response.verdicts(i))
                      << " reasons " << response.reasons(i);
    if (!same) return;
    if (question.full) ExpectSameMatches(expected, response.results(i));
  }
}

void AnswersGiven::Ask(TestClient& client, Random& random, const std::vector<uint64_t>& numbers) {
  v1::ScrubResponse again;
  for (size_t i = 0; i < 2 && !given_.empty(); ++i) {
    auto& [request, then] = given_[Below(random, given_.size())];
    *request.mutable_as_answered_at() = then.snapshot().decided_at();
    const grpc::Status status = client.Scrub(request, &again);
    if (!status.ok()) {  // an area code was left out or loaded anew since
      EXPECT_EQ(ReasonOf(status), "HISTORY_NOT_REACHED") << status.error_message();
      continue;
    }
    EXPECT_TRUE(std::equal(again.verdicts().begin(), again.verdicts().end(),
                           then.verdicts().begin(), then.verdicts().end()))
        << "as answered at " << then.snapshot().decided_at().seconds();
  }
  v1::ScrubRequest now = MakeRequest({.numbers = numbers});
  v1::ScrubResponse response;
  ASSERT_TRUE(client.Scrub(now, &response).ok());
  given_.emplace_back(std::move(now), std::move(response));
}

void ExpectSameCoverage(TestClient& client, const Oracle& oracle) {
  const v1::GetCoverageResponse coverage = client.Coverage();
  const NumberSets numbers = oracle.Numbers("national");
  const std::set<int> area_codes = oracle.AreaCodes("national");
  ASSERT_EQ(coverage.area_codes_size(), static_cast<int>(area_codes.size()));
  auto expected = area_codes.begin();
  for (const v1::AreaCodeCoverage& area : coverage.area_codes()) {
    ASSERT_EQ(static_cast<int>(area.area_code()), *expected);
    EXPECT_EQ(area.numbers(), numbers.at(*expected).size()) << "area code " << *expected;
    EXPECT_EQ(area.obtained_at().seconds(),
              oracle.lists().at("national").now().obtained_at.at(*expected));
    const std::map<int, std::time_t>& silent = oracle.lists().at("national").now().silent_until;
    EXPECT_EQ(area.known_by_silence_at().seconds(), silent.at(*expected)) << *expected;
    EXPECT_NE(area.state(), v1::COVERAGE_STATE_DAMAGED);
    EXPECT_EQ(area.digest().size(), 32U);
    ++expected;
  }
}

}  // namespace dnc::blackbox
