// Compares what a tenant is told about numbers, by every method that tells it, with the oracle.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/model/tenant_scenario.h"

namespace dnc::blackbox {
namespace {

const char* const kScopes[] = {"", "acme", "acme/spring", "acme/fall", "acm", "acme-x", "other"};
constexpr uint32_t kNotReached = 1U << v1::REASON_HISTORY_NOT_REACHED;
constexpr uint32_t kRecordBits = 1U << v1::REASON_NOT_ENTITLED | 1U << v1::REASON_OWN_DO_NOT_CALL |
                                 1U << v1::REASON_CONSENT | 1U << v1::REASON_EBR;

bool Published(const std::string& list) { return list.rfind("own:", 0) != 0; }

std::optional<std::time_t> MomentOf(const v1::ScrubRequest& request) {
  if (!request.has_as_of()) return std::nullopt;
  return request.as_of().seconds();
}

// If history does not reach that far, any published answer is right that does not permit the call;
// the tenant's own part must be exact.
bool SameTenantVerdict(const TenantAnswer& expected, v1::Verdict verdict, uint32_t reasons) {
  if ((expected.reasons & kNotReached) == 0) {
    return verdict == expected.verdict && reasons == expected.reasons;
  }
  const bool listed = expected.rule == v1::RULE_OWN_DO_NOT_CALL;
  return (reasons & kNotReached) != 0 &&
         (reasons & kRecordBits) == (expected.reasons & kRecordBits) &&
         (verdict == v1::VERDICT_LISTED || (verdict == v1::VERDICT_NOT_COVERED && !listed));
}

std::string InWords(v1::Verdict verdict, uint32_t reasons) {
  return v1::Verdict_Name(verdict) + " reasons " + std::to_string(reasons);
}

// Returns a number in a usual writing; 0 becomes a text that is no number.
std::string InText(uint64_t number, bool plain) {
  if (number == 0) return "no number";
  const std::string digits = std::to_string(number);
  if (plain) return digits;
  return "+1 (" + digits.substr(0, 3) + ") " + digits.substr(3, 3) + "-" + digits.substr(6);
}

}  // namespace

TenantScenario::Batch TenantScenario::AnyBatch(size_t size) {
  Batch batch;
  batch.request.set_scope(kScopes[Below(random_, std::size(kScopes))]);
  if (OneIn(random_, 2)) batch.request.set_detail(v1::DETAIL_FULL);
  while (batch.numbers.size() < size) {
    batch.numbers.push_back(OneIn(random_, 40) ? 0 : AnyNumber());
    batch.request.add_numbers(batch.numbers.back() == 0 ? 5550123 : batch.numbers.back());
  }
  return batch;
}

// Returns a moment before, between or after the loads, often to the second.
std::time_t TenantScenario::AnyMoment() {
  const auto some = static_cast<std::time_t>(Below(random_, made_ + 5)) - 2;
  switch (Below(random_, 4)) {
    case 0:
      return begin_ + 31 * kDay + some;
    case 1:
      return begin_ + (OneIn(random_, 3) ? 0 : 30) * kDay + some % 3;
    default:
      return begin_ - kDay +
             static_cast<std::time_t>(Below(random_, static_cast<uint64_t>(40 * kDay)));
  }
}

// An as-of question may be refused, but only if history does not reach that far.
bool TenantScenario::MayRefuse(const TenantOracle& oracle, const Batch& batch,
                               const grpc::Status& status) const {
  const auto as_of = MomentOf(batch.request);
  return as_of && status.error_code() == grpc::StatusCode::OUT_OF_RANGE &&
         ReasonOf(status) == "HISTORY_NOT_REACHED" &&
         oracle.Counted(published_).MayNotReach(*as_of);
}

void TenantScenario::ExpectSameResult(const TenantOracle& oracle, const TenantAnswer& expected,
                                      const v1::NumberResult& result, const std::string& where) {
  if ((expected.reasons & kNotReached) != 0) return;
  ASSERT_EQ(result.rule(), expected.rule) << where << Diary();
  decltype(expected.matches) matches;
  for (const v1::Match& match : result.matches()) {
    const bool dated = !Published(match.list()) && match.has_listed_since();
    matches.emplace(match.list(), match.effect(), dated ? match.listed_since().seconds() : 0);
  }
  ASSERT_EQ(matches, expected.matches) << where << ", policy " << oracle.tenant().ShortDebugString()
                                       << ", answered " << result.ShortDebugString() << Diary();
}

void TenantScenario::ExpectSameAnswer(const TenantOracle& oracle, const Batch& batch,
                                      const v1::ScrubResponse& answer) {
  const int size = static_cast<int>(batch.numbers.size());
  const bool full = batch.request.detail() == v1::DETAIL_FULL;
  ASSERT_EQ(answer.verdicts_size(), size) << Diary();
  ASSERT_EQ(answer.reasons_size(), size) << Diary();
  ASSERT_EQ(answer.results_size(), full ? size : 0) << Diary();
  const auto as_of = MomentOf(batch.request);
  const std::time_t decided_at = answer.snapshot().decided_at().seconds();
  if (as_of) {
    EXPECT_EQ(decided_at, *as_of) << Diary();
  }
  const std::time_t now = as_of ? std::time(nullptr) : decided_at;
  std::vector<TenantAnswer> all_expected;
  for (int i = 0; i < size; ++i) {
    const uint64_t number = batch.numbers[static_cast<size_t>(i)];
    const TenantAnswer expected = oracle.Ask(published_, number, batch.request.scope(), now, as_of);
    const std::string where =
        std::to_string(number) + " for " + oracle.tenant().tenant_id() + " in scope '" +
        batch.request.scope() + "' as of " + std::to_string(as_of.value_or(0)) + ", by rule " +
        v1::Rule_Name(expected.rule) + ", policy " + oracle.tenant().ShortDebugString();
    ASSERT_TRUE(SameTenantVerdict(expected, answer.verdicts(i), answer.reasons(i)))
        << where << ": expected " << InWords(expected.verdict, expected.reasons) << ", answered "
        << InWords(answer.verdicts(i), answer.reasons(i)) << Diary();
    if (full) ExpectSameResult(oracle, expected, answer.results(i), where);
    all_expected.push_back(expected);
  }
  // For questions about the past, the model does not know what had been obtained.
  if (!as_of && !::testing::Test::HasFailure()) ExpectSameEnds(batch, all_expected, answer);
}

// Compares until when answers hold: for the batch, for those that end early, and for each number.
void TenantScenario::ExpectSameEnds(const Batch& batch, const std::vector<TenantAnswer>& expected,
                                    const v1::ScrubResponse& answer) {
  std::map<uint32_t, std::time_t> early;
  std::time_t least = 0;
  const std::time_t decided_at = answer.snapshot().decided_at().seconds();
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::time_t lists_end = expected[i].lists_end;
    const std::time_t records_end = expected[i].records_end;
    const bool ends_early = records_end != 0 && (lists_end == 0 || records_end < lists_end);
    const std::time_t end = ends_early ? records_end : lists_end;
    if (ends_early) early[static_cast<uint32_t>(i)] = end;
    if (end > decided_at && (least == 0 || end < least)) least = end;
    if (batch.request.detail() != v1::DETAIL_FULL) continue;
    EXPECT_EQ(answer.results(static_cast<int>(i)).valid_until().seconds(), end)
        << batch.numbers[i] << " in scope '" << batch.request.scope() << "'" << Diary();
  }
  EXPECT_EQ(answer.snapshot().valid_until().seconds(), least) << Diary();
  std::map<uint32_t, std::time_t> told;
  for (const v1::EarlierEnd& end : answer.earlier_ends()) {
    told[end.index()] = end.valid_until().seconds();
  }
  EXPECT_EQ(told, early) << Diary();
}

