// Works out what the answers of a batch have in common, once for many batches.
//
// Coverage, age and entitlement say the same about all numbers of an area code, and most area codes
// get the same result. So each area code has a class. A class and the set of lists that hold a
// number select one of a few answers, which stand in a table that the rules (rules.h) have filled:
//
//   row of area 201 -+    +- marks: bit l says that list l holds the number
//   row of area 212 -+    v
//                    +-> [ clear | national | state | national and state | ... ]   a class
//   row of area 303 ---> [ stale | stale    | stale | stale              | ... ]   another one
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/index/number_group.h"
#include "server/scrub/answer_ends.h"
#include "server/scrub/rules.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/tenant_terms.h"
#include "server/scrub/verdict.h"

namespace dnc {

struct BatchAnswer {
  ReasonSet reasons = 0;
  Verdict verdict = Verdict::kNotCovered;
};

// The plan for one snapshot and one tenant's terms, for a span of time in which no list grows
// stale. It keeps no list alive. Not thread-safe: an area code is classified when it is first asked
// about.
class ScrubPlan {
 public:
  // With more lists there is no table, because it would need an answer for each set of lists.
  static constexpr size_t kTableLists = 6;
  static_assert((kAreaCodes + 2) << kTableLists < UINT16_MAX, "a row fits into 16 bits");

  // Null `terms` mean the server's own policy; others are copied.
  ScrubPlan(const SnapshotPtr& snapshot, const TenantTerms* terms);

  // Returns whether the plan was made for this snapshot and these terms, and covers the moment
  // `now`.
  bool Fits(const SnapshotPtr& snapshot, const TenantTerms* terms, absl::Time now) const;

  bool has_table() const { return matches_.size() <= kTableLists; }

  // Returns the table of answers. The answer for a number is at the row of its area code plus its
  // marks, in which bit l says that list l holds it. Its verdict is kUnspecified, which is no
  // answer, until Classify was called for the area code. Only if there is a table; valid until the
  // next Classify.
  const BatchAnswer* table() const { return answers_.data(); }
  // Returns the row of each area code.
  const uint16_t* rows() const { return row_of_area_.data(); }

  // Returns ListsSpan of an area code that was classified.
  const Span& ListsSpanOf(uint16_t area) const { return spans_[area]; }

  // Works out the answers for the area codes of a group.
  void Classify(const Snapshot& snapshot, absl::Time now, const NumberGroup& group);

  // Returns the answer for one number, straight from the rules. Bit i of listed[l] says that list l
  // holds it; `facts` is what the tenant's records say.
  BatchAnswer Decide(const Snapshot& snapshot, absl::Time now, uint16_t area,
                     absl::Span<const uint64_t> listed, size_t i, uint8_t facts);

 private:
  // The answers of the classes follow each other, so an area code's row is the number of its class
  // times the number of answers in a class.
  size_t answers_a_class() const { return has_table() ? size_t{1} << matches_.size() : 1; }
  const Finding& FindingOf(uint16_t area) const {
    return classes_[row_of_area_[area] / answers_a_class()];
  }
  bool IsClassified(uint16_t area) const { return row_of_area_[area] != 0; }
  void ClassifyArea(const Snapshot& snapshot, absl::Time now, uint16_t area);
  // Makes a class of `finding`, to which the lists that hold a number add `matches`, and returns
  // its row.
  uint16_t AddClass(const Finding& finding, absl::Span<const Finding> matches);
  // Adds the class of area codes that were not asked about yet: it has no answers.
  void AddUnclassified();
  // Shortens the plan's time span to one in which the ages of the area code give the same result as
  // now.
  void LimitTime(const Snapshot& snapshot, absl::Time now, uint16_t area);
  const TenantTerms* terms() const { return terms_.has_value() ? &*terms_ : nullptr; }

  std::weak_ptr<const Snapshot> snapshot_;
  std::optional<TenantTerms> terms_;
  std::vector<ListEffect> effects_;
  std::vector<ListKind> kinds_;   // one for each list
  std::vector<Finding> matches_;  // one for each list
  std::array<uint16_t, kAreaCodes + 1> row_of_area_;
  std::array<Span, kAreaCodes> spans_;
  std::vector<Finding> classes_;  // the first has no answers, the second is for malformed numbers
  std::vector<BatchAnswer> answers_;
  absl::Time after_ = absl::InfinitePast();    // the plan holds after this moment,
  absl::Time until_ = absl::InfiniteFuture();  // up to and including this one
};

}  // namespace dnc
