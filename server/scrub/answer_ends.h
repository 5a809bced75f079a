// Until when answers hold: the one place that works it out, for every form of answer.
//
// An answer ends with the first of all that it rests on: when a list that counts for its area code
// is too old, and when records of the tenant end or begin so that another rule decides. What a
// later load or write brings nobody knows beforehand.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/scrub/engine.h"
#include "server/scrub/rules.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/tenant_terms.h"
#include "server/scrub/verdict.h"

namespace dnc {

// The last moment at which no list that counts for the area code and has data of it is too old;
// InfiniteFuture if none has. Lists that only inform don't count. `effects`: of the snapshot's
// lists, for the tenant.
absl::Time ListsEnd(const Snapshot& snapshot, absl::Span<const ListEffect> effects, int area_code);

// Whether an answer holds for some time. Of what is not known nothing holds.
inline bool Holds(Verdict verdict) {
  return verdict != Verdict::kInvalid && verdict != Verdict::kNotCovered &&
         verdict != Verdict::kUnspecified;
}

// The ends of the answers of one batch, decided at `now`. Holds references; not thread-safe.
class AnswerEnds {
 public:
  AnswerEnds(const Snapshot& snapshot, const TenantTerms* terms, absl::Time now);

  absl::Time OfLists(int area_code) const { return ListsEnd(snapshot_, effects_, area_code); }

  // The first of the number's turns from which on another rule decides than now, InfiniteFuture if
  // none does. `facts`: what the tenant's lists say now.
  absl::Time OfRecords(Number number, uint8_t facts, absl::Span<const FactChange> turns) const;

 private:
  const Snapshot& snapshot_;
  const TenantTerms* const terms_;
  const absl::Time now_;
  std::vector<ListEffect> effects_;
};

// The turns of the numbers of a batch, taken one number after the other.
class TurnReader {
 public:
  explicit TurnReader(absl::Span<const FactChange> turns) : rest_(turns) {}

  // Those of the number at `index`; indexes must ascend from call to call.
  absl::Span<const FactChange> Of(uint32_t index);

 private:
  absl::Span<const FactChange> rest_;
};

// The least end of answers that hold at `decided_at`: an answer that is over already, because a
// list is too old, ends nothing. Not thread-safe.
class LeastEnd {
 public:
  explicit LeastEnd(absl::Time decided_at) : decided_at_(decided_at) {}

  void Add(absl::Time end) {
    if (end >= decided_at_ && end < least_) least_ = end;
  }
  // InfiniteFuture: nothing holds, or without an end.
  absl::Time least() const { return least_; }

 private:
  const absl::Time decided_at_;
  absl::Time least_ = absl::InfiniteFuture();
};

}  // namespace dnc
