// The verdict engine for batches: the answers of engine.h, at the speed of memory.
//
//   ScrubBatch(snapshot, now, numbers, {&terms, facts}, {verdicts, reasons});
//
// Groups of 64 numbers are looked up in all lists at once, and answered from a table that the rules
// have filled (scrub_plan.h). The source says how.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/numbers/phone_number.h"
#include "server/scrub/asked_areas.h"
#include "server/scrub/engine.h"
#include "server/scrub/snapshot.h"

namespace dnc {

// Numbers as ScrubBatch takes them.
inline std::vector<Number> PlainNumbers(absl::Span<const ParsedNumber> numbers) {
  std::vector<Number> plain;
  plain.reserve(numbers.size());
  for (const ParsedNumber& parsed : numbers) {
    plain.push_back(parsed.ok ? parsed.number : kNumberLimit);
  }
  return plain;
}

// Where the answers go, one for each number: a Verdict as its value, and the reasons that apply.
struct BatchAnswers {
  absl::Span<uint8_t> verdicts;
  absl::Span<ReasonSet> reasons;
};

// What the answers of a batch rest on.
struct BatchBasis {
  AskedAreas asked;  // the area codes that were asked for
  // AnswerEnds::LeastOfLists: the least end of the lists over the answers that hold.
  absl::Time lists_end = absl::InfiniteFuture();
};

// Answers every number, and returns what the answers rest on. All spans have the same size, and the
// facts too unless there are no terms. A malformed number is given as kNumberLimit or above.
// Thread-safe. Nothing is allocated for a number, and nothing at all when the thread has seen the
// snapshot, the terms and batches as large before.
BatchBasis ScrubBatch(const SnapshotPtr& snapshot, absl::Time now, absl::Span<const Number> numbers,
                      const TenantSide& tenant, const BatchAnswers& answers);

}  // namespace dnc