void TenantScenario::CompareBatch(const TenantOracle& oracle, const Batch& batch) {
  TenantClient own = As(oracle.tenant().tenant_id());
  v1::ScrubResponse answer;
  const grpc::Status status =
      own.Call(own.scrubs(), &v1::ScrubService::Stub::Scrub, batch.request, &answer);
  if (MayRefuse(oracle, batch, status)) return;
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  ExpectSameAnswer(oracle, batch, answer);
}

void TenantScenario::CompareScrub(const TenantOracle& oracle) {
  CompareBatch(oracle, AnyBatch(60));
}

void TenantScenario::CompareAsOf(const TenantOracle& oracle) {
  Batch batch = AnyBatch(40);
  batch.request.mutable_as_of()->set_seconds(AnyMoment());
  CompareBatch(oracle, batch);
}

// A single number must be answered like a batch of one with all details.
void TenantScenario::CompareChecks(TenantOracle& oracle) {
  Batch all = AnyBatch(6);
  if (OneIn(random_, 3)) all.request.mutable_as_of()->set_seconds(AnyMoment());
  TenantClient own = As(oracle.tenant().tenant_id());
  for (const uint64_t number : all.numbers) {
    v1::CheckNumberRequest request;
    request.set_number(InText(number, OneIn(random_, 2)));
    request.set_scope(all.request.scope());
    if (all.request.has_as_of()) *request.mutable_as_of() = all.request.as_of();
    v1::CheckNumberResponse told;
    const grpc::Status status =
        own.Call(own.scrubs(), &v1::ScrubService::Stub::CheckNumber, request, &told);
    if (MayRefuse(oracle, all, status)) return;
    ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
    EXPECT_EQ(told.result().number(), number) << Diary();
    EXPECT_FALSE(told.result().explanation().empty()) << Diary();
    EXPECT_TRUE(std::is_sorted(told.result().reasons().begin(), told.result().reasons().end()));
    Batch one{all.request, {number}};
    one.request.set_detail(v1::DETAIL_FULL);
    v1::ScrubResponse answer;
    answer.add_verdicts(told.result().verdict());
    uint32_t reasons = 0;
    for (const int reason : told.result().reasons()) reasons |= 1U << reason;
    answer.add_reasons(reasons);
    *answer.add_results() = told.result();
    *answer.mutable_snapshot() = told.snapshot();
    if (all.request.has_as_of()) {
      EXPECT_GE(told.snapshot().valid_until().seconds(), 0) << Diary();
    } else if (const auto expected = oracle.Ask(published_, number, all.request.scope(),
                                                told.snapshot().decided_at().seconds());
               expected.records_end != 0 &&
               (expected.lists_end == 0 || expected.records_end < expected.lists_end)) {
      *answer.add_earlier_ends()->mutable_valid_until() = told.result().valid_until();
    }
    ExpectSameAnswer(oracle, one, answer);
    if (::testing::Test::HasFailure()) return;
  }
}

void TenantScenario::CompareStream(TenantOracle& oracle) {
  std::vector<Batch> batches;
  for (uint64_t i = 1 + Below(random_, 4); i > 0; --i) {
    batches.push_back(AnyBatch(1 + Below(random_, 25)));
  }
  // The first error ends the stream, so only the last batch may cause one.
  if (OneIn(random_, 3)) batches.back().request.mutable_as_of()->set_seconds(AnyMoment());
  std::vector<v1::ScrubRequest> requests;
  for (const Batch& batch : batches) requests.push_back(batch.request);
  std::vector<v1::ScrubResponse> answers;
  const grpc::Status status = As(oracle.tenant().tenant_id()).ScrubStream(requests, &answers);
  if (!MayRefuse(oracle, batches.back(), status)) {
    ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  }
  ASSERT_EQ(answers.size(), status.ok() ? batches.size() : batches.size() - 1) << Diary();
  for (size_t i = 0; i < answers.size(); ++i) {
    ExpectSameAnswer(oracle, batches[i], answers[i]);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace dnc::blackbox
