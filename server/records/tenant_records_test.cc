#include "server/records/tenant_records.h"

#include <fstream>

#include "server/base/error.h"
#include "server/records/records_fixture.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

constexpr Number kNumber = 2015550123;
constexpr Number kOther = 2015550124;

TEST_F(TenantRecordsTest, WhatIsAcknowledgedIsSeenAndStays) {
  Open();
  EXPECT_EQ(Facts(one_, kNumber), kNoRecord);
  EXPECT_EQ(DoOne(Write(one_, "internal", {kNumber})), WriteOutcome::kAdded);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Facts(one_, kNumber), kRecordDoNotCall);
    EXPECT_EQ(Facts(one_, kOther), kNoRecord);
    EXPECT_EQ(Facts(two_, kNumber), kNoRecord);
    EXPECT_EQ(lists_->Records(1), 1U);
    Reopen();
  }
}

TEST_F(TenantRecordsTest, OutcomesInTheOrderOfTheItems) {
  Open();
  EXPECT_EQ(DoOne(Write(one_, "internal", {kNumber})), WriteOutcome::kAdded);
  RecordWrite write = Write(one_, "internal", {kNumber, kOther, kOther, 15});
  write.items.push_back({TenantRecord(), "no number"});
  const auto reply = Do(write);
  ASSERT_TRUE(reply.ok());
  std::vector<WriteOutcome> outcomes;
  for (const WriteResult& result : reply->results) outcomes.push_back(result.outcome);
  EXPECT_EQ(outcomes, (std::vector<WriteOutcome>{WriteOutcome::kAlreadyThere, WriteOutcome::kAdded,
                                                 WriteOutcome::kAlreadyThere,
                                                 WriteOutcome::kRefused, WriteOutcome::kRefused}));
  EXPECT_EQ(reply->results[4].message, "no number");
  RecordWrite changed = Write(one_, "internal", {kNumber});
  changed.items[0].record.note = "called twice";
  EXPECT_EQ(DoOne(changed), WriteOutcome::kUpdated);
  EXPECT_EQ(lists_->Find(1, kNumber)->at(0).record.note, "called twice");
}

TEST_F(TenantRecordsTest, ARepeatedRequestKeepsTheDateOfTheFirst) {
  Open();
  const absl::Time first = clock_.now;
  DoOne(Write(one_, "internal", {kNumber}));
  clock_.now += absl::Hours(48);
  EXPECT_EQ(DoOne(Write(one_, "internal", {kNumber})), WriteOutcome::kAlreadyThere);
  RecordWrite changed = Write(one_, "internal", {kNumber});
  changed.items[0].record.reason = "again";
  EXPECT_EQ(DoOne(changed), WriteOutcome::kUpdated);
  EXPECT_EQ(lists_->Find(1, kNumber)->at(0).record.made_at, first);
}

// Requests may arrive in any order, and none takes away what another promised.
TEST_F(TenantRecordsTest, ARequestEndsWhenTheLastOfItsKindDoes) {
  Open();
  const absl::Time now = clock_.now;
  const absl::Duration year = absl::Hours(24 * 365);
  const auto request = [&](absl::Time made_at, absl::Time expires_at) {
    RecordWrite write = Write(one_, "internal", {kNumber});
    write.items[0].record.made_at = made_at;
    write.items[0].record.expires_at = expires_at;
    return DoOne(write);
  };
  EXPECT_EQ(request(now, absl::InfiniteFuture()), WriteOutcome::kAdded);
  // An old row that has ended, as an import of another system's lists brings it.
  EXPECT_EQ(request(now - 10 * year, now - year), WriteOutcome::kUpdated);
  EXPECT_EQ(Facts(one_, kNumber), kRecordDoNotCall);
  EXPECT_EQ(request(now - 10 * year, now - year), WriteOutcome::kAlreadyThere);
  Reopen();
  EXPECT_EQ(Facts(one_, kNumber), kRecordDoNotCall);
  const TenantRecord record = lists_->Find(1, kNumber)->at(0).record;
  EXPECT_EQ(record.made_at, now - 10 * year);
  EXPECT_EQ(record.expires_at, absl::InfiniteFuture());
  // The other way round, and with an end to both.
  RecordWrite remove = Write(one_, "internal", {kNumber}, /*remove=*/true);
  remove.remove_do_not_call = true;
  EXPECT_EQ(DoOne(remove), WriteOutcome::kRemoved);
  // Alone it is over, and must not be told as a request that is in force.
  EXPECT_EQ(request(now - 10 * year, now - year), WriteOutcome::kRefused);
  EXPECT_EQ(request(now - 10 * year, now), WriteOutcome::kRefused);
  EXPECT_EQ(Facts(one_, kNumber), kNoRecord);
  EXPECT_EQ(request(now, now + 6 * year), WriteOutcome::kAdded);
  EXPECT_EQ(request(now - 4 * year, now + 2 * year), WriteOutcome::kUpdated) << "its date";
  EXPECT_EQ(request(now - 4 * year, now + 2 * year), WriteOutcome::kAlreadyThere);
  clock_.now += 5 * year;
  EXPECT_EQ(Facts(one_, kNumber), kRecordDoNotCall);
  clock_.now += 2 * year;
  EXPECT_EQ(Facts(one_, kNumber), kNoRecord);
  EXPECT_EQ(request(now, now + 6 * year), WriteOutcome::kRefused) << "there, and over";
}

