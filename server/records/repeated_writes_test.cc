// What repeated writes tell and do, when facts change, and lists in the changes.
#include "server/records/records_fixture.h"
#include "server/records/tenant_records.h"

namespace dnc {
namespace {

constexpr Number kNumber = 2015550123;
constexpr Number kOther = 2015550124;

// An acknowledgement tells what is in force, also a repeated one.
TEST_F(TenantRecordsTest, ARepeatedAdditionIsInForceAgain) {
  Open();
  RecordWrite add = Write(one_, "internal", {kNumber, kOther});
  for (RecordWrite::Item& item : add.items) item.dated = false;
  add.request_id = "add";
  const auto first = Do(add);
  ASSERT_TRUE(first.ok());
  const absl::Time made_at = clock_.now;
  clock_.now += absl::Hours(1);
  EXPECT_EQ(DoOne(Write(one_, "internal", {kNumber}, /*remove=*/true)), WriteOutcome::kRemoved);
  EXPECT_EQ(Facts(one_, kNumber), kNoRecord);
  Reopen();
  // Another key sends it, at another time.
  RecordWrite again = add;
  for (RecordWrite::Item& item : again.items) {
    item.record.made_by = "another key";
    item.record.made_at = clock_.now;
  }
  const auto repeated = Do(again);
  ASSERT_TRUE(repeated.ok());
  EXPECT_EQ(repeated->results[0].outcome, WriteOutcome::kAdded);
  EXPECT_EQ(repeated->results[1].outcome, WriteOutcome::kAdded);
  EXPECT_GT(repeated->revision, first->revision);
  EXPECT_EQ(Facts(one_, kNumber), kRecordDoNotCall);
  EXPECT_EQ(lists_->Find(1, kNumber)->at(0).record.made_at, made_at);
  const auto third = Do(again);
  EXPECT_EQ(third->revision, repeated->revision) << "nothing was to be done";
  // A shorter request that came since does not shorten it.
  EXPECT_EQ(DoOne(Write(one_, "internal", {kNumber}, /*remove=*/true)), WriteOutcome::kRemoved);
  RecordWrite shorter = Write(one_, "internal", {kNumber});
  shorter.items[0].record.note = "six years";
  shorter.items[0].record.expires_at = clock_.now + absl::Hours(24 * 366 * 6);
  EXPECT_EQ(DoOne(shorter), WriteOutcome::kAdded);
  EXPECT_EQ(Do(again)->results[0].outcome, WriteOutcome::kUpdated);
  const TenantRecord record = lists_->Find(1, kNumber)->at(0).record;
  EXPECT_EQ(record.expires_at, absl::InfiniteFuture());
  EXPECT_EQ(record.note, "six years");
}

TEST_F(TenantRecordsTest, ARepeatedRemovalTakesNothingAwayThatIsNewer) {
  Open();
  for (const char* const list : {"internal", "consent"}) {
    DoOne(Write(one_, list, {kNumber}));
    RecordWrite remove = Write(one_, list, {kNumber, kOther}, /*remove=*/true);
    remove.request_id = list;
    const auto first = Do(remove);
    EXPECT_EQ(first->results[0].outcome, WriteOutcome::kRemoved);
    EXPECT_EQ(first->results[1].outcome, WriteOutcome::kNotThere);
    EXPECT_EQ(Do(remove)->results[0].outcome, WriteOutcome::kRemoved);
    DoOne(Write(one_, list, {kNumber, kOther}));
    const uint8_t facts = Facts(one_, kNumber);
    EXPECT_NE(facts, kNoRecord);
    for (int round = 0; round < 2; ++round) {
      const auto again = Do(remove);
      ASSERT_TRUE(again.ok());
      for (const WriteResult& result : again->results) {
        EXPECT_EQ(result.outcome, WriteOutcome::kRefused) << "it would not be in force";
        EXPECT_NE(result.message, "");
      }
      EXPECT_EQ(Facts(one_, kNumber), facts);
      EXPECT_EQ(Facts(one_, kOther), facts);
      Reopen();
    }
    remove.request_id = "";
    EXPECT_EQ(Do(remove)->results[0].outcome, WriteOutcome::kRemoved);
  }
}

// A consent that was taken back does not come back because somebody repeats a call.
TEST_F(TenantRecordsTest, ARepeatedConsentStaysTakenBack) {
  Open();
  RecordWrite add = Write(one_, "consent", {kNumber});
  add.request_id = "add";
  EXPECT_EQ(DoOne(add), WriteOutcome::kAdded);
  EXPECT_EQ(DoOne(add), WriteOutcome::kAdded);
  EXPECT_EQ(DoOne(Write(one_, "consent", {kNumber}, /*remove=*/true)), WriteOutcome::kRemoved);
  EXPECT_EQ(DoOne(add), WriteOutcome::kRefused);
  EXPECT_EQ(Facts(one_, kNumber), kNoRecord);
  RecordWrite shorter = Write(one_, "consent", {kNumber});
  shorter.items[0].record.expires_at = clock_.now + absl::Hours(1);
  EXPECT_EQ(DoOne(shorter), WriteOutcome::kAdded);
  EXPECT_EQ(DoOne(add), WriteOutcome::kAlreadyThere);
  clock_.now += absl::Hours(1);
  EXPECT_EQ(Facts(one_, kNumber), kNoRecord) << "the later consent is the one that counts";
}

// Lists and blocks that an earlier version made are told to whoever watches from the first change
// on.
TEST_F(TenantRecordsTest, ListsThatAreThereAreNotedOnce) {
  Open();
  DoOne(Write(one_, "internal", {kNumber}));
  auto with_blocks = std::make_shared<TenantView>(*one_);
  with_blocks->lists.at("acme").blocks = {"201", "212555"};
  const auto told = [this] {
    std::vector<std::pair<ListNumber, std::string>> seen;
    EXPECT_TRUE(lists_
                    ->Changes(1, 0,
                              [&seen](const RecordChange& change) {
                                if (change.what == RecordChange::What::kRecord) return true;
                                seen.emplace_back(change.list, change.block);
                                return true;
                              })
                    .ok());
    return seen;
  };
  EXPECT_TRUE(told().empty());
  using Told = decltype(told());
  const Told expected = {{4, ""}, {4, "201"}, {4, "212555"}, {6, ""}, {3, ""}, {2, ""}, {5, ""}};
  const std::vector<TenantViewPtr> tenants = {with_blocks, two_};
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(lists_->NoteListsOnce(tenants).ok());
    EXPECT_EQ(told(), expected);
    const uint64_t noted = order_->last();
    Reopen();
    EXPECT_EQ(order_->last(), noted);
    EXPECT_EQ(told(), expected);
  }
  EXPECT_EQ(DoOne(Write(one_, "internal", {kOther})), WriteOutcome::kAdded);
  // What is old goes, also of tenants without a record.
  const ListChange ended{4, true, {"201"}};
  const absl::Status noted =
      lists_->journal()->Note(1, clock_.now, [&](ListJournal::Put put) -> absl::Status {
        StoreBatch batch;
        put(ended, order_->last() + 1, batch);
        return store_->Write(batch);
      });
  ASSERT_TRUE(noted.ok()) << noted;
  EXPECT_EQ(told().size(), expected.size() + 1);
}

TEST_F(TenantRecordsTest, ExemptionsDatedAheadDoNotCountYet) {
  Open();
  const absl::Time later = clock_.now + absl::Hours(3);
  RecordWrite consent = Write(one_, "consent", {kNumber});
  consent.items[0].record.made_at = later;
  const auto reply = Do(consent);
  EXPECT_EQ(reply->results[0].outcome, WriteOutcome::kAdded);
  EXPECT_NE(reply->results[0].message, "") << "it is told that it does not count yet";
  RecordWrite ebr = Write(one_, "ebr", {kOther});
  ebr.items[0].record.last_event_at = later;
  EXPECT_NE(Do(ebr)->results[0].message, "");
  // A request not to be called counts at once.
  RecordWrite request = Write(one_, "internal", {2015550125});
  request.items[0].record.made_at = later;
  EXPECT_EQ(Do(request)->results[0].message, "");
  EXPECT_EQ(Facts(one_, kNumber), kNoRecord);
  EXPECT_EQ(Facts(one_, kOther), kNoRecord);
  EXPECT_EQ(Facts(one_, 2015550125), kRecordDoNotCall);
  clock_.now = later;
  EXPECT_EQ(Facts(one_, kNumber), kRecordConsent);
  EXPECT_EQ(Facts(one_, kOther), kRecordEbr);
}

// When the lists say something else of a number: the end of a consent under a later one, of one
// beside a block, and one that begins.
TEST_F(TenantRecordsTest, ChangesTellWhenFactsChange) {
  Open();
  const absl::Time now = clock_.now;
  const auto add = [&](const std::string& list, Number number, absl::Time from, absl::Time until) {
    RecordWrite write = Write(one_, list, {number});
    write.items[0].record.made_at = from;
    write.items[0].record.expires_at = until;
    ASSERT_TRUE(Do(write).ok());
  };
  const absl::Duration hour = absl::Hours(1);
  add("consent", kNumber, now - hour, now + 2 * hour);
  add("acme-consent", kNumber, now + hour, now + 5 * hour);
  add("internal", kOther, now, absl::InfiniteFuture());
  add("consent", kOther, now, now + hour);
  add("internal", 2015550125, now, absl::InfiniteFuture());
  const auto told = [&](std::string_view scope) {
    std::vector<std::tuple<uint32_t, absl::Time, int>> changes;
    for (const FactChange& change :
         FactChanges(one_, {2015550125, kNumber, 2015550126, kOther}, scope)) {
      changes.emplace_back(change.index, change.at, change.facts);
    }
    return changes;
  };
  using Told = decltype(told(""));
  EXPECT_EQ(told(""), (Told{{1, now + 2 * hour, kNoRecord}, {3, now + hour, kRecordDoNotCall}}));
  EXPECT_EQ(told("acme"),
            (Told{{1, now + 5 * hour, kNoRecord}, {3, now + hour, kRecordDoNotCall}}));
  clock_.now += 2 * hour;
  EXPECT_EQ(told(""), Told());
}

}  // namespace
}  // namespace dnc
