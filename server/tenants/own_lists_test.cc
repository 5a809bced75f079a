#include "server/tenants/own_lists.h"

#include <fstream>

#include "server/base/error.h"
#include "server/tenants/own_lists_fixture.h"

namespace dnc {
namespace {

constexpr Number kNumber = 2015550123;
constexpr Number kOther = 2015550124;

TEST_F(OwnListsTest, WhatIsAcknowledgedIsSeenAndStays) {
  Open();
  EXPECT_EQ(Facts(one_, kNumber), kOwnNothing);
  EXPECT_EQ(DoOne(Write(one_, "internal", {kNumber})), WriteOutcome::kAdded);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Facts(one_, kNumber), kOwnDoNotCall);
    EXPECT_EQ(Facts(one_, kOther), kOwnNothing);
    EXPECT_EQ(Facts(two_, kNumber), kOwnNothing);
    EXPECT_EQ(lists_->Records(1), 1U);
    Reopen();
  }
}

TEST_F(OwnListsTest, OutcomesInTheOrderOfTheItems) {
  Open();
  EXPECT_EQ(DoOne(Write(one_, "internal", {kNumber})), WriteOutcome::kAdded);
  OwnWrite write = Write(one_, "internal", {kNumber, kOther, kOther, 15});
  write.items.push_back({OwnRecord(), "no number"});
  const auto reply = Do(write);
  ASSERT_TRUE(reply.ok());
  std::vector<WriteOutcome> outcomes;
  for (const WriteResult& result : reply->results) outcomes.push_back(result.outcome);
  EXPECT_EQ(outcomes, (std::vector<WriteOutcome>{WriteOutcome::kAlreadyThere, WriteOutcome::kAdded,
                                                 WriteOutcome::kAlreadyThere,
                                                 WriteOutcome::kRefused, WriteOutcome::kRefused}));
  EXPECT_EQ(reply->results[4].message, "no number");
  OwnWrite changed = Write(one_, "internal", {kNumber});
  changed.items[0].record.note = "called twice";
  EXPECT_EQ(DoOne(changed), WriteOutcome::kUpdated);
  EXPECT_EQ(lists_->Find(1, kNumber)->at(0).record.note, "called twice");
}

TEST_F(OwnListsTest, ARepeatedRequestKeepsTheDateOfTheFirst) {
  Open();
  const absl::Time first = clock_.now;
  DoOne(Write(one_, "internal", {kNumber}));
  clock_.now += absl::Hours(48);
  EXPECT_EQ(DoOne(Write(one_, "internal", {kNumber})), WriteOutcome::kAlreadyThere);
  OwnWrite changed = Write(one_, "internal", {kNumber});
  changed.items[0].record.reason = "again";
  EXPECT_EQ(DoOne(changed), WriteOutcome::kUpdated);
  EXPECT_EQ(lists_->Find(1, kNumber)->at(0).record.made_at, first);
}

// Requests may arrive in any order, and none takes away what another promised.
TEST_F(OwnListsTest, ARequestEndsWhenTheLastOfItsKindDoes) {
  Open();
  const absl::Time now = clock_.now;
  const absl::Duration year = absl::Hours(24 * 365);
  const auto request = [&](absl::Time made_at, absl::Time expires_at) {
    OwnWrite write = Write(one_, "internal", {kNumber});
    write.items[0].record.made_at = made_at;
    write.items[0].record.expires_at = expires_at;
    return DoOne(write);
  };
  EXPECT_EQ(request(now, absl::InfiniteFuture()), WriteOutcome::kAdded);
  // An old row that has ended, as an import of another system's lists brings it.
  EXPECT_EQ(request(now - 10 * year, now - year), WriteOutcome::kUpdated);
  EXPECT_EQ(Facts(one_, kNumber), kOwnDoNotCall);
  EXPECT_EQ(request(now - 10 * year, now - year), WriteOutcome::kAlreadyThere);
  Reopen();
  EXPECT_EQ(Facts(one_, kNumber), kOwnDoNotCall);
  const OwnRecord record = lists_->Find(1, kNumber)->at(0).record;
  EXPECT_EQ(record.made_at, now - 10 * year);
  EXPECT_EQ(record.expires_at, absl::InfiniteFuture());
  // The other way round, and with an end to both.
  OwnWrite remove = Write(one_, "internal", {kNumber}, /*remove=*/true);
  remove.remove_do_not_call = true;
  EXPECT_EQ(DoOne(remove), WriteOutcome::kRemoved);
  // Alone it is over, and must not be told as a request that is in force.
  EXPECT_EQ(request(now - 10 * year, now - year), WriteOutcome::kRefused);
  EXPECT_EQ(request(now - 10 * year, now), WriteOutcome::kRefused);
  EXPECT_EQ(Facts(one_, kNumber), kOwnNothing);
  EXPECT_EQ(request(now, now + 6 * year), WriteOutcome::kAdded);
  EXPECT_EQ(request(now - 4 * year, now + 2 * year), WriteOutcome::kUpdated) << "its date";
  EXPECT_EQ(request(now - 4 * year, now + 2 * year), WriteOutcome::kAlreadyThere);
  clock_.now += 5 * year;
  EXPECT_EQ(Facts(one_, kNumber), kOwnDoNotCall);
  clock_.now += 2 * year;
  EXPECT_EQ(Facts(one_, kNumber), kOwnNothing);
  EXPECT_EQ(request(now, now + 6 * year), WriteOutcome::kRefused) << "there, and over";
}

