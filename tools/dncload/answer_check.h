// Checks whether an answer is right, given what is known about the numbers in the question.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "absl/types/span.h"
#include "dnc/v1/scrub_service.pb.h"
#include "tools/dncload/workload.h"

namespace dnc::load {

// What answers said. These are counts of numbers, except where noted.
struct AnswerTally {
  // By dnc.v1.Verdict; the last one: any verdict that is not known here.
  std::array<uint64_t, 8> verdicts{};
  uint64_t numbers = 0;           // all numbers
  uint64_t known = 0;             // numbers whose right answer was known
  uint64_t wrongly_clear = 0;     // listed but answered CLEAR: the gravest error
  uint64_t wrongly_listed = 0;    // not listed but answered LISTED
  uint64_t undecided = 0;         // known, but answered neither CLEAR nor LISTED
  uint64_t lifted = 0;            // CLEAR because of a consent or business relationship
  uint64_t listed_elsewhere = 0;  // LISTED, but not by the national registry
  uint64_t bad_answers = 0;       // answers with another count than asked, or that are no message

  void Merge(const AnswerTally& other);
  // Returns whether any answer contradicts what is known.
  bool wrong() const { return wrongly_clear + wrongly_listed + bad_answers > 0; }
};

// Each thread needs its own. Not thread-safe.
class AnswerChecker {
 public:
  // With `other_lists` the server holds more than the national registry. Then CLEAR for a listed
  // number counts as lifted if its reasons name a consent or relationship. LISTED for an unlisted
  // number counts as listed elsewhere if its reasons name another list and not the national one.
  // Without `other_lists` both are wrong.
  explicit AnswerChecker(bool other_lists) : other_lists_(other_lists) {}

  // Counts the answer into `tally`. Returns false if anything in it is wrong, as
  // AnswerTally::wrong() defines it. Almost every answer is right and costs only a comparison of
  // bytes.
  bool Check(std::string_view answer, absl::Span<const Truth> truth, AnswerTally* tally);

 private:
  bool CheckParsed(absl::Span<const Truth> truth, AnswerTally* tally) const;
  void CheckNumber(Truth truth, int verdict, uint32_t reasons, AnswerTally* tally) const;

  const bool other_lists_;
  v1::ScrubResponse response_;  // reused, so that parsing allocates nothing
};

}  // namespace dnc::load
