#include "server/dialer/dialer_letter.h"

#include <array>

#include "server/scrub/rules.h"

namespace dnc {
namespace {

constexpr bool HasAny(ReasonSet reasons, ReasonSet some) { return (reasons & some) != 0; }
constexpr bool HasReason(ReasonSet reasons, Reason reason) {
  return HasAny(reasons, ReasonBit(reason));
}

// What an exemption may lift.
constexpr ReasonSet kListings = ReasonBit(Reason::kNational) | ReasonBit(Reason::kState);
constexpr ReasonSet kLiftable = kListings | ReasonBit(Reason::kWireless);
constexpr ReasonSet kExemptions = ReasonBit(Reason::kConsent) | ReasonBit(Reason::kEbr);
// What never goes together with a number that is clear.
constexpr ReasonSet kNeverClear =
    ReasonBit(Reason::kMalformed) | ReasonBit(Reason::kListNotLoaded) |
    ReasonBit(Reason::kAreaCodeNotLoaded) | ReasonBit(Reason::kAreaCodeDamaged) |
    ReasonBit(Reason::kReleaseStale) | ReasonBit(Reason::kHistoryNotReached) |
    ReasonBit(Reason::kNotEntitled) | ReasonBit(Reason::kOwnListsUnknown);

char ClearLetter(Rule rule, ReasonSet reasons, bool relationship_ended,
                 const DenyingReasons& denying) {
  // If no exemption decided, none has lifted anything.
  const ReasonSet denies = rule == Rule::kClear ? denying.unless_lifted : denying.always;
  if (HasAny(reasons, kNeverClear | denies)) return kBlockedLetter;
  const bool consent = HasReason(reasons, Reason::kConsent);
  const bool relationship = HasReason(reasons, Reason::kEbr);
  switch (rule) {
    case Rule::kConsent:
      return consent ? 'X' : kBlockedLetter;
    case Rule::kEbr:
      return relationship ? 'O' : kBlockedLetter;
    case Rule::kClear:
      if (relationship) return 'E';
      return relationship_ended && !consent ? 'R' : 'C';
    default:
      return kBlockedLetter;
  }
}

char WirelessLetter(ReasonSet reasons) {
  if (!HasReason(reasons, Reason::kEbr)) return 'W';
  return HasAny(reasons, kListings) ? 'H' : 'G';
}

struct ReasonWords {
  Reason reason;
  std::string_view words;
};
// The first that applies is told.
constexpr std::array<ReasonWords, 7> kBlockedWords = {{
    {Reason::kNotEntitled, "Blocked: the subscription does not cover this area code"},
    {Reason::kOwnListsUnknown, "Blocked: the records of the seller cannot be read"},
    {Reason::kAreaCodeDamaged, "Blocked: the data of this area code is damaged"},
    {Reason::kListNotLoaded, "Blocked: a list that counts is not loaded"},
    {Reason::kAreaCodeNotLoaded, "Blocked: this area code is not loaded"},
    {Reason::kHistoryNotReached, "Blocked: the history does not reach so far"},
    {Reason::kReleaseStale, "Blocked: the data of this area code is too old"},
}};

}  // namespace

DenyingReasons DenyingReasonsOf(const Snapshot& snapshot, const TenantTerms* terms) {
  constexpr RuleSet kLiftableRules =
      RuleBit(Rule::kNational) | RuleBit(Rule::kState) | RuleBit(Rule::kWireless);
  DenyingReasons denying;
  ReasonSet informing = 0;
  ReasonSet liftable = 0;
  for (const SnapshotListPtr& list : snapshot.lists) {
    const Finding match = MatchFinding(list->kind, EffectFor(*list, terms));
    denying.unless_lifted |= match.reasons;
    if (match.rules == Finding().rules) informing |= match.reasons;
    if ((match.rules & kLiftableRules) != 0) liftable |= match.reasons;
  }
  denying.unless_lifted &= ~informing;
  denying.always = denying.unless_lifted & ~liftable;
  return denying;
}

bool LetterNeedsRule(Verdict verdict, ReasonSet reasons, const DenyingReasons& denying) {
  return verdict == Verdict::kClear && HasAny(reasons, kExemptions) &&
         HasAny(reasons, kLiftable | denying.unless_lifted);
}

char DialerLetter(Verdict verdict, Rule rule, ReasonSet reasons, bool relationship_ended,
                  const DenyingReasons& denying) {
  if (verdict == Verdict::kInvalid) return 'I';
  if (HasReason(reasons, Reason::kRecordDoNotCall)) return 'P';
  switch (verdict) {
    case Verdict::kClear:
      return ClearLetter(rule, reasons, relationship_ended, denying);
    case Verdict::kListed:
      return 'D';
    case Verdict::kWireless:
      return WirelessLetter(reasons);
    default:
      return kBlockedLetter;
  }
}

std::string_view LetterInWords(char letter, ReasonSet reasons) {
  if (letter == 'I') return "Invalid: no number of ten digits";
  if (letter != kBlockedLetter) return "";
  for (const ReasonWords& each : kBlockedWords) {
    if (HasReason(reasons, each.reason)) return each.words;
  }
  return "Blocked: unknown";
}

}  // namespace dnc
