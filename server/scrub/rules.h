// The rules of a verdict, one by one, without regard to speed: what coverage says of an area code,
// what a match in a list brings, what the tenant's records add and lift, and which rule decides.
// Both engines, for single answers and for batches, are made of these.
#pragma once

#include <bit>
#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/tenant_terms.h"
#include "server/scrub/verdict.h"

namespace dnc {

// The verdict that a rule gives. A value that is no rule gives kNotCovered, never kClear.
Verdict VerdictOf(Rule rule);

// Rules that apply to a number; bit i stands for the rule of value i.
using RuleSet = uint16_t;
constexpr RuleSet RuleBit(Rule rule) {
  return static_cast<RuleSet>(1U << static_cast<unsigned>(rule));
}

// What is known of a number so far. Without another rule a number is clear.
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
  // The rule that decides: of all that apply, the least.
  Rule deciding() const { return static_cast<Rule>(std::countr_zero(rules)); }

  friend bool operator==(const Finding&, const Finding&) = default;
};

// The finding for what is no number, whatever else is said of it.
Finding MalformedFinding();

// What the list's entries mean for the tenant: those that it does not count only inform. With null
// terms, what they mean by the server's policy.
ListEffect EffectFor(const SnapshotList& list, const TenantTerms* terms);

// What is known of a number of the area code before any list is asked for it: whether the tenant
// may ask, and whether the lists that count can answer, at the moment `now`. `effects`: of the
// snapshot's lists, for the tenant.
Finding AreaFinding(const Snapshot& snapshot, absl::Span<const ListEffect> effects,
                    const TenantTerms* terms, absl::Time now, int area_code);

// What a match in a list brings.
Finding MatchFinding(ListKind kind, ListEffect effect);

// Whether a tenant learns of a match in a list of that kind, once `reasons` are known of the area
// code: of the national registry it may only see the area codes that its subscription pays for
// (16 CFR 310.8). Without the match the number is NOT_COVERED all the same.
inline bool IsTold(ListKind kind, ReasonSet reasons) {
  return kind != ListKind::kNational || (reasons & ReasonBit(Reason::kNotEntitled)) == 0;
}

// Adds what the tenant's records say.
class RecordFacts {
 public:
  explicit RecordFacts(const TenantTerms& terms);

  // `facts`: RecordFact bits. Comes last, because exemptions lift what was found before.
  void Apply(uint8_t facts, Finding& finding) const;

 private:
  RuleSet consent_lifts_;
  RuleSet ebr_lifts_;
};

}  // namespace dnc
