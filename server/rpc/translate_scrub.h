// Between the verdict engine's types and those of dnc/v1/scrub_service.proto.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "dnc/v1/scrub_service.pb.h"
#include "dnc/v1/verdict.pb.h"
#include "server/scrub/evidence.h"
#include "server/scrub/explanation.h"
#include "server/scrub/verdict.h"

namespace dnc {

inline v1::Verdict ToProto(Verdict verdict) { return static_cast<v1::Verdict>(verdict); }
inline v1::Rule ToProto(Rule rule) { return static_cast<v1::Rule>(rule); }
inline v1::ListEffect ToProto(ListEffect effect) { return static_cast<v1::ListEffect>(effect); }

// The rule in a sentence, for a person.
std::string_view RuleSentence(Rule rule);

// Fills `earlier_ends`: the numbers whose answers end before their lists. The rest of the evidence
// is a Snapshot (SnapshotFrame).
void FillEarlierEnds(const Evidence& evidence, v1::ScrubResponse* out);

void FillResult(const NumberReport& report, v1::NumberResult* out);

// Says in the explanation of a malformed number what in `text` is in the way.
void ExplainMalformed(std::string_view text, v1::NumberResult* out);
// The same for all results of a batch of texts, in their order; nothing if it had none.
void ExplainMalformed(const google::protobuf::RepeatedPtrField<std::string>& texts,
                      v1::ScrubResponse* out);

// Fills `named_reasons` from the column of reasons.
void NameReasons(v1::ScrubResponse* out);

// An answer's evidence as a dnc.v1.Snapshot. Answers from the same releases have most of it in
// common: it is filled in once, and each answer rewrites only what changed.
// Not thread-safe: each thread has its own.
class SnapshotFrame {
 public:
  // More bytes than the message of an answer from these releases takes.
  size_t MostBytes(const ReleaseNames& releases);

  // The message; valid until the next call.
  const v1::Snapshot& Fill(const Evidence& evidence);

 private:
  void Prepare(const ReleaseNames& releases);

  v1::Snapshot message_;
  ReleaseNames releases_;      // which the message names
  std::vector<ListAge> told_;  // what it says of the age of each
};

}  // namespace dnc
