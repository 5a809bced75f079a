// Letters over everything that can be asked, and the lines that they stand in.
#include "server/dialer/dialer_letter.h"

#include <array>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/base/str_cat.h"
#include "server/dialer/dialer_lines.h"
#include "server/dialer/dialer_reason.h"
#include "server/index/area_set.h"
#include "server/rules/area_codes.h"
#include "server/scrub/rules.h"

namespace dnc {
namespace {

constexpr ReasonSet kNational = ReasonBit(Reason::kNational);
constexpr ReasonSet kState = ReasonBit(Reason::kState);
constexpr ReasonSet kWireless = ReasonBit(Reason::kWireless);
constexpr ReasonSet kConsent = ReasonBit(Reason::kConsent);
constexpr ReasonSet kEbr = ReasonBit(Reason::kEbr);
constexpr ReasonSet kOptOut = ReasonBit(Reason::kRecordDoNotCall);
constexpr ReasonSet kLitigator = ReasonBit(Reason::kLitigator);
constexpr ReasonSet kOtherList = ReasonBit(Reason::kOtherList);
constexpr ReasonSet kAllDeny = kNational | kState | kLitigator | kOtherList | kWireless;
constexpr DenyingReasons kByPolicy = {kAllDeny, kLitigator | kOtherList};

// Whatever verdict, rule and reasons come together, even those that never do: a letter that permits
// a call is given only for CLEAR, none of them for what is not proven, and no letter that clients
// do not know.
TEST(DialerLetterTest, PermitsACallOnlyIfTheVerdictIsClear) {
  constexpr int kReasons = 1 << (static_cast<int>(Reason::kOwnListsUnknown) + 1);
  constexpr ReasonSet kUnproven =
      ReasonBit(Reason::kMalformed) | ReasonBit(Reason::kListNotLoaded) |
      ReasonBit(Reason::kAreaCodeNotLoaded) | ReasonBit(Reason::kAreaCodeDamaged) |
      ReasonBit(Reason::kReleaseStale) | ReasonBit(Reason::kHistoryNotReached) |
      ReasonBit(Reason::kNotEntitled) | ReasonBit(Reason::kOwnListsUnknown) | kOptOut;
  std::vector<bool> callable(256);
  std::vector<bool> known(256);
  for (const char letter : kCallableLetters) callable[static_cast<unsigned char>(letter)] = true;
  for (const char letter : kDialerLetters) known[static_cast<unsigned char>(letter)] = true;
  size_t wrong = 0;
  for (const int verdict : {0, 1, 2, 3, 4, 5, 6, 7, 255}) {
    for (int rule = 0; rule <= 13; ++rule) {
      for (int reasons = 0; reasons < kReasons; ++reasons) {
        for (const bool ended : {false, true}) {
          const auto set = static_cast<ReasonSet>(reasons);
          const char letter =
              DialerLetter(static_cast<Verdict>(verdict), static_cast<Rule>(rule), set, ended, {});
          const auto at = static_cast<unsigned char>(letter);
          const bool may = verdict == static_cast<int>(Verdict::kClear) && (set & kUnproven) == 0;
          if (!known[at] || (callable[at] && !may)) ++wrong;
        }
      }
    }
  }
  EXPECT_EQ(wrong, 0U);
}

// The same for findings as the rules make them: the letter follows from the rule alone.
TEST(DialerLetterTest, EachRuleHasItsLetter) {
  const auto letter = [](Rule rule, ReasonSet reasons, bool ended = false) {
    return DialerLetter(VerdictOf(rule), rule, reasons, ended, kByPolicy);
  };
  EXPECT_EQ(letter(Rule::kMalformed, ReasonBit(Reason::kMalformed)), 'I');
  EXPECT_EQ(letter(Rule::kRecordDoNotCall, kOptOut), 'P');
  EXPECT_EQ(letter(Rule::kRecordDoNotCall, kOptOut | kNational | ReasonBit(Reason::kLitigator)),
            'P');
  EXPECT_EQ(letter(Rule::kRecordDoNotCall, kOptOut | ReasonBit(Reason::kReleaseStale)), 'P');
  EXPECT_EQ(letter(Rule::kLitigator, ReasonBit(Reason::kLitigator)), 'D');
  EXPECT_EQ(letter(Rule::kLitigator, ReasonBit(Reason::kLitigator) | kConsent), 'D');
  EXPECT_EQ(letter(Rule::kNotCovered, ReasonBit(Reason::kAreaCodeNotLoaded)), 'B');
  EXPECT_EQ(letter(Rule::kNotCovered, ReasonBit(Reason::kOwnListsUnknown) | kEbr), 'B');
  EXPECT_EQ(letter(Rule::kStale, ReasonBit(Reason::kReleaseStale) | kNational), 'B');
  EXPECT_EQ(letter(Rule::kOtherList, ReasonBit(Reason::kOtherList) | kConsent | kEbr), 'D');
  EXPECT_EQ(letter(Rule::kNational, kNational), 'D');
  EXPECT_EQ(letter(Rule::kState, kState), 'D');
  EXPECT_EQ(letter(Rule::kWireless, kWireless), 'W');
  EXPECT_EQ(letter(Rule::kWireless, kWireless | kConsent | kNational), 'W');
  EXPECT_EQ(letter(Rule::kWireless, kWireless | kEbr), 'G');
  EXPECT_EQ(letter(Rule::kWireless, kWireless | kEbr | kState), 'H');
  EXPECT_EQ(letter(Rule::kConsent, kConsent | kNational), 'X');
  EXPECT_EQ(letter(Rule::kConsent, kConsent | kEbr | kNational), 'X');
  EXPECT_EQ(letter(Rule::kEbr, kEbr | kNational), 'O');
  EXPECT_EQ(letter(Rule::kClear, 0), 'C');
  EXPECT_EQ(letter(Rule::kClear, kConsent), 'C');
  EXPECT_EQ(letter(Rule::kClear, kEbr), 'E');
  EXPECT_EQ(letter(Rule::kClear, kEbr, /*ended=*/true), 'E') << "one of two is over";
  EXPECT_EQ(letter(Rule::kClear, 0, /*ended=*/true), 'R');
  EXPECT_EQ(letter(Rule::kClear, kConsent, /*ended=*/true), 'C');
  EXPECT_EQ(letter(Rule::kUnspecified, 0), 'B');
}

// A number that is clear although a list denies it, and nothing lifts that, is blocked.
TEST(DialerLetterTest, ClearWithAReasonThatDeniesIsBlocked) {
  const auto letter = [](Rule rule, ReasonSet reasons, ReasonSet denying) {
    return DialerLetter(Verdict::kClear, rule, reasons, false,
                        {denying, denying & kByPolicy.always});
  };
  for (const ReasonSet reason : {kNational, kState, kLitigator, kOtherList, kWireless}) {
    for (const ReasonSet exemption : {ReasonSet{0}, kConsent, kEbr, kConsent | kEbr}) {
      EXPECT_EQ(letter(Rule::kClear, reason | exemption, reason), 'B') << reason;
      EXPECT_EQ(letter(Rule::kClear, reason | exemption, kAllDeny), 'B') << reason;
      EXPECT_NE(letter(Rule::kClear, reason | exemption, kAllDeny & ~reason), 'B') << "it informs";
    }
    const bool liftable = (reason & (kNational | kState | kWireless)) != 0;
    EXPECT_EQ(letter(Rule::kConsent, reason | kConsent, kAllDeny), liftable ? 'X' : 'B') << reason;
    EXPECT_EQ(letter(Rule::kEbr, reason | kEbr, kAllDeny), liftable ? 'O' : 'B') << reason;
    EXPECT_EQ(letter(Rule::kConsent, reason | kEbr, kAllDeny), 'B') << "there is no consent";
  }
}

// Only for numbers whose letter depends on the rule is it worth to ask the rules again.
TEST(DialerLetterTest, TheRuleIsNeededOnlyForWhatAnExemptionMayHaveLifted) {
  EXPECT_FALSE(LetterNeedsRule(Verdict::kClear, 0, {}));
  EXPECT_FALSE(LetterNeedsRule(Verdict::kClear, kEbr | kConsent, {}));
  EXPECT_FALSE(LetterNeedsRule(Verdict::kClear, kNational, {})) << "a list that only informs";
  EXPECT_FALSE(LetterNeedsRule(Verdict::kListed, kNational | kEbr, {}));
  EXPECT_TRUE(LetterNeedsRule(Verdict::kClear, kNational | kEbr, {}));
  EXPECT_TRUE(LetterNeedsRule(Verdict::kClear, kWireless | kConsent, {}));
  // Where it is not asked, kClear is given, and no other rule would give another letter.
  for (int reasons = 0; reasons < 1 << 19; ++reasons) {
    const auto set = static_cast<ReasonSet>(reasons);
    for (const Rule rule : {Rule::kConsent, Rule::kEbr}) {
      Finding finding;
      finding.reasons = set & (kNational | kState | kWireless);
      if ((finding.reasons & kNational) != 0) finding.rules |= RuleBit(Rule::kNational);
      if (LetterNeedsRule(Verdict::kClear, set, {})) continue;
      TenantTerms terms;
      RecordFacts(terms).Apply(rule == Rule::kConsent ? kRecordConsent : kRecordEbr, finding);
      if (VerdictOf(finding.deciding()) == Verdict::kClear && finding.reasons == set) {
        ASSERT_EQ(finding.deciding(), Rule::kClear) << reasons;
      }
    }
  }
}

// Whatever the lists' effects and the tenant's terms are, what the rules call clear never has a
// reason that denies and that is not lifted: no number that is clear gets the letter B.
TEST(DialerLetterTest, WhatTheRulesCallClearIsNotBlocked) {
  auto snapshot = std::make_shared<Snapshot>();
  std::vector<std::shared_ptr<SnapshotList>> lists;
  for (const ListKind kind : {ListKind::kNational, ListKind::kState, ListKind::kState,
                              ListKind::kLitigator, ListKind::kWireless, ListKind::kOther}) {
    lists.push_back(std::make_shared<SnapshotList>());
    lists.back()->kind = kind;
    snapshot->lists.push_back(lists.back());
  }
  constexpr std::array<ListEffect, 3> kEffects = {ListEffect::kDeny, ListEffect::kWireless,
                                                  ListEffect::kInform};
  TenantTerms lifts_all;
  lifts_all.consent_lifts = kAllLifts;
  TenantTerms no_wireless;
  no_wireless.wireless_counts = false;
  size_t clear = 0;
  size_t denied = 0;
  for (int effects = 0; effects < 729; ++effects) {  // 3 to the power of 6
    int rest = effects;
    for (const auto& list : lists) {
      list->effect = kEffects[static_cast<size_t>(rest % 3)];
      rest /= 3;
    }
    for (const TenantTerms& terms : {TenantTerms(), lifts_all, no_wireless}) {
      const DenyingReasons denying = DenyingReasonsOf(*snapshot, &terms);
      for (unsigned held = 0; held < 1U << lists.size(); ++held) {
        Finding published;
        for (size_t l = 0; l < lists.size(); ++l) {
          if ((held >> l & 1U) == 0) continue;
          published.Add(MatchFinding(lists[l]->kind, EffectFor(*lists[l], &terms)));
        }
        for (const int facts : {0, 2, 4, 6}) {  // consent and relationship
          Finding finding = published;
          RecordFacts(terms).Apply(static_cast<uint8_t>(facts), finding);
          const Verdict verdict = VerdictOf(finding.deciding());
          // The rule as the call asks for it.
          const bool asked = LetterNeedsRule(verdict, finding.reasons, denying);
          const char letter = DialerLetter(verdict, asked ? finding.deciding() : Rule::kClear,
                                           finding.reasons, false, denying);
          const bool callable = kCallableLetters.find(letter) != std::string_view::npos;
          ASSERT_EQ(callable, verdict == Verdict::kClear) << letter << ' ' << finding.reasons;
          ++(callable ? clear : denied);
        }
      }
    }
  }
  EXPECT_GT(clear, 1'000U);
  EXPECT_GT(denied, 1'000U);
}

TEST(DialerLetterTest, AReasonDeniesIfEachListOfItsKindDoes) {
  const auto snapshot = std::make_shared<Snapshot>();
  EXPECT_EQ(DenyingReasonsOf(*snapshot, nullptr).unless_lifted, 0U);
  const auto add = [&](const char* name, ListKind kind, ListEffect effect) {
    auto list = std::make_shared<SnapshotList>();
    list->name = name;
    list->kind = kind;
    list->effect = effect;
    list->required = false;
    snapshot->lists.push_back(std::move(list));
  };
  add("national", ListKind::kNational, ListEffect::kDeny);
  add("state:TX", ListKind::kState, ListEffect::kDeny);
  add("wireless", ListKind::kWireless, ListEffect::kWireless);
  add("litigator:x", ListKind::kLitigator, ListEffect::kInform);
  EXPECT_EQ(DenyingReasonsOf(*snapshot, nullptr).unless_lifted, kNational | kState | kWireless);
  EXPECT_EQ(DenyingReasonsOf(*snapshot, nullptr).always, 0U);
  add("other:x", ListKind::kOther, ListEffect::kDeny);
  EXPECT_EQ(DenyingReasonsOf(*snapshot, nullptr).always, kOtherList);
  add("other:y", ListKind::kOther, ListEffect::kWireless);
  EXPECT_EQ(DenyingReasonsOf(*snapshot, nullptr).always, 0U) << "one of them may be lifted";
  EXPECT_EQ(DenyingReasonsOf(*snapshot, nullptr).unless_lifted,
            kNational | kState | kWireless | kOtherList);
  add("other:z", ListKind::kOther, ListEffect::kInform);
  add("state:FL", ListKind::kState, ListEffect::kInform);
  EXPECT_EQ(DenyingReasonsOf(*snapshot, nullptr).unless_lifted, kNational | kWireless);
  TenantTerms terms;
  terms.lists = {"state:TX"};
  EXPECT_EQ(DenyingReasonsOf(*snapshot, &terms).unless_lifted, 0U)
      << "the others only inform this tenant";
}

TEST(DialerLetterTest, SaysWhyItIsBlocked) {
  EXPECT_EQ(LetterInWords('C', 0), "");
  EXPECT_EQ(LetterInWords('D', kNational), "");
  for (int reason = 0; reason < 32; ++reason) {
    const std::string_view words = LetterInWords('B', ReasonSet{1} << reason);
    EXPECT_THAT(words, testing::StartsWith("Blocked: "));
    // VICIdial puts the line into a statement of SQL as it is.
    EXPECT_EQ(words.find_first_of(",;'\"\\"), std::string_view::npos) << words;
  }
  EXPECT_THAT(LetterInWords('B', ReasonBit(Reason::kReleaseStale)), testing::HasSubstr("too old"));
}

std::string CsvLine(const DialerLine& line, int version = 1) {
  DialerLines lines({version, false}, 1, 20);
  lines.Add(line);
  return lines.Take();
}

size_t Fields(const std::string& line) {
  return 1 + static_cast<size_t>(std::count(line.begin(), line.end(), ','));
}

TEST(DialerLinesTest, EveryLineHasAllColumns) {
  const DialerLine line{"(201) 555-0123", "id 7", 'D', "National (USA);;;", 2015550123, kNational};
  EXPECT_EQ(CsvLine(line), "(201) 555-0123,D,id 7,National (USA);;;,NJ,US,,,,,,,,\n");
  for (int version = 1; version <= 5; ++version) {
    EXPECT_EQ(Fields(CsvLine(line, version)), version < 5 ? 14U : 17U);
  }
  EXPECT_EQ(CsvLine({"x", "", 'I', ";;;", kNumberLimit, 0}), "x,I,,;;;,,,,,,,,,,\n");
  // Toll-free numbers have no region.
  EXPECT_EQ(CsvLine({"8005550123", "", 'C', ";;;", 8005550123, 0}),
            "8005550123,C,,;;;,,,,,,,,,,\n");
  EXPECT_EQ(CsvLine({"2015550123", "", 'W', ";;;", 2015550123, kWireless}, 5),
            "2015550123,W,,;;;,NJ,US,,,,,,,,,,1,Wireless\n");
  EXPECT_EQ(CsvLine({"2015550123", "", 'C', ";;;", 2015550123, ReasonBit(Reason::kWireline)}, 5),
            "2015550123,C,,;;;,NJ,US,,,,,,,,,,0,Landline\n");
  EXPECT_EQ(CsvLine({"2015550123", "", 'C', ";;;", 2015550123, 0}, 5),
            "2015550123,C,,;;;,NJ,US,,,,,,,,,,,\n");
}

TEST(DialerLinesTest, EachAreaCodeHasItsRegion) {
  for (const AreaCodeInfo& area : UsAreaCodes()) {
    const std::string line = CsvLine({"1", "", 'C', ";;;", MakeNumber(area.area_code, 5550123), 0});
    EXPECT_EQ(line, StrCat("1,C,,;;;,", area.state, ",US,,,,,,,,\n"));
  }
}

TEST(DialerLinesTest, ManyLinesStandOneAfterTheOther) {
  DialerLines lines({1, false}, 2, 2);  // far too few were told
  std::string expected;
  const std::string id(200, 'i');
  for (int i = 0; i < 5'000; ++i) {
    const std::string asked = std::to_string(2015550000 + i);
    lines.Add({asked, id, 'C', ";;;", static_cast<Number>(2015550000 + i), 0});
    expected += StrCat(asked, ",C,", id, ",;;;,NJ,US,,,,,,,,\n");
  }
  EXPECT_EQ(lines.Take(), expected);
  EXPECT_EQ(DialerLines({1, false}, 0, 0).Take(), "");
}

TEST(DialerLinesTest, JsonHasTheColumnsByName) {
  EXPECT_EQ(nlohmann::json::parse(DialerLines({1, true}, 0, 0).Take()), nlohmann::json::array());
  for (const int version : {1, 5}) {
    DialerLines lines({version, true}, 2, 20);
    lines.Add({"a\\b", "\\|\xC3\xA9", 'I', ";;;", kNumberLimit, 0});
    lines.Add({"2015550123", "", 'D', "National (USA);;;", 2015550123, kNational | kWireless});
    const nlohmann::json answer = nlohmann::json::parse(lines.Take());
    ASSERT_EQ(answer.size(), 2U);
    EXPECT_EQ(answer[0]["Phone"], "a\\b");
    EXPECT_EQ(answer[0]["Reserved"], "\\|\xC3\xA9");
    EXPECT_EQ(answer[1]["ResultCode"], "D");
    EXPECT_EQ(answer[1]["Reason"], "National (USA);;;");
    EXPECT_EQ(answer[1]["RegionAbbrev"], "NJ");
    EXPECT_EQ(answer[1]["Country"], "US");
    for (const nlohmann::json& line : answer) EXPECT_EQ(line.size(), version < 5 ? 14U : 17U);
    EXPECT_EQ(answer[1].contains("LineType"), version == 5);
    if (version == 5) {
      EXPECT_EQ(answer[1]["IsWirelessOrVoIP"], "1");
    }
  }
}

// A snapshot whose lists of these names all hold 2015550100.
std::shared_ptr<Snapshot> SnapshotOf(const std::vector<std::pair<std::string, ListKind>>& lists) {
  auto snapshot = std::make_shared<Snapshot>();
  for (const auto& [name, kind] : lists) {
    auto list = std::make_shared<SnapshotList>();
    list->name = name;
    list->kind = kind;
    AreaSetBuilder builder;
    builder.Add(5550100);
    list->numbers.set_area(201, std::move(builder).Build());
    snapshot->lists.push_back(std::move(list));
  }
  return snapshot;
}

TEST(DialerReasonTest, NamesTheListsByTheirKind) {
  const auto snapshot = SnapshotOf({{"national", ListKind::kNational},
                                    {"state:TX", ListKind::kState},
                                    {"state:FL", ListKind::kState},
                                    {"other:mine", ListKind::kOther},
                                    {"other:a,'b", ListKind::kOther},
                                    {"litigator:x-1", ListKind::kLitigator}});
  DialerReasons reasons(snapshot.get());
  constexpr Number kThere = 2015550100;
  EXPECT_EQ(reasons.Of(kThere, 0, 'C', nullptr), ";;;");
  EXPECT_EQ(reasons.Of(kThere, kNational, 'D', nullptr), "National (USA);;;");
  EXPECT_EQ(reasons.Of(kThere, kNational, 'D', nullptr), "National (USA);;;");
  EXPECT_EQ(reasons.Of(kThere, kState, 'D', nullptr), ";State (TX) + State (FL);;");
  EXPECT_EQ(reasons.Of(kThere, kNational | kState | ReasonBit(Reason::kOtherList), 'D', nullptr),
            "National (USA);State (TX) + State (FL);Other (mine) + Other;");
  EXPECT_EQ(reasons.Of(kThere, ReasonBit(Reason::kLitigator), 'D', nullptr), ";;;Litigator (x-1)");
  EXPECT_EQ(reasons.Of(kThere + 1, kState, 'D', nullptr), ";State;;") << "which, is not known";
  EXPECT_EQ(reasons.Of(kThere, ReasonBit(Reason::kReleaseStale) | kNational, 'B', nullptr),
            "National (USA);;;;Blocked: the data of this area code is too old");
  EXPECT_EQ(reasons.Of(kNumberLimit, ReasonBit(Reason::kMalformed), 'I', nullptr),
            ";;;;Invalid: no number of ten digits");
}

// VICIdial stops at a line of more than 255 bytes.
TEST(DialerReasonTest, IsNeverLong) {
  std::vector<std::pair<std::string, ListKind>> lists;
  for (int i = 0; i < 20; ++i) {
    lists.emplace_back(StrCat("other:", std::string(38, 'o'), i), ListKind::kOther);
    lists.emplace_back(StrCat("litigator:", std::string(38, 'l'), i), ListKind::kLitigator);
  }
  const auto snapshot = SnapshotOf(lists);
  DialerReasons reasons(snapshot.get());
  const std::string reason(
      reasons.Of(2015550100, ~ReasonSet{0} & ~ReasonBit(Reason::kMalformed), 'B', nullptr));
  EXPECT_LE(reason.size(), 210U) << reason;
  EXPECT_THAT(reason, testing::HasSubstr(" + more;Litigator;Blocked: "));
}

TEST(DialerReasonTest, TellsOnlyDatesThatAreExact) {
  const auto snapshot =
      SnapshotOf({{"national", ListKind::kNational}, {"state:TX", ListKind::kState}});
  DialerReasons reasons(snapshot.get());
  NumberReport report;
  const auto match = [&report](const std::string& list, bool exact) {
    MatchInfo info;
    info.list = list;
    info.listed_since = absl::FromUnixSeconds(1'054'425'600);  // 2003-06-01
    info.listed_since_exact = exact;
    report.matches.push_back(info);
  };
  match("national", false);
  match("state:TX", true);
  match("own:internal", true);
  EXPECT_EQ(reasons.Of(2015550100, kNational | kState, 'D', &report),
            "National (USA);State (TX) 2003-06-01;;");
  report.matches[0].listed_since_exact = true;
  EXPECT_EQ(reasons.Of(2015550100, kNational | kState, 'D', &report),
            "National (USA) 2003-06-01;State (TX) 2003-06-01;;");
  report.matches[0].listed_since = absl::InfinitePast();
  EXPECT_EQ(reasons.Of(2015550100, kNational, 'D', &report), "National (USA);;;");
}

}  // namespace
}  // namespace dnc
