// The letters by which dialers are told what a number is, as the hosted scrub services set them:
//
//   may be called        C clean    E relationship, on no list    O relationship over a listing
//                        X consent over a listing    R an ended relationship, on no list
//   not by a predictive  W wireless         G relationship and wireless
//   dialer                                  H relationship over a listing, and wireless
//   may not be called    D listed           P on the tenant's own list    I no number
//                        B not known: not covered, stale, damaged, not entitled
//
// docs/dialers.md has the table with what each rests on. The others that the services know (L, F,
// V, Y, M, S, T) need data that this server does not have, and are never given. VICIdial gives a
// lead with a letter that it does not know the status of the lead before.
#pragma once

#include <string_view>

#include "server/scrub/snapshot.h"
#include "server/scrub/tenant_terms.h"
#include "server/scrub/verdict.h"

namespace dnc {

// All letters that are ever given; those for numbers that may be called, and those for numbers that
// a predictive dialer may not call.
inline constexpr std::string_view kDialerLetters = "CEOXRWGHDPIB";
inline constexpr std::string_view kCallableLetters = "CEOXR";
inline constexpr std::string_view kWirelessLetters = "WGH";

// The reasons that forbid a call wherever they are told, because each list of the snapshot that can
// give them denies, or says wireless. A reason that a list which only informs may have given is
// none of them.
struct DenyingReasons {
  ReasonSet unless_lifted = 0;  // all of them
  ReasonSet always = 0;         // those of which no exemption lifts any
};

// Returns those of a snapshot for a tenant of these terms. With null terms the server's policy
// counts.
DenyingReasons DenyingReasonsOf(const Snapshot& snapshot, const TenantTerms* terms);

// Whether the letter depends on which rule decided, because an exemption may have lifted a match.
// For all other numbers that are clear the rule is kClear.
bool LetterNeedsRule(Verdict verdict, ReasonSet reasons, const DenyingReasons& denying);

// The letter of a number, whatever the version of the answer. `rule` is read only if the verdict is
// kClear; `relationship_ended`: the tenant had a business relationship that is over; `denying`:
// those of the answer's snapshot. One of kCallableLetters only if the verdict is kClear;
// kBlockedLetter for what is not known, and for values that do not fit each other: a number that is
// clear although a reason denies, and no exemption has lifted that.
inline constexpr char kBlockedLetter = 'B';
char DialerLetter(Verdict verdict, Rule rule, ReasonSet reasons, bool relationship_ended,
                  const DenyingReasons& denying);

// Why a number has the letter B or I, in words without commas, quotes and semicolons; empty for the
// other letters.
std::string_view LetterInWords(char letter, ReasonSet reasons);

}  // namespace dnc