TEST_F(TenantRecordsTest, ADoNotCallRequestIsRemovedOnlyOnPurpose) {
  Open();
  DoOne(Write(one_, "internal", {kNumber}));
  RecordWrite remove = Write(one_, "internal", {kNumber}, /*remove=*/true);
  remove.remove_do_not_call = false;
  EXPECT_EQ(DoOne(remove), WriteOutcome::kRefused);
  EXPECT_EQ(Facts(one_, kNumber), kRecordDoNotCall);
  remove.remove_do_not_call = true;
  EXPECT_EQ(DoOne(remove), WriteOutcome::kRemoved);
  EXPECT_EQ(DoOne(remove), WriteOutcome::kNotThere);
  EXPECT_EQ(Facts(one_, kNumber), kNoRecord);
  EXPECT_EQ(lists_->Records(1), 0U);
}

TEST_F(TenantRecordsTest, ScopesAreFailClosed) {
  Open();
  DoOne(Write(one_, "acme", {kNumber}));
  EXPECT_EQ(Facts(one_, kNumber), kRecordDoNotCall);
  EXPECT_EQ(Facts(one_, kNumber, "acme"), kRecordDoNotCall);
  EXPECT_EQ(Facts(one_, kNumber, "acme/spring"), kRecordDoNotCall);
  DoOne(Write(one_, "spring", {kOther}));
  // A brand's question is the strictest within the brand.
  EXPECT_EQ(Facts(one_, kOther, "acme"), kRecordDoNotCall);
  // What no list knows, such as a misspelt name, gets the strictest answer of all.
  for (const char* const unknown : {"other", "acme/sprng", "acme/spring/x", "acm", "acme-x"}) {
    EXPECT_EQ(Facts(one_, kNumber, unknown), kRecordDoNotCall) << unknown;
    EXPECT_EQ(Facts(one_, kOther, unknown), kRecordDoNotCall) << unknown;
  }
  EXPECT_EQ(Facts(one_, kOther, "acme/spring"), kRecordDoNotCall);
  EXPECT_EQ(Facts(one_, kOther), kRecordDoNotCall);
  DoOne(Write(one_, "acme-consent", {2015550199}));
  EXPECT_EQ(Facts(one_, 2015550199), kNoRecord);
  EXPECT_EQ(Facts(one_, 2015550199, "acme/spring"), kRecordConsent);
  EXPECT_EQ(Facts(one_, 2015550199, "acme"), kRecordConsent);
  EXPECT_EQ(Facts(one_, 2015550199, "acme/sprng"), kNoRecord);
  EXPECT_EQ(Facts(one_, 2015550199, "other"), kNoRecord);
}

