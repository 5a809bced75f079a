#include "server/scrub/answer_ends.h"

#include <algorithm>

namespace dnc {

absl::Time ListsEnd(const Snapshot& snapshot, absl::Span<const ListEffect> effects, int area_code) {
  absl::Time end = absl::InfiniteFuture();
  for (size_t l = 0; l < effects.size(); ++l) {
    const SnapshotList& list = *snapshot.lists[l];
    const AreaCoverage& coverage = list.areas[static_cast<size_t>(area_code)];
    const bool counts = effects[l] != ListEffect::kInform &&
                        list.applies_to[static_cast<size_t>(area_code)] &&
                        coverage.state == AreaState::kLoaded;
    if (counts) end = std::min(end, AgedFrom(coverage) + list.max_age);
  }
  return end;
}

AnswerEnds::AnswerEnds(const Snapshot& snapshot, const TenantTerms* terms, absl::Time now)
    : snapshot_(snapshot), terms_(terms), now_(now) {
  effects_.reserve(snapshot.lists.size());
  for (const auto& list : snapshot.lists) effects_.push_back(EffectFor(*list, terms));
}

absl::Time AnswerEnds::OfRecords(Number number, uint8_t facts,
                                 absl::Span<const FactChange> turns) const {
  if (turns.empty() || terms_ == nullptr) return absl::InfiniteFuture();
  const Finding published = PublishedFinding(snapshot_, effects_, terms_, now_, number);
  const RecordFacts own(*terms_);
  const auto rule_with = [&](uint8_t its_facts) {
    Finding finding = published;
    own.Apply(its_facts, finding);
    return finding.deciding();
  };
  const Rule decides = rule_with(facts);
  for (const FactChange& turn : turns) {
    if (rule_with(turn.facts) != decides) return turn.at;
  }
  return absl::InfiniteFuture();
}

absl::Span<const FactChange> TurnReader::Of(uint32_t index) {
  const auto begin = std::find_if(rest_.begin(), rest_.end(),
                                  [index](const FactChange& turn) { return turn.index >= index; });
  const auto end = std::find_if(begin, rest_.end(),
                                [index](const FactChange& turn) { return turn.index > index; });
  const absl::Span<const FactChange> found(rest_.data() + (begin - rest_.begin()),
                                           static_cast<size_t>(end - begin));
  rest_.remove_prefix(static_cast<size_t>(end - rest_.begin()));
  return found;
}

}  // namespace dnc
