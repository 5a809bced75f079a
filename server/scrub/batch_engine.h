// The verdict engine for batches: the answers of engine.h, at the speed of memory.
//
//   ScrubBatch(snapshot, now, numbers, {&terms, facts}, {verdicts, reasons});
//
// A group of 64 numbers is taken apart and its lines are asked for in all lists, while the groups
// before it are tested and answered from a table (scrub_plan.h).
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/numbers/phone_number.h"
#include "server/scrub/asked_areas.h"
#include "server/scrub/engine.h"
#include "server/scrub/snapshot.h"

namespace dnc {

// Where the answers go, one a number: a Verdict as its value, and the reasons that apply.
struct BatchAnswers {
  absl::Span<uint8_t> verdicts;
  absl::Span<ReasonSet> reasons;
};

// What the answers of a batch rest on.
struct BatchBasis {
  AskedAreas asked;  // the area codes that were asked for
  // The least of the lists' ends (ListsEnd) over the answers that hold; InfiniteFuture if none.
  absl::Time lists_end = absl::InfiniteFuture();
};

// Answers every number, and returns what the answers rest on; all spans have the same
// size, and the facts too unless there are no terms. Well-formed numbers as they are, what is
// malformed as kNumberLimit or above. Thread-safe; allocates nothing a number, and nothing at all
// when the thread has seen the snapshot, the terms and batches as large before.
BatchBasis ScrubBatch(const SnapshotPtr& snapshot, absl::Time now, absl::Span<const Number> numbers,
                      const TenantSide& tenant, const BatchAnswers& answers);

}  // namespace dnc
