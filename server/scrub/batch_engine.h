// The verdict engine for batches: it gives the answers of engine.h at the speed of memory.
//
//   ScrubBatch(snapshot, now, numbers, {&terms, facts}, {verdicts, reasons});
//
// Looks groups of 64 numbers up in all lists at once, and answers them from a table that the rules
// have filled (scrub_plan.h). The source file explains how.
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

// Returns numbers in the form in which ScrubBatch takes them.
inline std::vector<Number> PlainNumbers(absl::Span<const ParsedNumber> numbers) {
  std::vector<Number> plain;
  plain.reserve(numbers.size());
  for (const ParsedNumber& parsed : numbers) {
    plain.push_back(parsed.ok ? parsed.number : kNumberLimit);
  }
  return plain;
}

// Where the answers go. Each number gets a Verdict, by its value, and the reasons that apply.
struct BatchAnswers {
  absl::Span<uint8_t> verdicts;
  absl::Span<ReasonSet> reasons;
};

// What the answers of a batch rest on.
struct BatchBasis {
  AskedAreas asked;  // the area codes of the numbers
  // AnswerEnds::LeastOfLists: the earliest end that the lists set, over the answers that hold.
  absl::Time lists_end = absl::InfiniteFuture();
};

// Answers every number, and returns what the answers rest on. All spans have the same size; without
// terms the facts may be empty. A malformed number is given as kNumberLimit or above. Thread-safe.
// It allocates nothing per number, and nothing at all when the thread has seen this snapshot, these
// terms and a batch of this size before.
BatchBasis ScrubBatch(const SnapshotPtr& snapshot, absl::Time now, absl::Span<const Number> numbers,
                      const TenantSide& tenant, const BatchAnswers& answers);

}  // namespace dnc