TEST_F(TenantRecordsTest, ExemptionsEnd) {
  Open();
  RecordWrite consent = Write(one_, "consent", {kNumber});
  consent.items[0].record.expires_at = clock_.now + absl::Hours(1);
  EXPECT_EQ(DoOne(consent), WriteOutcome::kAdded);
  EXPECT_EQ(DoOne(Write(one_, "ebr", {kNumber})), WriteOutcome::kAdded);
  EXPECT_EQ(Facts(one_, kNumber), kRecordConsent | kRecordEbr);
  clock_.now += absl::Hours(1);
  EXPECT_EQ(Facts(one_, kNumber), kRecordEbr);
  clock_.now += absl::Hours(24 * 31 * 18);
  EXPECT_EQ(Facts(one_, kNumber), kRecordEbrEnded);
}

TEST_F(TenantRecordsTest, BlocksCountWithoutARecord) {
  Open();
  auto view = std::make_shared<TenantView>(*one_);
  TenantView::Blocks blocks;
  blocks.area_codes[201] = true;
  blocks.exchanges = {212555};
  view->blocks.push_back(blocks);
  EXPECT_EQ(Facts(view, kNumber), kRecordDoNotCall);
  EXPECT_EQ(Facts(view, 2125550100), kRecordDoNotCall);
  EXPECT_EQ(Facts(view, 2125560100), kNoRecord);
  EXPECT_EQ(Facts(view, kNumberLimit), kNoRecord);
}

TEST_F(TenantRecordsTest, AnUnknownListIsNotNothing) {
  Open();
  DoOne(Write(one_, "spring", {kNumber}));
  auto view = std::make_shared<TenantView>(*one_);
  view->lists.erase("spring");
  EXPECT_EQ(Facts(view, kNumber), kRecordUnknown);
}

TEST_F(TenantRecordsTest, AboveTheLimitOfRequestIdsAWriteWithOneIsRefused) {
  options_.max_request_ids = 1;
  Open();
  RecordWrite first = Write(one_, "internal", {kNumber});
  first.request_id = "first";
  ASSERT_TRUE(Do(first).ok());
  Reopen();  // the limit is looked at now and then, and at the start
  RecordWrite second = Write(one_, "internal", {kNumber + 1});
  absl::Status refused;
  int tries = 0;
  EXPECT_TRUE(WaitUntil([&] {
    second.request_id = StrCat("second-", ++tries);
    refused = Do(second).status();
    return !refused.ok();
  }));
  EXPECT_EQ(ErrorReason(refused), reason::kLimitReached);
  EXPECT_TRUE(Do(first).ok()) << "what was answered is answered again";
  EXPECT_GT(lists_->stats().failed_writes[static_cast<size_t>(WriteFailure::kTooManyRequestIds)],
            0U);
  second.request_id.clear();
  EXPECT_TRUE(Do(second).ok());
}

TEST_F(TenantRecordsTest, ARequestIdGivesTheFirstAnswerAgain) {
  Open();
  RecordWrite write = Write(one_, "internal", {kNumber, 15});
  write.request_id = "abc";
  const auto first = Do(write);
  ASSERT_TRUE(first.ok());
  for (int round = 0; round < 2; ++round) {
    const auto again = Do(write);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->revision, first->revision);
    EXPECT_EQ(again->results[0].outcome, WriteOutcome::kAdded);
    EXPECT_EQ(again->results[1].message, first->results[1].message);
    RecordWrite other = Write(one_, "internal", {kOther});
    other.request_id = "abc";
    EXPECT_EQ(ErrorReason(Do(other).status()), reason::kRequestIdReused);
    other.tenant = two_;
    if (round == 0) {
      EXPECT_TRUE(Do(other).ok());
    }
    Reopen();
  }
  clock_.now += absl::Hours(49);
  EXPECT_EQ(Do(write)->results[0].outcome, WriteOutcome::kAlreadyThere);
}

