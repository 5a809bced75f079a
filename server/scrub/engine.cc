#include "server/scrub/engine.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>

#include "server/base/check.h"

namespace dnc {
namespace {

// Lists are looked up in groups, a mark bit each.
constexpr size_t kListsAGroup = 32;
// So few lists are gone through one by one, whatever the marks.
constexpr size_t kFewLists = 8;

Reason ReasonOfKind(ListKind kind) {
  switch (kind) {
    case ListKind::kNational:
      return Reason::kNational;
    case ListKind::kState:
      return Reason::kState;
    case ListKind::kLitigator:
      return Reason::kLitigator;
    case ListKind::kWireless:
      return Reason::kWireless;
    case ListKind::kWireline:
      return Reason::kWireline;
    case ListKind::kOther:
      break;
  }
  return Reason::kOtherList;
}

Rule DenyingRule(ListKind kind) {
  switch (kind) {
    case ListKind::kNational:
      return Rule::kNational;
    case ListKind::kState:
      return Rule::kState;
    case ListKind::kLitigator:
      return Rule::kLitigator;
    case ListKind::kWireless:
    case ListKind::kWireline:
    case ListKind::kOther:
      break;
  }
  return Rule::kOtherList;
}

// Rules that apply to a number; bit i stands for the rule of value i.
using RuleSet = uint16_t;
constexpr RuleSet RuleBit(Rule rule) {
  return static_cast<RuleSet>(1U << static_cast<unsigned>(rule));
}
// Without another rule a number is clear.
constexpr RuleSet kNothingAgainst = RuleBit(Rule::kClear);

Rule Decide(RuleSet rules) { return static_cast<Rule>(std::countr_zero(rules)); }

// What is known of a number so far.
struct Finding {
  RuleSet rules = kNothingAgainst;
  ReasonSet reasons = 0;
  void Note(Rule found, Reason reason) {
    rules |= RuleBit(found);
    reasons |= ReasonBit(reason);
  }
};

// What a match in a list brings.
Finding MatchFinding(ListKind kind, ListEffect effect) {
  Finding finding;
  finding.reasons = ReasonBit(ReasonOfKind(kind));
  if (effect == ListEffect::kDeny) finding.rules |= RuleBit(DenyingRule(kind));
  if (effect == ListEffect::kWireless) finding.rules |= RuleBit(Rule::kWireless);
  return finding;
}

// What an exemption lifts, as rules.
RuleSet LiftedRules(uint8_t liftable) {
  unsigned rules = 0;
  if ((liftable & kLiftsNational) != 0) rules |= RuleBit(Rule::kNational);
  if ((liftable & kLiftsState) != 0) rules |= RuleBit(Rule::kState);
  if ((liftable & kLiftsWireless) != 0) rules |= RuleBit(Rule::kWireless);
  return static_cast<RuleSet>(rules);
}

// Adds what the tenant's own lists say.
class OwnFacts {
 public:
  explicit OwnFacts(const TenantTerms& terms)
      : consent_lifts_(LiftedRules(terms.consent_lifts)),
        // No relationship permits automatic calls to a wireless number.
        ebr_lifts_(LiftedRules(terms.ebr_lifts & static_cast<uint8_t>(~kLiftsWireless))) {}

  void Apply(uint8_t facts, RuleSet& rules, ReasonSet& reasons) const {
    Finding own{rules, reasons};
    if ((facts & kOwnDoNotCall) != 0) own.Note(Rule::kOwnDoNotCall, Reason::kOwnDoNotCall);
    if ((facts & kOwnUnknown) != 0) own.Note(Rule::kNotCovered, Reason::kOwnListsUnknown);
    if ((facts & kOwnConsent) != 0) {
      Lift(consent_lifts_, Rule::kConsent, own.rules);
      own.reasons |= ReasonBit(Reason::kConsent);
    }
    if ((facts & kOwnEbr) != 0) {
      Lift(ebr_lifts_, Rule::kEbr, own.rules);
      own.reasons |= ReasonBit(Reason::kEbr);
    }
    rules = own.rules;
    reasons = own.reasons;
  }

 private:
  static void Lift(RuleSet lifted, Rule by, RuleSet& rules) {
    if ((rules & lifted) == 0) return;
    rules = static_cast<RuleSet>((rules & ~lifted) | RuleBit(by));
  }

