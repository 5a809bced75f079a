// Works out until when answers hold. All forms of answer use this code, and nothing else does it.
//
// Each thing that an answer rests on says for which span of time it stays the same: a list until
// its data is too old, the tenant's records until one of them ends or begins to count so that
// another rule decides. The answer holds in the intersection of these spans. Nobody knows
// beforehand what later loads and writes will bring.
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

// A span of time in which something holds; unlimited by default.
struct Span {
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();

  static Span Until(absl::Time until) { return {absl::InfinitePast(), until}; }
  // Returns the time that both spans have in common.
  Span Intersect(const Span& other) const {
    return {std::max(from, other.from), std::min(until, other.until)};
  }
};

// Returns the span in which the age of the published lists gives the same answer for numbers of the
// area code. It ends when the first list grows too old that counts and has data of the area code.
// Lists that only inform do not count. `effects` are those of the snapshot's lists for the tenant
// (EffectFor).
Span ListsSpan(const Snapshot& snapshot, absl::Span<const ListEffect> effects, int area_code);

// Returns whether an answer with this verdict holds for some time. Nothing holds for what is not
// known.
inline bool Holds(Verdict verdict) {
  return verdict != Verdict::kInvalid && verdict != Verdict::kNotCovered &&
         verdict != Verdict::kUnspecified;
}

// Finds the earliest end of the answers that hold at `decided_at`. An answer that is over already,
// because a list is too old, is left out. Not thread-safe.
class LeastEnd {
 public:
  explicit LeastEnd(absl::Time decided_at) : decided_at_(decided_at) {}

  void Add(const Span& span) {
    if (span.until >= decided_at_ && span.until < least_) least_ = span.until;
  }
  // Returns InfiniteFuture if nothing holds or nothing ends.
  absl::Time least() const { return least_; }

 private:
  const absl::Time decided_at_;
  absl::Time least_ = absl::InfiniteFuture();
};

// Returns the area codes of the numbers whose answers hold. Numbers of kNumberLimit and above are
// malformed. `verdicts` has one Verdict, by its value, for each number.
AskedAreas HoldingAreas(absl::Span<const Number> numbers, absl::Span<const uint8_t> verdicts);

// Works out the ends of one question's answers, decided at `now`. Holds references; not
// thread-safe.
class AnswerEnds {
 public:
  AnswerEnds(const Snapshot& snapshot, const TenantTerms* terms, absl::Time now);

  // Returns ListsSpan for the tenant.
  Span OfLists(int area_code) const { return ListsSpan(snapshot_, effects_, area_code); }

  // Returns the span in which the tenant's records lead to the same deciding rule: until the first
  // of the number's changes after which another rule decides. `facts` is what the tenant's lists
  // say now.
  Span OfRecords(Number number, uint8_t facts, absl::Span<const FactChange> changes) const;

  // Returns the span in which the answer for the number holds: the intersection of all spans.
  Span Of(Number number, uint8_t facts, absl::Span<const FactChange> changes) const {
    return OfLists(AreaCodeOf(number)).Intersect(OfRecords(number, facts, changes));
  }

  // Returns the earliest end that the published lists set, over the answers that hold.
  absl::Time LeastOfLists(absl::Span<const Number> numbers,
                          absl::Span<const uint8_t> verdicts) const;

  // Completes `evidence` with the time until which all answers hold, and with the answers that end
  // before their lists. `lists_end` is LeastOfLists. The spans, and those of `tenant`, have one
  // entry for each number.
  void Fill(const TenantSide& tenant, absl::Span<const Number> numbers,
            absl::Span<const uint8_t> verdicts, absl::Time lists_end, Evidence* evidence) const;

 private:
  const Snapshot& snapshot_;
  const TenantTerms* const terms_;
  const absl::Time now_;
  std::vector<ListEffect> effects_;
};

// Splits the fact changes of a question by number, one number after the other.
class FactChangeReader {
 public:
  explicit FactChangeReader(absl::Span<const FactChange> changes) : rest_(changes) {}

  bool AtEnd() const { return rest_.empty(); }

  // Returns the changes of the next number that has any. Call it only before the end.
  absl::Span<const FactChange> Next();

 private:
  absl::Span<const FactChange> rest_;
};

}  // namespace dnc