TEST_F(OwnListsTest, ADoNotCallRequestIsRemovedOnlyOnPurpose) {
  Open();
  DoOne(Write(one_, "internal", {kNumber}));
  OwnWrite remove = Write(one_, "internal", {kNumber}, /*remove=*/true);
  remove.remove_do_not_call = false;
  EXPECT_EQ(DoOne(remove), WriteOutcome::kRefused);
  EXPECT_EQ(Facts(one_, kNumber), kOwnDoNotCall);
  remove.remove_do_not_call = true;
  EXPECT_EQ(DoOne(remove), WriteOutcome::kRemoved);
  EXPECT_EQ(DoOne(remove), WriteOutcome::kNotThere);
  EXPECT_EQ(Facts(one_, kNumber), kOwnNothing);
  EXPECT_EQ(lists_->Records(1), 0U);
}

TEST_F(OwnListsTest, ScopesAreFailClosed) {
  Open();
  DoOne(Write(one_, "acme", {kNumber}));
  EXPECT_EQ(Facts(one_, kNumber), kOwnDoNotCall);
  EXPECT_EQ(Facts(one_, kNumber, "acme"), kOwnDoNotCall);
  EXPECT_EQ(Facts(one_, kNumber, "acme/spring"), kOwnDoNotCall);
  DoOne(Write(one_, "spring", {kOther}));
  // A brand's question is the strictest within the brand.
  EXPECT_EQ(Facts(one_, kOther, "acme"), kOwnDoNotCall);
  // What no list knows, such as a misspelt name, gets the strictest answer of all.
  for (const char* const unknown : {"other", "acme/sprng", "acme/spring/x", "acm", "acme-x"}) {
    EXPECT_EQ(Facts(one_, kNumber, unknown), kOwnDoNotCall) << unknown;
    EXPECT_EQ(Facts(one_, kOther, unknown), kOwnDoNotCall) << unknown;
  }
  EXPECT_EQ(Facts(one_, kOther, "acme/spring"), kOwnDoNotCall);
  EXPECT_EQ(Facts(one_, kOther), kOwnDoNotCall);
  DoOne(Write(one_, "acme-consent", {2015550199}));
  EXPECT_EQ(Facts(one_, 2015550199), kOwnNothing);
  EXPECT_EQ(Facts(one_, 2015550199, "acme/spring"), kOwnConsent);
  EXPECT_EQ(Facts(one_, 2015550199, "acme"), kOwnConsent);
  EXPECT_EQ(Facts(one_, 2015550199, "acme/sprng"), kOwnNothing);
  EXPECT_EQ(Facts(one_, 2015550199, "other"), kOwnNothing);
}

TEST_F(OwnListsTest, ExemptionsEnd) {
  Open();
  OwnWrite consent = Write(one_, "consent", {kNumber});
  consent.items[0].record.expires_at = clock_.now + absl::Hours(1);
  EXPECT_EQ(DoOne(consent), WriteOutcome::kAdded);
  EXPECT_EQ(DoOne(Write(one_, "ebr", {kNumber})), WriteOutcome::kAdded);
  EXPECT_EQ(Facts(one_, kNumber), kOwnConsent | kOwnEbr);
  clock_.now += absl::Hours(1);
  EXPECT_EQ(Facts(one_, kNumber), kOwnEbr);
  clock_.now += absl::Hours(24 * 31 * 18);
  EXPECT_EQ(Facts(one_, kNumber), kOwnNothing);
}