TEST_F(TenantRecordsTest, WhatMustBeSaidOfARecord) {
  Open();
  const auto refused = [this](const std::string& list, auto change) {
    RecordWrite write = Write(one_, list, {kNumber});
    change(write.items[0].record);
    const auto reply = Do(write);
    return reply->results[0].outcome == WriteOutcome::kRefused &&
           !reply->results[0].message.empty();
  };
  EXPECT_TRUE(refused("ebr", [](TenantRecord& r) { r.ebr_kind = EbrKind::kNone; }));
  EXPECT_TRUE(refused("ebr", [](TenantRecord& r) { r.last_event_at = absl::InfinitePast(); }));
  EXPECT_TRUE(refused("ebr", [](TenantRecord& r) { r.last_event_at = absl::InfiniteFuture(); }));
  EXPECT_TRUE(
      refused("ebr", [this](TenantRecord& r) { r.last_event_at = clock_.now + absl::Hours(99); }));
  EXPECT_TRUE(refused("internal", [this](TenantRecord& r) {
    r.expires_at = clock_.now + absl::Hours(24 * 365 * 4);
  }));
  EXPECT_FALSE(refused("internal", [this](TenantRecord& r) {
    r.expires_at = clock_.now + absl::Hours(24 * 366 * 5);
  }));
  EXPECT_TRUE(refused("internal", [](TenantRecord& r) { r.note = std::string(1001, 'x'); }));
  EXPECT_TRUE(refused("internal", [](TenantRecord& r) { r.made_at = absl::InfiniteFuture(); }));
  EXPECT_TRUE(refused("consent", [](TenantRecord& r) { r.ebr_kind = EbrKind::kInquiry; }));
}

TEST_F(TenantRecordsTest, LimitsRefuseWhatIsNew) {
  options_.max_records = 3;
  Open();
  RecordWrite write = Write(one_, "internal", {2015550001, 2015550002, 2015550003});
  write.max_records = 2;
  const auto reply = Do(write);
  EXPECT_EQ(reply->results[1].outcome, WriteOutcome::kAdded);
  EXPECT_EQ(reply->results[2].outcome, WriteOutcome::kRefused);
  const auto others = Do(Write(two_, "internal", {2015550001, 2015550002}));
  EXPECT_EQ(others->results[0].outcome, WriteOutcome::kAdded);
  EXPECT_EQ(others->results[1].outcome, WriteOutcome::kRefused);
}

TEST_F(TenantRecordsTest, ChangesInOrderAndScans) {
  Open();
  const uint64_t before = order_->last();
  DoOne(Write(one_, "internal", {kNumber}));
  DoOne(Write(two_, "internal", {kNumber}));
  DoOne(Write(one_, "consent", {kOther}));
  DoOne(Write(one_, "internal", {kNumber}, /*remove=*/true));
  std::vector<std::pair<WriteOutcome, Number>> seen;
  const auto collect = [&seen](const RecordChange& change) {
    seen.emplace_back(change.outcome, change.record.number);
    return true;
  };
  ASSERT_TRUE(lists_->Changes(1, before, collect).ok());
  using Seen = std::vector<std::pair<WriteOutcome, Number>>;
  EXPECT_EQ(seen, (Seen{{WriteOutcome::kAdded, kNumber},
                        {WriteOutcome::kAdded, kOther},
                        {WriteOutcome::kRemoved, kNumber}}));
  seen.clear();
  ASSERT_TRUE(lists_->Changes(1, order_->last(), collect).ok());
  EXPECT_TRUE(seen.empty());
  std::vector<Number> scanned;
  const auto revision = lists_->Scan(1, 0, 0, [&](ListNumber, const TenantRecord& record) {
    scanned.push_back(record.number);
    return true;
  });
  EXPECT_EQ(*revision, order_->last());
  EXPECT_EQ(scanned, std::vector<Number>{kOther});
}

