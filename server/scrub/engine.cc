#include "server/scrub/engine.h"

#include <vector>

#include "server/base/check.h"

namespace dnc {

Finding PublishedFinding(const Snapshot& snapshot, absl::Span<const ListEffect> effects,
                         const TenantTerms* terms, absl::Time now, Number number) {
  Finding finding = AreaFinding(snapshot, effects, terms, now, AreaCodeOf(number));
  for (size_t l = 0; l < effects.size(); ++l) {
    const SnapshotList& list = *snapshot.lists[l];
    if (IsTold(list.kind, finding.reasons) && list.numbers.Contains(number)) {
      finding.Add(MatchFinding(list.kind, effects[l]));
    }
  }
  return finding;
}

void Scrub(const Snapshot& snapshot, absl::Time now, absl::Span<const ParsedNumber> numbers,
           absl::Span<Rule> rules, absl::Span<ReasonSet> reasons, const TenantSide& tenant) {
  DNC_CHECK(numbers.size() == rules.size() && numbers.size() == reasons.size(),
            "a scrub answers every number");
  DNC_CHECK(tenant.terms == nullptr || tenant.facts.size() == numbers.size(),
            "a tenant's scrub knows what its records say of every number");
  std::vector<ListEffect> effects;
  for (const auto& list : snapshot.lists) effects.push_back(EffectFor(*list, tenant.terms));
  for (size_t i = 0; i < numbers.size(); ++i) {
    const ParsedNumber& parsed = numbers[i];
    Finding finding = MalformedFinding();
    if (parsed.ok) {
      finding = PublishedFinding(snapshot, effects, tenant.terms, now, parsed.number);
      if (tenant.terms != nullptr) RecordFacts(*tenant.terms).Apply(tenant.facts[i], finding);
    }
    rules[i] = finding.deciding();
    reasons[i] = finding.reasons;
  }
}

}  // namespace dnc
