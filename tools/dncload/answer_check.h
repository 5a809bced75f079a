// Whether an answer is right, against what is known of the numbers asked.
#pragma once

#include <array>
#include <cstdint>

#include "absl/types/span.h"
#include "dnc/v1/scrub_service.pb.h"
#include "grpcpp/support/byte_buffer.h"
#include "tools/dncload/workload.h"

namespace dnc::load {

// What answers said, in numbers unless told otherwise.
struct AnswerTally {
  std::array<uint64_t, 8> verdicts{};  // by dnc.v1.Verdict; the last: any that is not known here
  uint64_t numbers = 0;                // in all
  uint64_t known = 0;                  // of which it was known what is right
  uint64_t wrongly_clear = 0;          // listed and answered CLEAR: the gravest
  uint64_t wrongly_listed = 0;         // unlisted and answered LISTED
  uint64_t undecided = 0;              // known, and answered neither CLEAR nor LISTED
  uint64_t lifted = 0;                 // CLEAR because of a consent or business relationship
  uint64_t listed_elsewhere = 0;       // LISTED, but not by the national registry
  uint64_t bad_answers = 0;            // answers of another length than asked, or no message

  void Merge(const AnswerTally& other);
  // Whether any answer contradicts what is known.
  bool wrong() const { return wrongly_clear + wrongly_listed + bad_answers > 0; }
};

// Not thread-safe; one a thread.
class AnswerChecker {
 public:
  // With `other_lists` the server holds more than the national registry. Then CLEAR for a listed
  // number counts as lifted if its reasons name a consent or relationship, and LISTED for an
  // unlisted one as listed elsewhere if they name another list and not the national one. Without
  // it both are wrong.
  explicit AnswerChecker(bool other_lists) : other_lists_(other_lists) {}

  // Counts the answer into `tally`. False if anything in it is wrong, as AnswerTally::wrong().
  // Almost every answer is right and costs only a comparison of bytes.
  bool Check(const grpc::ByteBuffer& answer, absl::Span<const Truth> truth, AnswerTally* tally);

 private:
  bool CheckParsed(absl::Span<const Truth> truth, AnswerTally* tally) const;
  void CheckNumber(Truth truth, int verdict, uint32_t reasons, AnswerTally* tally) const;

  const bool other_lists_;
  v1::ScrubResponse response_;  // reused: parsing allocates nothing
};

}  // namespace dnc::load
