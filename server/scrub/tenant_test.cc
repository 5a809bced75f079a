// Tests the precedence of a tenant's own lists, exemptions and the published lists: every
// combination is compared with the order of rules, written down as a chain of questions.
#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "server/scrub/engine.h"

namespace dnc {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr Number kNumber = 2015550123;

// What is true about the number in one case.
struct Case {
  bool national = false;
  bool state = false;
  bool litigator = false;
  bool wireless = false;
  bool other = false;
  bool stale = false;
  bool covered = true;
  bool entitled = true;
  uint8_t facts = kNoRecord;
  uint8_t consent_lifts = kLiftsNothing;
  uint8_t ebr_lifts = kLiftsNothing;
  bool wireless_counts = true;

  bool Has(RecordFact fact) const { return (facts & fact) != 0; }
  bool ConsentLifts(Liftable what) const {
    return Has(kRecordConsent) && (consent_lifts & what) != 0;
  }
  bool EbrLifts(Liftable what) const {
    return Has(kRecordEbr) && (ebr_lifts & what) != 0 && what != kLiftsWireless;
  }
  bool Lifted(Liftable what) const { return ConsentLifts(what) || EbrLifts(what); }
};

std::shared_ptr<const SnapshotList> MakeList(ListKind kind, ListEffect effect, bool holds,
                                             bool covered, bool stale) {
  auto list = std::make_shared<SnapshotList>();
  list->name = std::to_string(static_cast<int>(kind));
  list->kind = kind;
  list->effect = effect;
  list->required = kind == ListKind::kNational;
  list->release_id = 1;
  if (covered) list->areas[201] = {AreaState::kLoaded, kNow - absl::Hours(24 * (stale ? 32 : 1))};
  if (holds) {
    AreaSetBuilder builder;
    builder.Add(SubscriberOf(kNumber));
    list->numbers.set_area(201, std::move(builder).Build());
  }
  return list;
}

struct Answer {
  Rule rule = Rule::kUnspecified;
  ReasonSet reasons = 0;
};

TenantTerms TermsOf(const Case& c) {
  TenantTerms terms;
  terms.entitled[201] = c.entitled;
  terms.consent_lifts = c.consent_lifts;
  terms.ebr_lifts = c.ebr_lifts;
  terms.wireless_counts = c.wireless_counts;
  return terms;
}

Snapshot SnapshotOf(const Case& c) {
  Snapshot snapshot;
  const auto add = [&](ListKind kind, ListEffect effect, bool holds, bool covered, bool stale) {
    snapshot.lists.push_back(MakeList(kind, effect, holds, covered, stale));
  };
  add(ListKind::kNational, ListEffect::kDeny, c.national, c.covered, c.stale);
  add(ListKind::kState, ListEffect::kDeny, c.state, true, false);
  add(ListKind::kLitigator, ListEffect::kDeny, c.litigator, true, false);
  add(ListKind::kWireless, ListEffect::kWireless, c.wireless, true, false);
  add(ListKind::kOther, ListEffect::kDeny, c.other, true, false);
  return snapshot;
}

Answer Ask(const Snapshot& snapshot, const Case& c, const TenantTerms& terms) {
  const std::vector<ParsedNumber> numbers = {{kNumber, true}};
  std::vector<Rule> rules(1);
  std::vector<ReasonSet> reasons(1);
  Scrub(snapshot, kNow, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons),
        {&terms, {&c.facts, 1}});
  return {rules[0], reasons[0]};
}

Answer Ask(const Case& c, const TenantTerms& terms) { return Ask(SnapshotOf(c), c, terms); }

// Returns the rule that decides by docs/tenants.md.
Rule Expected(const Case& c) {
  if (c.Has(kRecordDoNotCall)) return Rule::kRecordDoNotCall;
  if (c.litigator) return Rule::kLitigator;
  if (!c.covered || !c.entitled || c.Has(kRecordUnknown)) return Rule::kNotCovered;
  if (c.stale) return Rule::kStale;
  if (c.other) return Rule::kOtherList;
  if (c.national && !c.Lifted(kLiftsNational)) return Rule::kNational;
  if (c.state && !c.Lifted(kLiftsState)) return Rule::kState;
  const bool wireless = c.wireless && c.wireless_counts;
  if (wireless && !c.Lifted(kLiftsWireless)) return Rule::kWireless;
  if ((c.national && c.ConsentLifts(kLiftsNational)) || (c.state && c.ConsentLifts(kLiftsState)) ||
      (wireless && c.ConsentLifts(kLiftsWireless))) {
    return Rule::kConsent;
  }
  if (c.national || c.state) return Rule::kEbr;
  return Rule::kClear;
}

ReasonSet ExpectedReasons(const Case& c) {
  ReasonSet reasons = 0;
  const auto note = [&reasons](bool is, Reason reason) {
    if (is) reasons |= ReasonBit(reason);
  };
  note(c.national && c.entitled, Reason::kNational);
  note(c.state, Reason::kState);
  note(c.litigator, Reason::kLitigator);
  note(c.wireless, Reason::kWireless);
  note(c.other, Reason::kOtherList);
  note(c.covered && c.stale, Reason::kReleaseStale);
  note(!c.covered, Reason::kAreaCodeNotLoaded);
  note(!c.entitled, Reason::kNotEntitled);
  note(c.Has(kRecordDoNotCall), Reason::kRecordDoNotCall);
  note(c.Has(kRecordUnknown), Reason::kOwnListsUnknown);
  note(c.Has(kRecordConsent), Reason::kConsent);
  note(c.Has(kRecordEbr), Reason::kEbr);
  return reasons;
}

