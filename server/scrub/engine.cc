#include "server/scrub/engine.h"

#include <algorithm>
#include <bitset>
#include <utility>

#include "server/base/check.h"

namespace dnc {
namespace {

// Of each list the least that `of` gives for an area code that it covers, of those asked for;
// InfiniteFuture without any.
template <typename Of>
std::vector<absl::Time> Oldest(const Snapshot& snapshot, absl::Span<const ParsedNumber> numbers,
                               Of of) {
  std::bitset<kAreaCodes> asked;
  for (const ParsedNumber& parsed : numbers) {
    if (parsed.ok) asked.set(static_cast<size_t>(AreaCodeOf(parsed.number)));
  }
  std::vector<absl::Time> oldest(snapshot.lists.size(), absl::InfiniteFuture());
  for (size_t area = 0; area < asked.size(); ++area) {
    if (!asked[area]) continue;
    for (size_t l = 0; l < snapshot.lists.size(); ++l) {
      const AreaCoverage& coverage = snapshot.lists[l]->areas[area];
      if (coverage.state == AreaState::kLoaded) oldest[l] = std::min(oldest[l], of(coverage));
    }
  }
  return oldest;
}

}  // namespace

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
            "a tenant's scrub knows the own lists' word on every number");
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

std::vector<absl::Time> OldestObtainedAt(const Snapshot& snapshot,
                                         absl::Span<const ParsedNumber> numbers) {
  std::vector<absl::Time> oldest =
      Oldest(snapshot, numbers, [](const AreaCoverage& coverage) { return coverage.obtained_at; });
  std::replace(oldest.begin(), oldest.end(), absl::InfiniteFuture(), absl::InfinitePast());
  return oldest;
}

std::vector<absl::Time> OldestSilence(const Snapshot& snapshot,
                                      absl::Span<const ParsedNumber> numbers) {
  std::vector<absl::Time> silence;
  for (const auto& list : snapshot.lists) {
    std::pair oldest(absl::InfiniteFuture(), absl::InfinitePast());
    for (const ParsedNumber& parsed : numbers) {
      if (!parsed.ok) continue;
      const AreaCoverage& coverage = list->areas[AreaCodeOf(parsed.number)];
      if (coverage.state != AreaState::kLoaded) continue;
      oldest = std::min(oldest, {coverage.obtained_at, coverage.known_by_silence_at});
    }
    silence.push_back(oldest.second);
  }
  return silence;
}

std::vector<absl::Time> OldestAge(const Snapshot& snapshot,
                                  absl::Span<const ParsedNumber> numbers) {
  return Oldest(snapshot, numbers, AgedFrom);
}

}  // namespace dnc