  RuleSet consent_lifts_;
  RuleSet ebr_lifts_;
};

// Whether `list` can answer for the area code at all.
void NoteCoverage(const SnapshotList& list, absl::Time now, int area_code, Finding& finding) {
  const bool applies = list.applies_to[area_code];
  const bool asked = list.required && applies;
  if (list.release_id == 0) {
    if (asked) finding.Note(Rule::kNotCovered, Reason::kListNotLoaded);
    return;
  }
  const AreaCoverage& coverage = list.areas[area_code];
  switch (coverage.state) {
    case AreaState::kLoaded:
      if (applies && now - coverage.obtained_at > list.max_age) {
        finding.Note(Rule::kStale, Reason::kReleaseStale);
      }
      return;
    case AreaState::kNotLoaded:
      if (asked) finding.Note(Rule::kNotCovered, Reason::kAreaCodeNotLoaded);
      return;
    case AreaState::kBeforeHistory:
      finding.Note(Rule::kNotCovered, Reason::kHistoryNotReached);
      return;
    case AreaState::kDamaged:
      break;
  }
  finding.Note(Rule::kNotCovered, Reason::kAreaCodeDamaged);
}

// Whether a number of the area code that is not on the list may be called as far as it goes.
bool AnswersFor(const SnapshotList& list, int area_code) {
  return list.applies_to[area_code] && list.areas[area_code].state == AreaState::kLoaded;
}

// What a batch is answered from.
struct Question {
  const Snapshot& snapshot;
  absl::Time now;
  const TenantTerms* terms;
  absl::Span<const ListEffect> effects;  // of the snapshot's lists, for the tenant
};

// What coverage says of a number before it is looked up. It depends on the area code alone, and a
// batch has few of them beside its numbers, so it is found once for each.
class AreaFindings {
 public:
  void BeginBatch() {
    if (++batch_ != 0) return;
    cells_.fill(Cell());
    batch_ = 1;
  }

  const Finding& Of(const Question& question, int area_code) {
    Cell& cell = cells_[area_code];
    if (cell.batch != batch_) cell = {batch_, Find(question, area_code)};
    return cell.finding;
  }

 private:
  struct Cell {
    uint32_t batch = 0;  // of which the finding is
    Finding finding;
  };

  static Finding Find(const Question& question, int area_code) {
    Finding finding;
    if (question.terms != nullptr && !question.terms->entitled[area_code]) {
      finding.Note(Rule::kNotCovered, Reason::kNotEntitled);
    }
    const auto& lists = question.snapshot.lists;
    bool answered = false;
    for (size_t l = 0; l < lists.size(); ++l) {
      if (question.effects[l] == ListEffect::kInform) continue;
      NoteCoverage(*lists[l], question.now, area_code, finding);
      answered = answered || AnswersFor(*lists[l], area_code);
    }
    // No list at all is no proof, nor are lists that are silent because they need not cover the
    // area code: only one that was asked can say clear.
    if (!answered && finding.rules == kNothingAgainst) {
      finding.Note(Rule::kNotCovered,
                   lists.empty() ? Reason::kListNotLoaded : Reason::kAreaCodeNotLoaded);
    }
    return finding;
  }

  std::array<Cell, kAreaCodes> cells_{};
  uint32_t batch_ = 0;
};

// Kept a thread, so that a scrub allocates nothing once it has run.
struct Scratch {
  AreaFindings areas;
  std::vector<Number> plain;
  std::vector<uint32_t> marks;
  std::vector<RuleSet> rules;
  std::vector<ListEffect> effects;
};

// Adds the match of one list to all numbers that it marked. Without a branch: every second number
// is listed, so a processor would guess wrong each second time.
void NoteList(const Finding& match, size_t list, Scratch& scratch, absl::Span<ReasonSet> reasons) {
  for (size_t i = 0; i < reasons.size(); ++i) {
    const uint32_t mask = 0 - (scratch.marks[i] >> list & 1);
    reasons[i] |= match.reasons & mask;
    scratch.rules[i] |= static_cast<RuleSet>(match.rules & mask);
  }
}

// Looks the numbers up in the lists from `first` on, up to kListsAGroup. What is no number is in
// none.
void NoteMatches(const Question& question, size_t first, Scratch& scratch,
                 absl::Span<ReasonSet> reasons) {
  const auto lists = absl::MakeConstSpan(question.snapshot.lists).subspan(first, kListsAGroup);
  std::fill(scratch.marks.begin(), scratch.marks.end(), 0);
  std::array<Finding, kListsAGroup> matches;
  for (size_t l = 0; l < lists.size(); ++l) {
    lists[l]->numbers.MarkContained(scratch.plain, static_cast<int>(l),
                                    absl::MakeSpan(scratch.marks));
    matches[l] = MatchFinding(lists[l]->kind, question.effects[first + l]);
  }
  if (lists.size() <= kFewLists) {
    for (size_t l = 0; l < lists.size(); ++l) NoteList(matches[l], l, scratch, reasons);
    return;
  }
  for (size_t i = 0; i < reasons.size(); ++i) {
    for (uint32_t marks = scratch.marks[i]; marks != 0; marks &= marks - 1) {
      const Finding& match = matches[static_cast<size_t>(std::countr_zero(marks))];
      scratch.rules[i] |= match.rules;
      reasons[i] |= match.reasons;
    }
  }
}

void NoteCoverages(const Question& question, absl::Span<const ParsedNumber> numbers,
                   Scratch& scratch, absl::Span<ReasonSet> reasons) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    const ParsedNumber& parsed = numbers[i];
    if (!parsed.ok) {
      scratch.plain[i] = kNumberLimit;
      scratch.rules[i] = RuleBit(Rule::kMalformed);
      reasons[i] = ReasonBit(Reason::kMalformed);
      continue;
    }
    const Finding& finding = scratch.areas.Of(question, AreaCodeOf(parsed.number));
    scratch.plain[i] = parsed.number;
    scratch.rules[i] = finding.rules;
    reasons[i] = finding.reasons;
  }
}

}  // namespace