// Many lie together in the store; they come one by one, and a reader may end in their midst.
TEST_F(TenantRecordsTest, ChangesOfALargeWriteComeInOrder) {
  Open();
  const uint64_t before = order_->last();
  std::vector<Number> numbers(1'000);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = 2015550000 + (i * 7) % numbers.size();
  RecordWrite large = Write(one_, "internal", numbers);
  for (RecordWrite::Item& item : large.items) item.record.note = std::string(300, 'n');
  ASSERT_TRUE(Do(large).ok());
  ASSERT_TRUE(Do(Write(one_, "internal", {kOther, numbers[0], numbers[0]})).ok());
  for (const size_t most : {size_t{1}, size_t{256}, size_t{257}, numbers.size() + 1}) {
    std::vector<Number> seen;
    ASSERT_TRUE(lists_
                    ->Changes(1, before,
                              [&](const RecordChange& change) {
                                EXPECT_EQ(change.outcome, seen.size() < numbers.size()
                                                              ? WriteOutcome::kAdded
                                                              : WriteOutcome::kUpdated);
                                EXPECT_EQ(change.revision, seen.size() < numbers.size()
                                                               ? order_->last() - 1
                                                               : order_->last());
                                seen.push_back(change.record.number);
                                return seen.size() < most;
                              })
                    .ok());
    ASSERT_EQ(seen.size(), most);
    for (size_t i = 0; i < seen.size(); ++i) {
      EXPECT_EQ(seen[i], i < numbers.size() ? numbers[i] : kOther);
    }
  }
}

TEST_F(TenantRecordsTest, ADroppedTenantLeavesNothing) {
  Open();
  DoOne(Write(one_, "internal", {kNumber}));
  DoOne(Write(two_, "internal", {kNumber}));
  ASSERT_TRUE(lists_->Drop(1).ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lists_->Records(1), 0U);
    EXPECT_EQ(Facts(one_, kNumber), kNoRecord);
    EXPECT_EQ(Facts(two_, kNumber), kRecordDoNotCall);
    std::filesystem::remove(dir_ + "/tenants.filter");
    Reopen();
  }
}

// What must stop a start.
TEST_F(TenantRecordsTest, MissingAcknowledgedWritesAreNoticed) {
  Open();
  DoOne(Write(one_, "internal", {kNumber}));
  Close();
  std::filesystem::copy(dir_ + "/tenants", dir_ + "/old", std::filesystem::copy_options::recursive);
  Open();
  DoOne(Write(one_, "internal", {kOther}));
  Close();
  std::filesystem::rename(dir_ + "/tenants", dir_ + "/new");
  std::filesystem::copy(dir_ + "/old", dir_ + "/tenants", std::filesystem::copy_options::recursive);
  EXPECT_EQ(ErrorReason(TryOpen()), reason::kOwnListsDamaged);
  Close();
  std::filesystem::remove_all(dir_ + "/tenants");
  EXPECT_EQ(ErrorReason(TryOpen()), reason::kOwnListsDamaged);
  Close();
  std::filesystem::remove_all(dir_ + "/tenants");
  std::filesystem::rename(dir_ + "/new", dir_ + "/tenants");
  std::filesystem::rename(dir_ + "/tenants.journal", dir_ + "/journal");
  EXPECT_EQ(ErrorReason(TryOpen()), reason::kOwnListsDamaged);
  Close();
  std::filesystem::rename(dir_ + "/journal", dir_ + "/tenants.journal");
  Open();
  EXPECT_EQ(Facts(one_, kOther), kRecordDoNotCall);
}

TEST_F(TenantRecordsTest, ARecordThatVanishedFromTheStoreStopsTheStart) {
  Open();
  DoOne(Write(one_, "internal", {kNumber, kOther}));
  StoreBatch batch;
  batch.Delete(Column::kRecords, EncodeRecordKey({1, kNumber, 1}));
  ASSERT_TRUE(store_->Write(batch).ok());
  Close();
  std::filesystem::remove(dir_ + "/tenants.filter");
  EXPECT_EQ(ErrorReason(TryOpen()), reason::kOwnListsDamaged);
}

TEST_F(TenantRecordsTest, ADamagedRecordIsUnknownAndStopsTheStart) {
  Open();
  DoOne(Write(one_, "internal", {kNumber}));
  StoreBatch batch;
  batch.Put(Column::kRecords, EncodeRecordKey({1, kNumber, 1}), "nonsense of some length");
  ASSERT_TRUE(store_->Write(batch).ok());
  EXPECT_EQ(Facts(one_, kNumber), kRecordUnknown);
  EXPECT_EQ(DoOne(Write(one_, "internal", {kNumber})), WriteOutcome::kRefused);
  Close();
  std::filesystem::remove(dir_ + "/tenants.filter");
  EXPECT_EQ(ErrorReason(TryOpen()), reason::kOwnListsDamaged);
}

}  // namespace
}  // namespace dnc
