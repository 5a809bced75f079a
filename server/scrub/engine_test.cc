#include "server/scrub/engine.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/time/time.h"

namespace dnc {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr Number kListed = 2015550123;
constexpr Number kOther = 2015550124;

struct ListSpec {
  ListKind kind = ListKind::kNational;
  ListEffect effect = ListEffect::kDeny;
  bool required = true;
  AreaState state = AreaState::kLoaded;
  bool stale = false;
  bool holds = false;  // kListed
  bool loaded = true;
  bool applies = true;
};

std::shared_ptr<const SnapshotList> MakeList(const ListSpec& spec) {
  auto list = std::make_shared<SnapshotList>();
  list->name = "list";
  list->kind = spec.kind;
  list->effect = spec.effect;
  list->required = spec.required;
  list->release_id = spec.loaded ? 7 : 0;
  if (!spec.applies) list->applies_to.reset();
  list->areas[201] = {spec.state, kNow - absl::Hours(24 * (spec.stale ? 32 : 30))};
  if (spec.holds) {
    AreaSetBuilder builder;
    builder.Add(SubscriberOf(kListed));
    list->numbers.set_area(201, std::move(builder).Build());
  }
  return list;
}

struct Answer {
  Rule rule;
  ReasonSet reasons;
};

Answer Ask(const std::vector<ListSpec>& specs, Number number = kListed) {
  Snapshot snapshot;
  for (const ListSpec& spec : specs) snapshot.lists.push_back(MakeList(spec));
  const std::vector<ParsedNumber> numbers = {{number, true}};
  std::vector<Rule> rules(1);
  std::vector<ReasonSet> reasons(1);
  Scrub(snapshot, kNow, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons));
  return {rules[0], reasons[0]};
}

TEST(Engine, ClearNeedsAListThatAnswered) {
  EXPECT_EQ(Ask({}).rule, Rule::kNotCovered);
  EXPECT_EQ(Ask({ListSpec{}}).rule, Rule::kClear);
  EXPECT_EQ(Ask({ListSpec{}}).reasons, 0U);
  EXPECT_EQ(Ask({ListSpec{.loaded = false}}).reasons, ReasonBit(Reason::kListNotLoaded));
  EXPECT_EQ(Ask({ListSpec{.state = AreaState::kNotLoaded}}).rule, Rule::kNotCovered);
  EXPECT_EQ(Ask({ListSpec{}}, 2125550100).rule, Rule::kNotCovered);
}

TEST(Engine, ListsThatNeedNotCoverProveNothing) {
  const ListSpec inform{.kind = ListKind::kWireline, .effect = ListEffect::kInform};
  EXPECT_EQ(Ask({inform}).rule, Rule::kNotCovered);
  const ListSpec silent{.required = false, .state = AreaState::kNotLoaded};
  EXPECT_EQ(Ask({silent, inform}).rule, Rule::kNotCovered);
  EXPECT_EQ(Ask({silent}).reasons, ReasonBit(Reason::kAreaCodeNotLoaded));
  EXPECT_EQ(Ask({ListSpec{.kind = ListKind::kState, .applies = false}}).rule, Rule::kNotCovered);
}

TEST(Engine, MalformedIsInvalidWhateverTheLists) {
  Snapshot snapshot;
  snapshot.lists.push_back(MakeList({.holds = true}));
  const std::vector<ParsedNumber> numbers = {{0, false}, {kListed, true}};
  std::vector<Rule> rules(2);
  std::vector<ReasonSet> reasons(2);
  Scrub(snapshot, kNow, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons));
  EXPECT_EQ(rules[0], Rule::kMalformed);
  EXPECT_EQ(reasons[0], ReasonBit(Reason::kMalformed));
  EXPECT_EQ(rules[1], Rule::kNational);
}

TEST(Engine, PrecedenceTable) {
  const ListSpec national{.holds = true};
  const ListSpec state{.kind = ListKind::kState, .holds = true};
  const ListSpec litigator{.kind = ListKind::kLitigator, .required = false, .holds = true};
  const ListSpec wireless{.kind = ListKind::kWireless,
                          .effect = ListEffect::kWireless,
                          .required = false,
                          .holds = true};
  const ListSpec stale{.stale = true, .holds = true};
  EXPECT_EQ(Ask({national, state, litigator, wireless}).rule, Rule::kLitigator);
  EXPECT_EQ(Ask({stale, litigator}).rule, Rule::kLitigator);
  EXPECT_EQ(Ask({stale, wireless}).rule, Rule::kStale);
  EXPECT_EQ(Ask({stale, {.kind = ListKind::kState, .loaded = false}}).rule, Rule::kNotCovered);
  EXPECT_EQ(Ask({national, wireless}).rule, Rule::kNational);
  EXPECT_EQ(Ask({ListSpec{}, state}).rule, Rule::kState);
  EXPECT_EQ(Ask({ListSpec{}, wireless}).rule, Rule::kWireless);
  const Answer all = Ask({stale, state, litigator, wireless});
  EXPECT_EQ(all.reasons, ReasonBit(Reason::kReleaseStale) | ReasonBit(Reason::kNational) |
                             ReasonBit(Reason::kState) | ReasonBit(Reason::kLitigator) |
                             ReasonBit(Reason::kWireless));
}