Verdict VerdictOf(Rule rule) {
  switch (rule) {
    case Rule::kMalformed:
      return Verdict::kInvalid;
    case Rule::kOwnDoNotCall:
    case Rule::kLitigator:
    case Rule::kOtherList:
    case Rule::kNational:
    case Rule::kState:
      return Verdict::kListed;
    case Rule::kStale:
      return Verdict::kStale;
    case Rule::kWireless:
      return Verdict::kWireless;
    case Rule::kConsent:
    case Rule::kEbr:
    case Rule::kClear:
      return Verdict::kClear;
    case Rule::kNotCovered:
    case Rule::kUnspecified:
      break;
  }
  return Verdict::kNotCovered;
}

ListEffect EffectFor(const SnapshotList& list, const TenantTerms* terms) {
  if (terms == nullptr) return list.effect;
  if (list.effect == ListEffect::kWireless && !terms->wireless_counts) return ListEffect::kInform;
  if (list.required || terms->lists.empty()) return list.effect;
  const bool chosen =
      std::find(terms->lists.begin(), terms->lists.end(), list.name) != terms->lists.end();
  return chosen ? list.effect : ListEffect::kInform;
}

void Scrub(const Snapshot& snapshot, absl::Time now, absl::Span<const ParsedNumber> numbers,
           absl::Span<Rule> rules, absl::Span<ReasonSet> reasons, const TenantSide& tenant) {
  DNC_CHECK(numbers.size() == rules.size() && numbers.size() == reasons.size(),
            "a scrub answers every number");
  DNC_CHECK(tenant.terms == nullptr || tenant.facts.size() == numbers.size(),
            "a tenant's scrub knows the own lists' word on every number");
  thread_local Scratch scratch;
  scratch.areas.BeginBatch();
  scratch.plain.resize(numbers.size());
  scratch.marks.resize(numbers.size());
  scratch.rules.resize(numbers.size());
  scratch.effects.clear();
  for (const auto& list : snapshot.lists) {
    scratch.effects.push_back(EffectFor(*list, tenant.terms));
  }
  const Question question{snapshot, now, tenant.terms, scratch.effects};
  NoteCoverages(question, numbers, scratch, reasons);
  for (size_t first = 0; first < snapshot.lists.size(); first += kListsAGroup) {
    NoteMatches(question, first, scratch, reasons);
  }
  if (tenant.terms != nullptr) {
    const OwnFacts own(*tenant.terms);
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (tenant.facts[i] == kOwnNothing || !numbers[i].ok) continue;
      own.Apply(tenant.facts[i], scratch.rules[i], reasons[i]);
    }
  }
  for (size_t i = 0; i < rules.size(); ++i) rules[i] = Decide(scratch.rules[i]);
}

std::vector<absl::Time> OldestObtainedAt(const Snapshot& snapshot,
                                         absl::Span<const ParsedNumber> numbers) {
  std::bitset<kAreaCodes> asked;
  std::vector<int> area_codes;
  for (const ParsedNumber& parsed : numbers) {
    if (!parsed.ok) continue;
    const int area_code = AreaCodeOf(parsed.number);
    if (!asked[area_code]) {
      asked[area_code] = true;
      area_codes.push_back(area_code);
    }
  }
  std::vector<absl::Time> oldest(snapshot.lists.size(), absl::InfinitePast());
  for (size_t l = 0; l < snapshot.lists.size(); ++l) {
    for (const int area_code : area_codes) {
      const AreaCoverage& coverage = snapshot.lists[l]->areas[area_code];
      if (coverage.state != AreaState::kLoaded) continue;
      if (oldest[l] == absl::InfinitePast() || coverage.obtained_at < oldest[l]) {
        oldest[l] = coverage.obtained_at;
      }
    }
  }
  return oldest;
}

}  // namespace dnc
