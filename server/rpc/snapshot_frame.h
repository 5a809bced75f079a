// An answer's evidence as a dnc.v1.Snapshot. Answers from the same releases have most of it in
// common: it is filled in once, and each answer rewrites only what changed.
#pragma once

#include <cstddef>
#include <vector>

#include "dnc/v1/verdict.pb.h"
#include "server/scrub/evidence.h"

namespace dnc {

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
