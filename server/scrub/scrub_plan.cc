#include "server/scrub/scrub_plan.h"

#include <algorithm>

#include "server/base/check.h"
#include "server/scrub/answer_ends.h"

namespace dnc {
namespace {

BatchAnswer AnswerOf(const Finding& finding) {
  return {finding.reasons, VerdictOf(finding.deciding())};
}

}  // namespace

ScrubPlan::ScrubPlan(const SnapshotPtr& snapshot, const TenantTerms* terms) : snapshot_(snapshot) {
  DNC_CHECK(snapshot.use_count() > 0, "a snapshot has an owner, by which the plan knows it");
  if (terms != nullptr) terms_ = *terms;
  for (const auto& list : snapshot->lists) {
    effects_.push_back(EffectFor(*list, terms));
    kinds_.push_back(list->kind);
    matches_.push_back(MatchFinding(list->kind, effects_.back()));
  }
  AddUnclassified();
  row_of_area_.fill(0);
  spans_.fill(Span());
  // A malformed number is on no list.
  row_of_area_[kNoArea] = AddClass(MalformedFinding(), {});
}

bool ScrubPlan::Fits(const SnapshotPtr& snapshot, const TenantTerms* terms, absl::Time now) const {
  const bool same = !snapshot_.owner_before(snapshot) && !snapshot.owner_before(snapshot_);
  if (!same || now <= after_ || now > until_) return false;
  return terms == nullptr ? !terms_.has_value() : terms_.has_value() && *terms_ == *terms;
}

BatchAnswer ScrubPlan::Decide(const Snapshot& snapshot, absl::Time now, uint16_t area,
                              absl::Span<const uint64_t> listed, size_t i, uint8_t facts) {
  if (area == kNoArea) return AnswerOf(MalformedFinding());
  if (!IsClassified(area)) ClassifyArea(snapshot, now, area);
  Finding finding = FindingOf(area);
  for (size_t l = 0; l < listed.size(); ++l) {
    const bool holds = (listed[l] >> i & 1) != 0;
    if (holds && IsTold(kinds_[l], finding.reasons)) finding.Add(matches_[l]);
  }
  if (terms_.has_value()) RecordFacts(*terms_).Apply(facts, finding);
  return AnswerOf(finding);
}

void ScrubPlan::Classify(const Snapshot& snapshot, absl::Time now, const NumberGroup& group) {
  for (size_t i = 0; i < group.count; ++i) {
    if (!IsClassified(group.areas[i])) ClassifyArea(snapshot, now, group.areas[i]);
  }
}

void ScrubPlan::ClassifyArea(const Snapshot& snapshot, absl::Time now, uint16_t area) {
  const Finding finding = AreaFinding(snapshot, effects_, terms(), now, area);
  LimitTime(snapshot, now, area);
  spans_[area] = ListsSpan(snapshot, effects_, area);
  // The first two classes belong to no area code.
  const auto known = std::find(classes_.begin() + 2, classes_.end(), finding);
  const auto number = static_cast<size_t>(known - classes_.begin());
  row_of_area_[area] = known == classes_.end() ? AddClass(finding, matches_)
                                               : static_cast<uint16_t>(number * answers_a_class());
}

uint16_t ScrubPlan::AddClass(const Finding& finding, absl::Span<const Finding> matches) {
  const auto row = static_cast<uint16_t>(classes_.size() * answers_a_class());
  classes_.push_back(finding);
  if (!has_table()) return row;
  for (uint32_t marks = 0; marks < answers_a_class(); ++marks) {
    Finding marked = finding;
    for (size_t l = 0; l < matches.size(); ++l) {
      const bool holds = (marks >> l & 1) != 0;
      if (holds && IsTold(kinds_[l], finding.reasons)) marked.Add(matches[l]);
    }
    answers_.push_back(AnswerOf(marked));
  }
  return row;
}

void ScrubPlan::AddUnclassified() {
  classes_.push_back(MalformedFinding());  // fails closed if anybody uses it
  if (has_table()) answers_.resize(answers_a_class(), {0, Verdict::kUnspecified});
}

void ScrubPlan::LimitTime(const Snapshot& snapshot, absl::Time now, uint16_t area) {
  for (const auto& list : snapshot.lists) {
    const AreaCoverage& coverage = list->areas[area];
    if (coverage.state != AreaState::kLoaded) continue;
    // IsStale changes its result at these two moments; at the moment itself it still gives the old
    // one.
    for (const absl::Time change :
         {coverage.obtained_at - kMaxFuture, FreshUntil(coverage, list->max_age)}) {
      if (now <= change) {
        until_ = std::min(until_, change);
      } else {
        after_ = std::max(after_, change);
      }
    }
  }
}

}  // namespace dnc