TEST(TenantScrub, EveryCombinationFollowsThePrecedence) {
  for (unsigned bits = 0; bits < 1U << 8; ++bits) {
    Case c;
    c.national = (bits & 1) != 0;
    c.state = (bits & 2) != 0;
    c.litigator = (bits & 4) != 0;
    c.wireless = (bits & 8) != 0;
    c.other = (bits & 16) != 0;
    c.stale = (bits & 32) != 0;
    c.covered = (bits & 64) == 0;
    c.entitled = (bits & 128) == 0;
    const Snapshot snapshot = SnapshotOf(c);
    for (uint8_t facts = 0; facts < 16; ++facts) {
      for (unsigned policy = 0; policy < 128; ++policy) {
        c.facts = facts;
        c.consent_lifts = policy & 7;
        c.ebr_lifts = policy >> 3 & 7;
        c.wireless_counts = (policy & 64) == 0;
        const Answer answer = Ask(snapshot, c, TermsOf(c));
        ASSERT_EQ(answer.rule, Expected(c)) << bits << " " << int{facts} << " " << policy;
        ASSERT_EQ(answer.reasons, ExpectedReasons(c)) << bits << " " << int{facts};
      }
    }
  }
}

TEST(TenantScrub, TheDefaultOfTermsIsEntitledToNothing) {
  EXPECT_EQ(Ask(Case(), TenantTerms()).rule, Rule::kNotCovered);
}

TEST(TenantScrub, AMalformedNumberIsInvalidWhateverTheFacts) {
  TenantTerms terms;
  terms.entitled.set();
  const std::vector<ParsedNumber> numbers = {{0, false}};
  const std::vector<uint8_t> facts = {kRecordDoNotCall | kRecordConsent};
  std::vector<Rule> rules(1);
  std::vector<ReasonSet> reasons(1);
  Scrub(Snapshot(), kNow, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons), {&terms, facts});
  EXPECT_EQ(rules[0], Rule::kMalformed);
  EXPECT_EQ(reasons[0], ReasonBit(Reason::kMalformed));
}

TEST(TenantScrub, ListsThatThePolicyLeavesOutOnlyInform) {
  Case c;
  c.state = true;
  c.other = true;
  TenantTerms terms = TermsOf(c);
  terms.lists = {std::to_string(static_cast<int>(ListKind::kState))};
  const Answer answer = Ask(c, terms);
  EXPECT_EQ(answer.rule, Rule::kState);
  EXPECT_EQ(answer.reasons, ReasonBit(Reason::kState) | ReasonBit(Reason::kOtherList));
}

TEST(TenantScrub, AListThatTheServerRequiresAlwaysCounts) {
  Case c;
  c.national = true;
  TenantTerms terms = TermsOf(c);
  terms.lists = {std::to_string(static_cast<int>(ListKind::kState))};
  EXPECT_EQ(Ask(c, terms).rule, Rule::kNational);
}

struct NamedList {
  const char* name;
  bool missed;  // 201 is an area code of New Jersey
};

TEST(TenantScrub, AListThatTheTenantNamesIsNeverPassedOver) {
  Case c;
  TenantTerms terms = TermsOf(c);
  for (const NamedList& named : {NamedList{"other:gone", true},
                                 {"state:NJ", true},
                                 {"state:TX", false},
                                 {"litigator:x", true},
                                 {"wireless", true},
                                 {"wireline", false},
                                 {"no list", true}}) {
    terms.lists = {named.name};
    const Answer answer = Ask(c, terms);
    EXPECT_EQ(answer.rule, named.missed ? Rule::kNotCovered : Rule::kClear) << named.name;
    EXPECT_EQ(answer.reasons, named.missed ? ReasonBit(Reason::kListNotLoaded) : 0U) << named.name;
  }
  terms.wireless_counts = false;
  terms.lists = {"wireless"};
  EXPECT_EQ(Ask(c, terms).rule, Rule::kClear);
}

TEST(TenantScrub, WhatAPolicySaysOfAListHoldsWhileItIsNotLoaded) {
  Case c;
  TenantTerms terms = TermsOf(c);
  terms.lists = {"wireline", "other:informs"};
  const std::vector<ParsedNumber> numbers = {{kNumber, true}};
  const std::vector<uint8_t> facts = {kNoRecord};
  std::vector<Rule> rules(1);
  std::vector<ReasonSet> reasons(1);
  Snapshot snapshot = SnapshotOf(c);
  snapshot.unloaded = {{"wireline", ListEffect::kInform}, {"other:informs", ListEffect::kInform}};
  Scrub(snapshot, kNow, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons), {&terms, facts});
  EXPECT_EQ(rules[0], Rule::kClear);
  snapshot.unloaded[0].second = ListEffect::kDeny;
  Scrub(snapshot, kNow, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons), {&terms, facts});
  EXPECT_EQ(rules[0], Rule::kNotCovered);
}

TEST(TenantScrub, AListThatTheTenantNamesMustCoverTheNumber) {
  Case c;
  const std::vector<ParsedNumber> numbers = {{kNumber, true}};
  const std::vector<uint8_t> facts = {kNoRecord};
  std::vector<Rule> rules(1);
  std::vector<ReasonSet> reasons(1);
  Snapshot snapshot = SnapshotOf(c);
  auto list = std::make_shared<SnapshotList>(*snapshot.lists[4]);
  list->name = "other:of-212";
  list->areas[201] = {};
  snapshot.lists[4] = list;
  TenantTerms terms = TermsOf(c);
  for (const bool named : {false, true}) {
    if (named) terms.lists = {list->name};
    Scrub(snapshot, kNow, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons), {&terms, facts});
    EXPECT_EQ(rules[0], named ? Rule::kNotCovered : Rule::kClear);
    EXPECT_EQ(reasons[0], named ? ReasonBit(Reason::kAreaCodeNotLoaded) : 0U);
  }
}

}  // namespace
}  // namespace dnc