TEST_F(OwnListsTest, BlocksCountWithoutARecord) {
  Open();
  auto view = std::make_shared<TenantView>(*one_);
  TenantView::Blocks blocks;
  blocks.area_codes[201] = true;
  blocks.exchanges = {212555};
  view->blocks.push_back(blocks);
  EXPECT_EQ(Facts(view, kNumber), kOwnDoNotCall);
  EXPECT_EQ(Facts(view, 2125550100), kOwnDoNotCall);
  EXPECT_EQ(Facts(view, 2125560100), kOwnNothing);
  EXPECT_EQ(Facts(view, kNumberLimit), kOwnNothing);
}

TEST_F(OwnListsTest, AnUnknownListIsNotNothing) {
  Open();
  DoOne(Write(one_, "spring", {kNumber}));
  auto view = std::make_shared<TenantView>(*one_);
  view->lists.erase("spring");
  EXPECT_EQ(Facts(view, kNumber), kOwnUnknown);
}

TEST_F(OwnListsTest, AboveTheLimitOfRequestIdsAWriteWithOneIsRefused) {
  options_.max_request_ids = 1;
  Open();
  OwnWrite first = Write(one_, "internal", {kNumber});
  first.request_id = "first";
  ASSERT_TRUE(Do(first).ok());
  Reopen();  // the limit is looked at now and then, and at the start
  OwnWrite second = Write(one_, "internal", {kNumber + 1});
  absl::Status refused;
  for (int i = 0; i < 500 && refused.ok(); ++i) {
    second.request_id = StrCat("second-", i);
    refused = Do(second).status();
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(ErrorReason(refused), reason::kLimitReached);
  EXPECT_TRUE(Do(first).ok()) << "what was answered is answered again";
  EXPECT_GT(lists_->stats().failed_writes[static_cast<size_t>(WriteFailure::kTooManyRequestIds)],
            0U);
  second.request_id.clear();
  EXPECT_TRUE(Do(second).ok());
}

TEST_F(OwnListsTest, ARequestIdGivesTheFirstAnswerAgain) {
  Open();
  OwnWrite write = Write(one_, "internal", {kNumber, 15});
  write.request_id = "abc";
  const auto first = Do(write);
  ASSERT_TRUE(first.ok());
  for (int round = 0; round < 2; ++round) {
    const auto again = Do(write);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->revision, first->revision);
    EXPECT_EQ(again->results[0].outcome, WriteOutcome::kAdded);
    EXPECT_EQ(again->results[1].message, first->results[1].message);
    OwnWrite other = Write(one_, "internal", {kOther});
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

TEST_F(OwnListsTest, WhatMustBeSaidOfARecord) {
  Open();
  const auto refused = [this](const std::string& list, auto change) {
    OwnWrite write = Write(one_, list, {kNumber});
    change(write.items[0].record);
    const auto reply = Do(write);
    return reply->results[0].outcome == WriteOutcome::kRefused &&
           !reply->results[0].message.empty();
  };
  EXPECT_TRUE(refused("ebr", [](OwnRecord& r) { r.ebr_kind = EbrKind::kNone; }));
  EXPECT_TRUE(refused("ebr", [](OwnRecord& r) { r.last_event_at = absl::InfinitePast(); }));
  EXPECT_TRUE(refused("ebr", [](OwnRecord& r) { r.last_event_at = absl::InfiniteFuture(); }));
  EXPECT_TRUE(
      refused("ebr", [this](OwnRecord& r) { r.last_event_at = clock_.now + absl::Hours(99); }));
  EXPECT_TRUE(refused(
      "internal", [this](OwnRecord& r) { r.expires_at = clock_.now + absl::Hours(24 * 365 * 4); }));
  EXPECT_FALSE(refused(
      "internal", [this](OwnRecord& r) { r.expires_at = clock_.now + absl::Hours(24 * 366 * 5); }));
  EXPECT_TRUE(refused("internal", [](OwnRecord& r) { r.note = std::string(1001, 'x'); }));
  EXPECT_TRUE(refused("internal", [](OwnRecord& r) { r.made_at = absl::InfiniteFuture(); }));
  EXPECT_TRUE(refused("consent", [](OwnRecord& r) { r.ebr_kind = EbrKind::kInquiry; }));
}

TEST_F(OwnListsTest, LimitsRefuseWhatIsNew) {
  options_.max_records = 3;
  Open();
  OwnWrite write = Write(one_, "internal", {2015550001, 2015550002, 2015550003});
  write.max_records = 2;
  const auto reply = Do(write);
  EXPECT_EQ(reply->results[1].outcome, WriteOutcome::kAdded);
  EXPECT_EQ(reply->results[2].outcome, WriteOutcome::kRefused);
  const auto others = Do(Write(two_, "internal", {2015550001, 2015550002}));
  EXPECT_EQ(others->results[0].outcome, WriteOutcome::kAdded);
  EXPECT_EQ(others->results[1].outcome, WriteOutcome::kRefused);
}

TEST_F(OwnListsTest, ChangesInOrderAndScans) {
  Open();
  const uint64_t before = order_->last();
  DoOne(Write(one_, "internal", {kNumber}));
  DoOne(Write(two_, "internal", {kNumber}));
  DoOne(Write(one_, "consent", {kOther}));
  DoOne(Write(one_, "internal", {kNumber}, /*remove=*/true));
  std::vector<std::pair<WriteOutcome, Number>> seen;
  const auto collect = [&seen](const OwnChange& change) {
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
  const auto revision = lists_->Scan(1, 0, 0, [&](ListNumber, const OwnRecord& record) {
    scanned.push_back(record.number);
    return true;
  });
  EXPECT_EQ(*revision, order_->last());
  EXPECT_EQ(scanned, std::vector<Number>{kOther});
}

// Many lie together in the store; they come one by one, and a reader may end in their midst.
TEST_F(OwnListsTest, ChangesOfALargeWriteComeInOrder) {
  Open();
  const uint64_t before = order_->last();
  std::vector<Number> numbers(1'000);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = 2015550000 + (i * 7) % numbers.size();
  OwnWrite large = Write(one_, "internal", numbers);
  for (OwnWrite::Item& item : large.items) item.record.note = std::string(300, 'n');
  ASSERT_TRUE(Do(large).ok());
  ASSERT_TRUE(Do(Write(one_, "internal", {kOther, numbers[0], numbers[0]})).ok());
  for (const size_t most : {size_t{1}, size_t{256}, size_t{257}, numbers.size() + 1}) {
    std::vector<Number> seen;
    ASSERT_TRUE(lists_
                    ->Changes(1, before,
                              [&](const OwnChange& change) {
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

TEST_F(OwnListsTest, ADroppedTenantLeavesNothing) {
  Open();
  DoOne(Write(one_, "internal", {kNumber}));
  DoOne(Write(two_, "internal", {kNumber}));
  ASSERT_TRUE(lists_->Drop(1).ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(lists_->Records(1), 0U);
    EXPECT_EQ(Facts(one_, kNumber), kOwnNothing);
    EXPECT_EQ(Facts(two_, kNumber), kOwnDoNotCall);
    std::filesystem::remove(dir_ + "/tenants.filter");
    Reopen();
  }
}

// What must stop a start.
TEST_F(OwnListsTest, MissingAcknowledgedWritesAreNoticed) {
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
  EXPECT_EQ(Facts(one_, kOther), kOwnDoNotCall);
}

TEST_F(OwnListsTest, ARecordThatVanishedFromTheStoreStopsTheStart) {
  Open();
  DoOne(Write(one_, "internal", {kNumber, kOther}));
  StoreBatch batch;
  batch.Delete(Column::kRecords, EncodeOwnKey({1, kNumber, 1}));
  ASSERT_TRUE(store_->Write(batch).ok());
  Close();
  std::filesystem::remove(dir_ + "/tenants.filter");
  EXPECT_EQ(ErrorReason(TryOpen()), reason::kOwnListsDamaged);
}

TEST_F(OwnListsTest, ADamagedRecordIsUnknownAndStopsTheStart) {
  Open();
  DoOne(Write(one_, "internal", {kNumber}));
  StoreBatch batch;
  batch.Put(Column::kRecords, EncodeOwnKey({1, kNumber, 1}), "nonsense of some length");
  ASSERT_TRUE(store_->Write(batch).ok());
  EXPECT_EQ(Facts(one_, kNumber), kOwnUnknown);
  EXPECT_EQ(DoOne(Write(one_, "internal", {kNumber})), WriteOutcome::kRefused);
  Close();
  std::filesystem::remove(dir_ + "/tenants.filter");
  EXPECT_EQ(ErrorReason(TryOpen()), reason::kOwnListsDamaged);
}

}  // namespace
}  // namespace dnc