TEST(Engine, OptionalListsBlockOnlyWhenTheyCannotBeTrusted) {
  const ListSpec national{};
  ListSpec optional{.kind = ListKind::kState, .required = false};
  optional.loaded = false;
  EXPECT_EQ(Ask({national, optional}).rule, Rule::kClear);
  optional.loaded = true;
  optional.state = AreaState::kNotLoaded;
  EXPECT_EQ(Ask({national, optional}).rule, Rule::kClear);
  optional.state = AreaState::kDamaged;
  EXPECT_EQ(Ask({national, optional}).rule, Rule::kNotCovered);
  optional.state = AreaState::kLoaded;
  optional.stale = true;
  EXPECT_EQ(Ask({national, optional}).rule, Rule::kStale);
  optional.effect = ListEffect::kInform;
  optional.holds = true;
  EXPECT_EQ(Ask({national, optional}).rule, Rule::kClear);
  EXPECT_EQ(Ask({national, optional}).reasons, ReasonBit(Reason::kState));
}

TEST(Engine, AMatchCountsWhereTheListNeedNotCover) {
  const ListSpec state{.kind = ListKind::kState, .holds = true, .applies = false};
  EXPECT_EQ(Ask({ListSpec{}, state}).rule, Rule::kState);
}

TEST(Engine, AStaleListSaysNothingOfAreaCodesThatItNeedNotCover) {
  const ListSpec state{.kind = ListKind::kState, .stale = true, .applies = false};
  EXPECT_EQ(Ask({ListSpec{}, state}).rule, Rule::kClear);
}

TEST(Engine, ExactlyTheMaximumAgeIsNotStale) {
  auto list = std::make_shared<SnapshotList>();
  list->release_id = 1;
  list->areas[201] = {AreaState::kLoaded, kNow - list->max_age};
  Snapshot snapshot;
  snapshot.lists.push_back(list);
  const std::vector<ParsedNumber> numbers = {{kOther, true}};
  std::vector<Rule> rules(1);
  std::vector<ReasonSet> reasons(1);
  Scrub(snapshot, kNow, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons));
  EXPECT_EQ(rules[0], Rule::kClear);
  Scrub(snapshot, kNow + absl::Nanoseconds(1), numbers, absl::MakeSpan(rules),
        absl::MakeSpan(reasons));
  EXPECT_EQ(rules[0], Rule::kStale);
}

// The clock was set back, or was ahead when the data was loaded, so its age is not known.
TEST(Engine, DataOfATimeToComeIsStale) {
  auto list = std::make_shared<SnapshotList>();
  list->release_id = 1;
  Snapshot snapshot;
  snapshot.lists.push_back(list);
  const std::vector<ParsedNumber> numbers = {{kOther, true}};
  std::vector<Rule> rules(1);
  std::vector<ReasonSet> reasons(1);
  list->areas[201] = {AreaState::kLoaded, kNow + kMaxFuture - absl::Nanoseconds(1)};
  Scrub(snapshot, kNow, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons));
  EXPECT_EQ(rules[0], Rule::kClear);
  list->areas[201] = {AreaState::kLoaded, kNow + kMaxFuture};
  Scrub(snapshot, kNow, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons));
  EXPECT_EQ(rules[0], Rule::kStale);
}

TEST(Engine, NoOtherValueGivesClear) {
  for (int value = 0; value < 256; ++value) {
    EXPECT_EQ(VerdictOf(static_cast<Rule>(value)) == Verdict::kClear,
              value >= static_cast<int>(Rule::kConsent) && value <= static_cast<int>(Rule::kClear))
        << value;
  }
}

TEST(Engine, MoreListsThanMarkBits) {
  std::vector<ListSpec> specs(70);
  specs[69].holds = true;
  specs[69].kind = ListKind::kOther;
  EXPECT_EQ(Ask(specs).rule, Rule::kOtherList);
  EXPECT_EQ(Ask(specs, kOther).rule, Rule::kClear);
}

TEST(Engine, AgeCountsFromTheEarlierOfObtainedAndPublished) {
  const absl::Duration max_age = absl::Hours(24 * 31);
  const absl::Time obtained = kNow - absl::Hours(24);
  EXPECT_FALSE(IsStale({AreaState::kLoaded, obtained}, max_age, kNow));
  EXPECT_FALSE(IsStale({AreaState::kLoaded, obtained, kNow}, max_age, kNow));
  EXPECT_FALSE(IsStale({AreaState::kLoaded, obtained, kNow - max_age}, max_age, kNow));
  EXPECT_TRUE(
      IsStale({AreaState::kLoaded, obtained, kNow - max_age - absl::Seconds(1)}, max_age, kNow));
  EXPECT_TRUE(IsStale({AreaState::kLoaded, obtained, absl::InfinitePast()}, max_age, kNow))
      << "once of a time to come";
}

}  // namespace
}  // namespace dnc
