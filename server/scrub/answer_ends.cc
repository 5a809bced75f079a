#include "server/scrub/answer_ends.h"

#include <algorithm>

namespace dnc {

Span ListsSpan(const Snapshot& snapshot, absl::Span<const ListEffect> effects, int area_code) {
  Span span;
  for (size_t l = 0; l < effects.size(); ++l) {
    const SnapshotList& list = *snapshot.lists[l];
    const AreaCoverage& coverage = list.areas[static_cast<size_t>(area_code)];
    const bool counts = effects[l] != ListEffect::kInform &&
                        list.applies_to[static_cast<size_t>(area_code)] &&
                        coverage.state == AreaState::kLoaded;
    if (counts) span = span.Intersect(Span::Until(FreshUntil(coverage, list.max_age)));
  }
  return span;
}

AskedAreas HoldingAreas(absl::Span<const Number> numbers, absl::Span<const uint8_t> verdicts) {
  AskedAreas holding;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] >= kNumberLimit || !Holds(static_cast<Verdict>(verdicts[i]))) continue;
    holding.Add(static_cast<uint16_t>(AreaCodeOf(numbers[i])));
  }
  return holding;
}

AnswerEnds::AnswerEnds(const Snapshot& snapshot, const TenantTerms* terms, absl::Time now)
    : snapshot_(snapshot), terms_(terms), now_(now) {
  effects_.reserve(snapshot.lists.size());
  for (const auto& list : snapshot.lists) effects_.push_back(EffectFor(*list, terms));
}

Span AnswerEnds::OfRecords(Number number, uint8_t facts,
                           absl::Span<const FactChange> changes) const {
  if (changes.empty() || terms_ == nullptr) return Span();
  const Finding published = PublishedFinding(snapshot_, effects_, terms_, now_, number);
  const RecordFacts records(*terms_);
  const auto rule_with = [&](uint8_t its_facts) {
    Finding finding = published;
    records.Apply(its_facts, finding);
    return finding.deciding();
  };
  const Rule decides = rule_with(facts);
  for (const FactChange& change : changes) {
    if (rule_with(change.facts) != decides) return Span::Until(change.at);
  }
  return Span();
}

absl::Time AnswerEnds::LeastOfLists(absl::Span<const Number> numbers,
                                    absl::Span<const uint8_t> verdicts) const {
  LeastEnd least(now_);
  HoldingAreas(numbers, verdicts).ForEach([&](uint16_t area) { least.Add(OfLists(area)); });
  return least.least();
}

void AnswerEnds::Fill(const TenantSide& tenant, absl::Span<const Number> numbers,
                      absl::Span<const uint8_t> verdicts, absl::Time lists_end,
                      Evidence* evidence) const {
  evidence->earlier_ends.clear();
  LeastEnd least(now_);
  // Without terms no tenant asks, so no records count.
  const absl::Span<const FactChange> all =
      terms_ == nullptr ? absl::Span<const FactChange>() : tenant.changes;
  for (FactChangeReader reader(all); !reader.AtEnd();) {
    const absl::Span<const FactChange> changes = reader.Next();
    const uint32_t index = changes.front().index;
    if (!Holds(static_cast<Verdict>(verdicts[index]))) continue;
    const Span span = Of(numbers[index], tenant.facts[index], changes);
    if (span.until >= OfLists(AreaCodeOf(numbers[index])).until) continue;
    evidence->earlier_ends.push_back({index, span.until});
    least.Add(span);
  }
  evidence->valid_until = std::min(lists_end, least.least());
}

absl::Span<const FactChange> FactChangeReader::Next() {
  const uint32_t index = rest_.front().index;
  const auto end = std::find_if(rest_.begin(), rest_.end(), [index](const FactChange& change) {
    return change.index != index;
  });
  const absl::Span<const FactChange> found = rest_.first(static_cast<size_t>(end - rest_.begin()));
  rest_.remove_prefix(found.size());
  return found;
}

}  // namespace dnc
