// Asks without a wire: real lists, real records, no gRPC. Whichever way a question is asked, as a
// batch, number by number, or as of a moment, its answer has the same evidence.
#include "server/service/decide.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/error.h"
#include "server/index/index_test_util.h"
#include "server/intake/registry_fixture.h"
#include "server/storage/tenant_columns.h"

namespace dnc {
namespace {

constexpr Number kListed = 2015550100;
constexpr Number kFree = 2015550150;
constexpr Number kElsewhere = 3035550100;

// Answers that are alike whichever way they were asked for.
struct Told {
  std::vector<uint8_t> verdicts;
  std::vector<ReasonSet> reasons;
  Evidence evidence;
};

void ExpectSameEvidence(const Evidence& a, const Evidence& b) {
  EXPECT_EQ(a.revision, b.revision);
  EXPECT_EQ(a.lists_revision, b.lists_revision);
  EXPECT_EQ(a.decided_at, b.decided_at);
  EXPECT_EQ(a.valid_until, b.valid_until);
  EXPECT_EQ(a.earlier_ends, b.earlier_ends);
  EXPECT_EQ(a.ages, b.ages);
  ASSERT_EQ(a.releases->size(), b.releases->size());
  for (size_t l = 0; l < a.releases->size(); ++l) {
    EXPECT_EQ((*a.releases)[l].list, (*b.releases)[l].list);
    EXPECT_EQ((*a.releases)[l].release_id, (*b.releases)[l].release_id);
    EXPECT_EQ((*a.releases)[l].digest, (*b.releases)[l].digest);
  }
}

std::vector<ParsedNumber> Parsed(const std::vector<Number>& numbers) {
  std::vector<ParsedNumber> parsed;
  for (const Number number : numbers) parsed.push_back(NormalizeNumber(number));
  return parsed;
}

bool HasMatch(const NumberReport& report, std::string_view list) {
  return std::any_of(report.matches.begin(), report.matches.end(),
                     [list](const MatchInfo& match) { return match.list == list; });
}

bool HasReason(const NumberReport& report, Reason reason) {
  return (report.reasons & ReasonBit(reason)) != 0;
}

class DecideTest : public RegistryTest {
 protected:
  DecideTest() {
    StoreOptions options;
    options.path = dir_ + "/data/tenants";
    options.columns = TenantColumns();
    auto store = Store::Open(options);
    EXPECT_TRUE(store.ok()) << store.status();
    tenants_store_ = *std::move(store);
    TenantRecordsOptions records;
    records.data_dir = dir_ + "/data";
    records.filter_min_records = 1'000;
    auto opened = TenantRecords::Open(records, tenants_store_.get(), &order_, &clock_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    records_ = *std::move(opened);
    auto directory = TenantDirectory::Open(tenants_store_.get(), &order_, &clock_, {});
    EXPECT_TRUE(directory.ok()) << directory.status();
    directory_ = *std::move(directory);
    directory_->SetJournal(records_->journal());
    decider_ = std::make_unique<Decider>(
        DecideLimits{.max_batch = 100},
        DecideSources{registry_.get(), records_.get(), &quotas_, &metrics_, &clock_});
  }

  // The default tenant, as of now.
  Caller Me() const {
    Caller caller = directory_->LocalCaller();
    caller.revision = order_.last();
    return caller;
  }

  void LoadNational() { MustLoad({WriteFile(kBaseName, kBase)}); }
  void LoadOther(std::string_view name, const std::string& rows, absl::Time obtained_at) {
    LoadOptions options;
    options.list = std::string(name);
    options.obtained_at = obtained_at;
    LoadAnyway({WriteFile(StrCat("other-", ++files_, ".txt"), rows)}, options);
  }
  void MakeList(const std::string& id, TenantListKind kind) {
    TenantList list;
    list.id = id;
    list.kind = kind;
    const auto made = directory_->CreateList("default", list, "test");
    ASSERT_TRUE(made.ok()) << made.status();
  }
  void Write(const std::string& list, TenantRecord record) {
    RecordWrite write;
    write.tenant = Me().tenant;
    write.list = write.tenant->lists.at(list);
    record.channel = Channel::kCall;
    write.items.push_back({std::move(record), ""});
    std::promise<absl::StatusOr<WriteReply>> done;
    records_->Submit(std::move(write), [&done](absl::StatusOr<WriteReply> reply) {
      done.set_value(std::move(reply));
    });
    const auto reply = done.get_future().get();
    ASSERT_TRUE(reply.ok()) << reply.status();
    ASSERT_NE(reply->results.at(0).outcome, WriteOutcome::kRefused);
  }
  void Write(const std::string& list, Number number, absl::Time made_at, absl::Time expires_at) {
    TenantRecord record;
    record.number = number;
    record.made_at = made_at;
    record.expires_at = expires_at;
    Write(list, record);
  }

  // A request not to be called that ends soon was made long ago.
  void OptOut(Number number, absl::Time expires_at) {
    Write("internal", number, clock_.Now() - absl::Hours(24 * 366 * 6), expires_at);
  }

  // As a front asks that has room for the answer.
  Told AskBatch(const std::vector<Number>& numbers) {
    Told told;
    const Caller caller = Me();
    const auto accepted = decider_->Accept(caller, {}, numbers.size());
    EXPECT_TRUE(accepted.ok()) << accepted.status();
    if (!accepted.ok()) return told;
    const std::vector<Number> plain = PlainNumbers(Parsed(numbers));
    told.verdicts.resize(numbers.size());
    told.reasons.resize(numbers.size());
    told.evidence = decider_->DecideInto(
        *accepted, plain, {absl::MakeSpan(told.verdicts), absl::MakeSpan(told.reasons)});
    EXPECT_EQ(told.evidence.releases, decider_->ReleasesFor(*accepted));
    return told;
  }
  Answer Ask(const std::vector<Number>& numbers, const Question& question = {}) {
    auto answer = decider_->Decide(Me(), question, Parsed(numbers));
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : Answer();
  }
  std::string Refused(const Question& question, size_t count = 1) {
    const auto answer =
        decider_->Decide(Me(), question, std::vector<ParsedNumber>(count, {kListed, true}));
    return answer.ok() ? std::string() : ErrorReason(answer.status());
  }

  // Asks in every way and expects one answer. With `exempted` some answers rest on exemptions,
  // which are not known of the past.
  void ExpectOneAnswer(const std::vector<Number>& numbers, bool exempted) {
    const Told batch = AskBatch(numbers);
    const Answer columns = Ask(numbers);
    const Answer full = Ask(numbers, {.explained = true});
    ASSERT_EQ(full.reports.size(), numbers.size());
    EXPECT_TRUE(columns.reports.empty());
    for (const Answer* other : {&columns, &full}) {
      EXPECT_EQ(other->verdicts, batch.verdicts);
      EXPECT_EQ(other->reasons, batch.reasons);
      ExpectSameEvidence(other->evidence, batch.evidence);
    }
    // A record is told exactly if the verdict counted it.
    for (const NumberReport& report : full.reports) {
      EXPECT_EQ(HasMatch(report, "own:internal"), HasReason(report, Reason::kRecordDoNotCall));
      EXPECT_EQ(HasMatch(report, "own:consent"), HasReason(report, Reason::kConsent));
    }
    absl::Time least = absl::InfiniteFuture();
    for (size_t i = 0; i < numbers.size(); ++i) {
      const Answer single = Ask({numbers[i]}, {.explained = true});
      ASSERT_EQ(single.reports.size(), 1);
      EXPECT_EQ(single.verdicts[0], batch.verdicts[i]);
      EXPECT_EQ(single.reports[0].valid_until, full.reports[i].valid_until);
      ExpectSameEvidence(single.evidence, AskBatch({numbers[i]}).evidence);
      if (single.evidence.valid_until >= clock_.Now()) {
        least = std::min(least, single.evidence.valid_until);
      }
    }
    EXPECT_EQ(batch.evidence.valid_until, least);
    if (exempted) return;
    for (const bool as_answered : {false, true}) {
      const Answer then = Ask(numbers, {.moment = AskedMoment(clock_.Now(), as_answered)});
      EXPECT_EQ(then.verdicts, batch.verdicts);
      EXPECT_EQ(then.reasons, batch.reasons);
      ExpectSameEvidence(then.evidence, batch.evidence);
    }
  }

  std::unique_ptr<Store> tenants_store_;
  std::unique_ptr<TenantRecords> records_;
  std::unique_ptr<TenantDirectory> directory_;
  QuotaMeter quotas_;
  Metrics metrics_;
  std::unique_ptr<Decider> decider_;
  int files_ = 0;
};

TEST_F(DecideTest, AnswersInTheOrderAsked) {
  LoadNational();
  const Answer answer = Ask({kListed, kFree, kElsewhere, 42});
  const auto is = [&answer](size_t i, Verdict verdict) {
    return answer.verdicts.at(i) == static_cast<uint8_t>(verdict);
  };
  EXPECT_TRUE(is(0, Verdict::kListed));
  EXPECT_TRUE(is(1, Verdict::kClear));
  EXPECT_TRUE(is(2, Verdict::kNotCovered));
  EXPECT_TRUE(is(3, Verdict::kInvalid));
  EXPECT_EQ(answer.reasons[0], ReasonBit(Reason::kNational));
  EXPECT_EQ(answer.evidence.revision, order_.last());
  EXPECT_EQ(answer.evidence.decided_at, clock_.Now());
  ASSERT_EQ(answer.evidence.releases->size(), 1);
  EXPECT_EQ(answer.evidence.releases->front().list, "national");
  EXPECT_EQ(metrics_.Sum().numbers[static_cast<size_t>(Verdict::kListed)], 1);
  EXPECT_EQ(metrics_.Sum().numbers[static_cast<size_t>(Verdict::kInvalid)], 1);
}

TEST_F(DecideTest, ReadsWhatWasWritten) {
  LoadNational();
  const uint64_t before = order_.last();
  Write("internal", kFree, kNow, absl::InfiniteFuture());
  const Answer answer = Ask({kFree}, {.at_least_revision = before + 1, .explained = true});
  ASSERT_EQ(answer.reports.size(), 1);
  EXPECT_EQ(answer.reports[0].rule, Rule::kRecordDoNotCall);
  ASSERT_EQ(answer.reports[0].matches.size(), 1);
  EXPECT_EQ(answer.reports[0].matches[0].list, "own:internal");
  EXPECT_EQ(answer.evidence.revision, before + 1);
}

TEST_F(DecideTest, RefusesWhatItCannotAnswer) {
  LoadNational();
  EXPECT_EQ(Refused({}), "");
  EXPECT_EQ(Refused({}, 100), "");
  EXPECT_EQ(Refused({}, 101), reason::kBatchTooLarge.name);
  EXPECT_EQ(Refused({.scope = "No Scope"}), reason::kInvalidRequest.name);
  EXPECT_EQ(Refused({.scope = "acme/spring"}), "");
  EXPECT_EQ(Refused({.at_least_revision = order_.last() + 1}), reason::kRevisionNotReached.name);
  EXPECT_EQ(Refused({.moment = clock_.Now() + absl::Seconds(1)}), reason::kInvalidRequest.name);
  EXPECT_EQ(Refused({.moment = AskedMoment(kNow - absl::Hours(24 * 365), true)}),
            reason::kHistoryNotReached.name);
}

TEST_F(DecideTest, ChargesWhatACallWasNotAdmittedWith) {
  LoadNational();
  Tenant tenant = Me().tenant->tenant;
  tenant.quotas.numbers_per_second = 10;
  ASSERT_TRUE(directory_->Update(tenant, "test").ok());
  const Caller caller = Me();
  ASSERT_TRUE(decider_->Admit(caller, 4).ok());
  EXPECT_TRUE(decider_->ChargeRest(caller, 4, 4).ok());
  EXPECT_TRUE(decider_->ChargeRest(caller, 4, 10).ok());
  EXPECT_EQ(ErrorReason(decider_->ChargeRest(caller, 0, 1)), reason::kQuotaExceeded.name);
}

TEST_F(DecideTest, OnlyWhatNeedsNoHistoryIsFast) {
  const Caller caller = Me();
  EXPECT_TRUE(Decider::IsFast(caller, {}));
  EXPECT_FALSE(Decider::IsFast(caller, {.explained = true}));
  EXPECT_FALSE(Decider::IsFast(caller, {.moment = kNow}));
  EXPECT_FALSE(Decider::IsFast(caller, {.at_least_revision = caller.revision + 1}));
}

TEST_F(DecideTest, EveryWayToAskHasTheSameEvidence) {
  LoadNational();
  LoadOther("state:NJ", "201,5550101\n201,5550160\n", kNow - absl::Hours(24 * 20));
  const std::vector<Number> numbers = {kListed, kFree, kElsewhere, 42, kFree + 1, kFree + 10};
  ExpectOneAnswer(numbers, /*exempted=*/false);
  const absl::Time soon = kNow + absl::Hours(3);
  OptOut(kFree, soon);
  ExpectOneAnswer(numbers, /*exempted=*/false);
  ASSERT_EQ(Ask(numbers).evidence.earlier_ends, (std::vector<EarlierEnd>{{1, soon}}));
  EXPECT_EQ(Ask(numbers).evidence.valid_until, soon);
  MakeList("consent", TenantListKind::kConsent);
  Write("consent", kListed, kNow - absl::Hours(1), kNow + absl::Hours(2));
  Write("consent", kFree + 10, kNow + absl::Hours(1), absl::InfiniteFuture());
  ExpectOneAnswer(numbers, /*exempted=*/true);
  EXPECT_EQ(Ask(numbers).evidence.earlier_ends.size(), 3U);
  EXPECT_EQ(Ask(numbers).evidence.valid_until, kNow + absl::Hours(1));
}

// The same over lists, ages and records at random, up to where lists are too old.
TEST_F(DecideTest, EveryWayToAskHasTheSameEvidenceAtAnyTime) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  LoadNational();
  MakeList("consent", TenantListKind::kConsent);
  const auto number = [&random] { return kListed + random() % 12; };
  for (int round = 0; round < 12 && !HasFailure(); ++round) {
    if (random() % 2 == 0) {
      const std::string rows = StrCat("201,", number() % 10'000'000, "\n303,5550100\n");
      LoadOther(random() % 2 == 0 ? "state:NJ" : "other:mine", rows,
                clock_.Now() - absl::Hours(static_cast<int>(random() % 300)));
    }
    for (auto i = random() % 6; i > 0; --i) {
      const absl::Time end = clock_.Now() + absl::Hours(24 + static_cast<int>(random() % 90));
      if (random() % 2 == 0) {
        OptOut(number(), end);
      } else {
        const auto hours = static_cast<int>(random() % 60) - 40;
        Write("consent", number(), clock_.Now() + absl::Hours(hours), end);
      }
    }
    std::vector<Number> numbers(random() % 20);
    for (Number& asked : numbers) {
      asked = random() % 6 == 0 ? kElsewhere + random() % 2 * 1'000'000'000 : number();
    }
    ExpectOneAnswer(numbers, /*exempted=*/true);
    clock_.offset += absl::Hours(1 + static_cast<int>(random() % 100));
  }
}

}  // namespace
}  // namespace dnc
