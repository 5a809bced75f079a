// The rules of a verdict, one by one, without regard to speed: what coverage says about an area
// code, what a match in a list adds, what the tenant's records add and lift, and which rule
// decides. Both engines, for single answers and for batches, are built on these.
#pragma once

#include <bit>
#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/tenant_terms.h"
#include "server/scrub/verdict.h"

namespace dnc {

// Returns the verdict that a rule gives. A value that is no rule gives kNotCovered, never kClear.
Verdict VerdictOf(Rule rule);

// The rules that apply to a number; bit i stands for the rule with value i.
using RuleSet = uint16_t;
constexpr RuleSet RuleBit(Rule rule) {
  return static_cast<RuleSet>(1U << static_cast<unsigned>(rule));
}

// What is known about a number so far. If no other rule applies, the number is clear.
struct Finding {
  RuleSet rules = RuleBit(Rule::kClear);
  ReasonSet reasons = 0;

  void Note(Rule found, Reason reason) {
    rules |= RuleBit(found);
    reasons |= ReasonBit(reason);
  }
  void Add(const Finding& other) {
    rules |= other.rules;
    reasons |= other.reasons;
  }
  // Returns the rule that decides: the one with the least value of all that apply.
  Rule deciding() const { return static_cast<Rule>(std::countr_zero(rules)); }

  friend bool operator==(const Finding&, const Finding&) = default;
};

// Returns the finding for a malformed number, whatever else is known about it.
Finding MalformedFinding();

// Returns what being on the list means for the tenant. Lists that the tenant does not count only
// inform. With null terms, returns what it means by the server's policy.
ListEffect EffectFor(const SnapshotList& list, const TenantTerms* terms);

// Returns what is known about a number of the area code before any list is searched for it: whether
// the tenant may ask, and whether the lists that count can answer at the moment `now`. `effects`
// are those of the snapshot's lists for the tenant.
Finding AreaFinding(const Snapshot& snapshot, absl::Span<const ListEffect> effects,
                    const TenantTerms* terms, absl::Time now, int area_code);

// Returns what a match in a list adds.
Finding MatchFinding(ListKind kind, ListEffect effect);

// Returns whether the tenant is told about a match in a list of that kind, given the `reasons`
// known about the area code. A tenant may see the national registry only for the area codes that
// its subscription pays for (16 CFR 310.8). The number is NOT_COVERED even without that match.
inline bool IsTold(ListKind kind, ReasonSet reasons) {
  return kind != ListKind::kNational || (reasons & ReasonBit(Reason::kNotEntitled)) == 0;
}

// Adds what the tenant's records say.
class RecordFacts {
 public:
  explicit RecordFacts(const TenantTerms& terms);

  // Takes RecordFact bits. Must come last, because exemptions lift what was found before.
  void Apply(uint8_t facts, Finding& finding) const;

 private:
  RuleSet consent_lifts_;
  RuleSet ebr_lifts_;
};

}  // namespace dnc
