// What an answer says of the snapshot that it rests on. All answers from one snapshot have most of
// it in common: it is filled in once, and each answer adds its moment and the age of its data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "dnc/v1/verdict.pb.h"
#include "server/scrub/asked_areas.h"
#include "server/scrub/snapshot.h"

namespace dnc {

// Keeps no list alive. Not thread-safe: each thread has its own.
class SnapshotFrame {
 public:
  // More bytes than the message of an answer from `snapshot` takes.
  size_t MostBytes(const SnapshotPtr& snapshot);

  // What the answers of a batch have in common.
  struct Answered {
    // They were given from the tenants' records of at least this revision.
    uint64_t revision = 0;
    absl::Time now;
    // Until when all hold that hold at all; InfiniteFuture: nothing to tell.
    absl::Time valid_until = absl::InfiniteFuture();
  };

  // The message for answers from `snapshot` for numbers of the area codes `asked`: of each list the
  // oldest data that answered for one of them. Valid until the next call.
  const v1::Snapshot& Fill(const SnapshotPtr& snapshot, const Answered& answered,
                           const AskedAreas& asked);

 private:
  // How old a list's data is, and what the message says of it at present.
  struct Ages {
    std::vector<uint16_t> by_age;  // the area codes with data, the oldest first
    // The same by when their age counts from; empty if that is when they were obtained.
    std::vector<uint16_t> by_end;
    absl::Time told = absl::InfiniteFuture();
    absl::Time told_end = absl::InfiniteFuture();
  };

  void Prepare(const SnapshotPtr& snapshot);
  // The first of `areas` that was asked for, as the list has it; null if none was.
  static const AreaCoverage* FirstAsked(const SnapshotList& list,
                                        const std::vector<uint16_t>& areas,
                                        const AskedAreas& asked);

  std::weak_ptr<const Snapshot> snapshot_;
  v1::Snapshot message_;
  std::vector<Ages> ages_;  // of each list
};

}  // namespace dnc
