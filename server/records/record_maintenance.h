// The upkeep of the tenants' records: makes the filter from the records, reads all of them to see
// that none is missing or damaged, and has old changes dropped; in the background, on a thread of
// its own.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/base/periodic_task.h"
#include "server/records/full_read.h"
#include "server/records/record_committer.h"
#include "server/records/records_parts.h"

namespace dnc {

// Start, Stop and LeaveProofs belong to the owner; the rest is thread-safe.
class RecordMaintenance {
 public:
  // `parts` and `committer` must outlive it.
  RecordMaintenance(RecordsParts* parts, RecordCommitter* committer)
      : parts_(*parts), committer_(*committer) {}

  // Gets the filter, from its image or by reading all records, and begins the work in the
  // background. After the committer has opened the store, and before it writes. DATA_LOSS
  // OWN_LISTS_DAMAGED if the reading finds records damaged or missing.
  absl::Status Start();
  // Ends a reading that is under way. Without waiting for it.
  void BeginStop() { stopping_ = true; }
  // Waits until nothing is under way.
  void Stop();

  // Work that should not wait until it is due: a filter that is too small answers less and less,
  // so it is made anew at once. What has failed waits all the same, however often this is called.
  void DoSoon();

  // Writes the filter's image, and has the store sealed when it is closed if it is known that no
  // record is missing. After both Stop and the committer's.
  void LeaveProofs();

 private:
  // True if the filter comes from its image, which holds every record of this moment.
  bool AdoptImage(const Position& position);
  void TellUnproven() const;
  // Reads every record, compares the ledger, and makes the filter from them.
  absl::Status Rebuild(int threads);
  // Remembers the tenants whose records are damaged, and fails with them.
  absl::Status Verify(const FullReadOptions& options);
  // What is due now, and logs what fails.
  absl::Status Run();
  std::string FilterPath() const { return parts_.options.data_dir + "/tenants.filter"; }

  RecordsParts& parts_;
  RecordCommitter& committer_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> last_failed_{false};
  std::unique_ptr<PeriodicTask> task_;  // the last: it uses all of the others
};

}  // namespace dnc
