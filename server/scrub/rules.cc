#include "server/scrub/rules.h"

#include <algorithm>
#include <string_view>

#include "server/scrub/list_name.h"

namespace dnc {
namespace {

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

// Returns what an exemption lifts, as rules.
RuleSet LiftedRules(uint8_t liftable) {
  unsigned rules = 0;
  if ((liftable & kLiftsNational) != 0) rules |= RuleBit(Rule::kNational);
  if ((liftable & kLiftsState) != 0) rules |= RuleBit(Rule::kState);
  if ((liftable & kLiftsWireless) != 0) rules |= RuleBit(Rule::kWireless);
  return static_cast<RuleSet>(rules);
}

void Lift(RuleSet lifted, Rule by, RuleSet& rules) {
  if ((rules & lifted) == 0) return;
  rules = static_cast<RuleSet>((rules & ~lifted) | RuleBit(by));
}

// Adds whether `list` can answer for the area code at all. `must_cover` says that a number that it
// does not cover is NOT_COVERED.
void NoteCoverage(const SnapshotList& list, bool must_cover, absl::Time now, int area_code,
                  Finding& finding) {
  const bool applies = list.applies_to[area_code];
  const bool asked = must_cover && applies;
  if (list.release_id == 0) {
    if (asked) finding.Note(Rule::kNotCovered, Reason::kListNotLoaded);
    return;
  }
  const AreaCoverage& coverage = list.areas[area_code];
  switch (coverage.state) {
    case AreaState::kLoaded:
      if (applies && IsStale(coverage, list.max_age, now)) {
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

bool IsIn(const Snapshot& snapshot, const std::string& name) {
  const auto& lists = snapshot.lists;
  return std::any_of(lists.begin(), lists.end(),
                     [&name](const SnapshotListPtr& list) { return list->name == name; }) ||
         std::any_of(lists.begin(), lists.end(), [&name](const SnapshotListPtr& list) {
           return CanonicalOrSame(list->name) == name;
         });
}

// Returns whether a list that the tenant names, and that is not loaded, would have had to answer
// for the area code.
bool IsMissed(const Snapshot& snapshot, const TenantTerms& terms, const std::string& name,
              int area_code) {
  const absl::StatusOr<ListName> parsed = ParseListName(name);
  if (!parsed.ok()) return true;
  ListEffect effect = DefaultEffect(parsed->kind);
  for (const auto& [unloaded, its_effect] : snapshot.unloaded) {
    if (unloaded == name) effect = its_effect;
  }
  if (effect == ListEffect::kInform) return false;
  if (effect == ListEffect::kWireless && !terms.wireless_counts) return false;
  return AreaCodesToCover(*parsed)[static_cast<size_t>(area_code)];
}

// Notes a list that the tenant names and that is missing, because it was retired or because the
// server's policy no longer has it. Such a list is never ignored silently.
void NoteMissed(const Snapshot& snapshot, const TenantTerms& terms, int area_code,
                Finding& finding) {
  for (const std::string& name : terms.lists) {
    if (IsIn(snapshot, name) || !IsMissed(snapshot, terms, name, area_code)) continue;
    finding.Note(Rule::kNotCovered, Reason::kListNotLoaded);
  }
}

// Returns whether the list permits calls to a number of the area code that is not on it.
bool AnswersFor(const SnapshotList& list, int area_code) {
  return list.applies_to[area_code] && list.areas[area_code].state == AreaState::kLoaded;
}

}  // namespace

Verdict VerdictOf(Rule rule) {
  switch (rule) {
    case Rule::kMalformed:
      return Verdict::kInvalid;
    case Rule::kRecordDoNotCall:
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

Finding MalformedFinding() { return {RuleBit(Rule::kMalformed), ReasonBit(Reason::kMalformed)}; }

// Lists that the tenant does not count only inform.
ListEffect EffectFor(const SnapshotList& list, const TenantTerms* terms) {
  if (terms == nullptr) return list.effect;
  if (list.effect == ListEffect::kWireless && !terms->wireless_counts) return ListEffect::kInform;
  if (list.required || terms->lists.empty()) return list.effect;
  const auto names = [terms](std::string_view name) {
    return std::find(terms->lists.begin(), terms->lists.end(), name) != terms->lists.end();
  };
  // An older version may have left two lists under one name; both count.
  const bool chosen = names(list.name) || names(CanonicalOrSame(list.name));
  return chosen ? list.effect : ListEffect::kInform;
}

Finding AreaFinding(const Snapshot& snapshot, absl::Span<const ListEffect> effects,
                    const TenantTerms* terms, absl::Time now, int area_code) {
  Finding finding;
  if (terms != nullptr && !terms->entitled[area_code]) {
    finding.Note(Rule::kNotCovered, Reason::kNotEntitled);
  }
  // If the tenant names lists, all others except the required ones only inform.
  const bool names_lists = terms != nullptr && !terms->lists.empty();
  bool answered = false;
  for (size_t l = 0; l < snapshot.lists.size(); ++l) {
    if (effects[l] == ListEffect::kInform) continue;
    const SnapshotList& list = *snapshot.lists[l];
    NoteCoverage(list, list.required || names_lists, now, area_code, finding);
    answered = answered || AnswersFor(list, area_code);
  }
  if (names_lists) NoteMissed(snapshot, *terms, area_code, finding);
  // Having no list at all proves nothing, and neither do lists that are silent because they need
  // not cover the area code. Only a list that answers for the area code can say clear.
  if (!answered && finding.rules == Finding().rules) {
    finding.Note(Rule::kNotCovered,
                 snapshot.lists.empty() ? Reason::kListNotLoaded : Reason::kAreaCodeNotLoaded);
  }
  if (snapshot.clock_behind) finding.Note(Rule::kStale, Reason::kReleaseStale);
  return finding;
}

Finding MatchFinding(ListKind kind, ListEffect effect) {
  Finding finding;
  finding.reasons = ReasonBit(ReasonOfKind(kind));
  if (effect == ListEffect::kDeny) finding.rules |= RuleBit(DenyingRule(kind));
  if (effect == ListEffect::kWireless) finding.rules |= RuleBit(Rule::kWireless);
  return finding;
}

RecordFacts::RecordFacts(const TenantTerms& terms)
    : consent_lifts_(LiftedRules(terms.consent_lifts)),
      // No relationship permits automated calls to a wireless number.
      ebr_lifts_(LiftedRules(terms.ebr_lifts & static_cast<uint8_t>(~kLiftsWireless))) {}

void RecordFacts::Apply(uint8_t facts, Finding& finding) const {
  if ((facts & kRecordDoNotCall) != 0)
    finding.Note(Rule::kRecordDoNotCall, Reason::kRecordDoNotCall);
  if ((facts & kRecordUnknown) != 0) finding.Note(Rule::kNotCovered, Reason::kOwnListsUnknown);
  if ((facts & kRecordConsent) != 0) {
    Lift(consent_lifts_, Rule::kConsent, finding.rules);
    finding.reasons |= ReasonBit(Reason::kConsent);
  }
  if ((facts & kRecordEbr) != 0) {
    Lift(ebr_lifts_, Rule::kEbr, finding.rules);
    finding.reasons |= ReasonBit(Reason::kEbr);
  }
}

}  // namespace dnc
