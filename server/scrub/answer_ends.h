// Until when answers hold. This is the one place that works it out, for every form of answer.
//
// Each thing that an answer rests on says for which span of time it says the same: a list until its
// data grows too old, the tenant's records until one of them ends or begins to count and another
// rule decides. The answer holds in the intersection of these spans. What a later load or write
// brings, nobody knows beforehand.
//
//   lists     ...==================]            the answer of the number holds as long as all
//   records   ...=========)                     of these do
//   answer    ...=========)
#pragma once

#include <algorithm>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/scrub/asked_areas.h"
#include "server/scrub/engine.h"
#include "server/scrub/evidence.h"
#include "server/scrub/rules.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/tenant_terms.h"
#include "server/scrub/verdict.h"

namespace dnc {

// A span of time in which something holds; without limits by default.
struct Span {
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();

  static Span Until(absl::Time until) { return {absl::InfinitePast(), until}; }
  // The time that both have in common.
  Span Intersect(const Span& other) const {
    return {std::max(from, other.from), std::min(until, other.until)};
  }
};

// In which the published lists give the same answer for numbers of the area code, as far as their
// age goes: until the first of the lists that count for it and have data of it is too old. Lists
// that only inform don't count. `effects`: of the snapshot's lists, for the tenant (EffectFor).
Span ListsSpan(const Snapshot& snapshot, absl::Span<const ListEffect> effects, int area_code);

// Whether an answer holds for some time. Nothing holds of what is not known.
inline bool Holds(Verdict verdict) {
  return verdict != Verdict::kInvalid && verdict != Verdict::kNotCovered &&
         verdict != Verdict::kUnspecified;
}

// Finds the least end of answers that hold at `decided_at`: an answer that is over already, because
// a list is too old, ends nothing. Not thread-safe.
class LeastEnd {
 public:
  explicit LeastEnd(absl::Time decided_at) : decided_at_(decided_at) {}

  void Add(const Span& span) {
    if (span.until >= decided_at_ && span.until < least_) least_ = span.until;
  }
  // InfiniteFuture: nothing holds, or nothing ends.
  absl::Time least() const { return least_; }

 private:
  const absl::Time decided_at_;
  absl::Time least_ = absl::InfiniteFuture();
};

// The area codes of the numbers whose answers hold; numbers of kNumberLimit and above are
// malformed. `verdicts`: a Verdict as its value, one a number.
AskedAreas HoldingAreas(absl::Span<const Number> numbers, absl::Span<const uint8_t> verdicts);

// The ends of the answers of one question, decided at `now`. Holds references; not thread-safe.
class AnswerEnds {
 public:
  AnswerEnds(const Snapshot& snapshot, const TenantTerms* terms, absl::Time now);

  // ListsSpan, for the tenant.
  Span OfLists(int area_code) const { return ListsSpan(snapshot_, effects_, area_code); }

  // In which the tenant's records leave the rule that decides as it is: until the first of the
  // number's changes after which another one does. `facts`: what the tenant's lists say now.
  Span OfRecords(Number number, uint8_t facts, absl::Span<const FactChange> changes) const;

  // In which the answer for the number holds: the intersection of all spans.
  Span Of(Number number, uint8_t facts, absl::Span<const FactChange> changes) const {
    return OfLists(AreaCodeOf(number)).Intersect(OfRecords(number, facts, changes));
  }

  // The least end of the published lists over the answers that hold.
  absl::Time LeastOfLists(absl::Span<const Number> numbers,
                          absl::Span<const uint8_t> verdicts) const;

  // Completes `evidence`: until when all answers hold, and which of them end before their lists.
  // `lists_end`: LeastOfLists. The spans and those of `tenant` have an entry a number.
  void Fill(const TenantSide& tenant, absl::Span<const Number> numbers,
            absl::Span<const uint8_t> verdicts, absl::Time lists_end, Evidence* evidence) const;

 private:
  const Snapshot& snapshot_;
  const TenantTerms* const terms_;
  const absl::Time now_;
  std::vector<ListEffect> effects_;
};

// Takes the fact changes of a question's numbers apart, one number after the other.
class FactChangeReader {
 public:
  explicit FactChangeReader(absl::Span<const FactChange> changes) : rest_(changes) {}

  bool AtEnd() const { return rest_.empty(); }

  // Those of the next number that has any; only if it is not at the end.
  absl::Span<const FactChange> Next();

 private:
  absl::Span<const FactChange> rest_;
};

}  // namespace dnc
