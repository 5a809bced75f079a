// The records of the tenants' lists: RocksDB behind a Bloom filter.
//
// Reads (record_reader.h): `FindFacts` for scrubs asks the filter for the whole batch and the store
// only for what the filter lets through. Writes (record_committer.h) go through one thread, which
// takes all that wait, writes them as one synced batch, puts their numbers into the filter, moves
// the journal position, and only then answers. Maintenance (record_maintenance.h) makes the filter
// anew, reads all records to see that none is missing, and has old changes dropped. An error is
// never "nothing known".
//
// A write is a command: its time is fixed before it is ordered, and what it does follows from that,
// the store, and options that every server has alike (max_records, request_id_age). A commit is
// what is ordered: its writes in their order, under one revision. The same commits, applied to the
// same store, leave the same store, whatever the clocks of the machines say; commands_test.cc holds
// this together with the directory's commands. Local, and so not the same everywhere, are only
// - the store's id and its head (own/store, the keys of store_head.h);
// - how many changes are still kept for WatchChanges, because each server drops old ones by its own
//   clock: changes up to the revision in own/changes, the marks own/mark/, and that revision;
// - answered request ids older than request_id_age, which a commit treats as gone by its writes'
//   times, and which leave the disk some time later by the machine's clock. A server that applies
//   commits far behind their times must not drop any before it has caught up;
// - own/lists-noted and the changes that NoteListsOnce notes in a store of an old version.
//
// All methods are thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/records/record_stats.h"
#include "server/records/tenant_record.h"
#include "server/scrub/tenant_terms.h"
#include "server/storage/store.h"
#include "server/tenants/list_journal.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

enum class WriteOutcome : uint8_t {
  kAdded = 1,
  kAlreadyThere,
  kUpdated,
  kRemoved,
  kNotThere,
  kRefused,
};
static_assert(static_cast<size_t>(WriteOutcome::kRefused) + 1 == kWriteOutcomeCount);

struct WriteResult {
  WriteOutcome outcome = WriteOutcome::kRefused;
  std::string message;  // why it was refused, or why it is there and does not count
  bool over = false;    // a refused do-not-call request that only came too late: its end has passed
};

// A write of one tenant to one list: a command (see above).
struct RecordWrite {
  // When it was asked for. Unset: Submit sets it.
  absl::Time time = absl::InfinitePast();
  TenantViewPtr tenant;
  TenantList list;
  bool remove = false;
  // To add; for a removal only the numbers count. A record whose `refusal` is set is passed
  // through as refused, so that results keep their order.
  struct Item {
    TenantRecord record;
    std::string refusal;
    bool dated = true;  // made_at was given; if not, it is the time of the call
    // What the sender says of when it ends by all rules; refused if it is not so. Unset: nothing.
    std::optional<absl::Time> counts_until = std::nullopt;
  };
  std::vector<Item> items;
  bool remove_do_not_call = false;
  std::string reason;      // of a removal
  std::string by;          // key id
  std::string request_id;  // empty: none
  // With an id: the request as it came. What was refused is in it, too, so that a repetition can be
  // told from another request.
  std::string request;
  // The sender's server keeps as many request ids as it may: a new one is refused. Submit sets it.
  bool request_ids_full = false;
  uint64_t max_records = 0;  // of the tenant, after quotas and defaults; 0: no limit
};

struct WriteReply {
  std::vector<WriteResult> results;
  uint64_t revision = 0;
};

// A change as it is kept for WatchChanges: of a record, of a block, or a list that was made.
struct RecordChange {
  enum class What : uint8_t { kRecord, kBlock, kList };
  uint64_t revision = 0;
  What what = What::kRecord;
  WriteOutcome outcome = WriteOutcome::kAdded;
  ListNumber list = 0;
  TenantRecord record;  // of a removal: the number
  std::string block;    // three or six digits
};

struct TenantRecordsOptions {
  std::string data_dir;                     // for the journal position and the filter's image
  double filter_bits = 12;                  // for each record
  double filter_wear = 0.2;                 // share of deleted records that calls for a rebuild
  uint64_t filter_min_records = 1'000'000;  // for so many it has room at least
  // With fewer records all are read at the start: only a larger store begins with the filter's
  // image, and reads them in the background.
  uint64_t image_min_records = 5'000'000;
  bool read_in_background = true;  // false: tests ask meanwhile
  absl::Duration maintenance_interval = absl::Minutes(1);
  absl::Duration request_id_age = absl::Hours(48);
  uint64_t max_request_ids = 100'000'000;            // kept, of all tenants together; about
  absl::Duration change_age = absl::Hours(24 * 30);  // of changes kept for WatchChanges
  uint64_t max_changes = 100'000'000;                // kept, of all tenants together
  uint32_t max_waiting_writes = 10'000;              // calls
  uint64_t max_records = 2'000'000'000;              // of all tenants together
};

class TenantRecords {
 public:
  // Compares the store with the journal position, and loads or makes the filter. DATA_LOSS
  // OWN_LISTS_DAMAGED, with the remedy, if acknowledged writes are missing or a record is damaged:
  // without the tenants' records nothing could be answered clear, so the server does not start.
  // A store that is large and neither sealed nor read yet answers kRecordUnknown for what the
  // filter lets through and no do-not-call list holds.
  static absl::StatusOr<std::unique_ptr<TenantRecords>> Open(TenantRecordsOptions options,
                                                             Store* store, RevisionOrder* order,
                                                             const Clock* clock);
  // Returns when what waits is written. Writes the filter's image, and has the store sealed when it
  // is closed if it is known that no record is missing.
  virtual ~TenantRecords() = default;

  // What the tenant's lists say of each number for a call with the given scope; which lists count
  // for it, record_meaning.h says. Numbers of kNumberLimit and above: kNoRecord. `facts` has the
  // size of `numbers`. Puts into `changes` from when on they say something else, ascending by index
  // and time.
  virtual void FindFacts(const TenantView& tenant, std::string_view scope, absl::Time now,
                         absl::Span<const Number> numbers, absl::Span<uint8_t> facts,
                         std::vector<FactChange>* changes) const = 0;

  struct Found {
    ListNumber list = 0;
    TenantRecord record;
  };
  // Everything on one number, by list, expired or not.
  virtual absl::StatusOr<std::vector<Found>> Find(TenantNumber tenant, Number number) const = 0;

  // `done` is called once, on the committer's thread, quickly and without blocking, or before
  // Submit returns (LIMIT_REACHED, STOPPING, OWN_LISTS_DAMAGED).
  virtual void Submit(RecordWrite write, std::function<void(absl::StatusOr<WriteReply>)> done) = 0;

  // The records of a tenant, ascending by number and list, from `from` on, until `fn` returns
  // false. list 0: all. All of one revision, which is returned.
  virtual absl::StatusOr<uint64_t> Scan(
      TenantNumber tenant, ListNumber list, Number from,
      absl::FunctionRef<bool(ListNumber list, const TenantRecord& record)> fn) const = 0;

  // The tenant's changes after `revision`, in order, until `fn` returns false. OUT_OF_RANGE
  // CHANGES_TOO_OLD if some of them are no longer kept.
  virtual absl::Status Changes(TenantNumber tenant, uint64_t after_revision,
                               absl::FunctionRef<bool(const RecordChange& change)> fn) const = 0;

  // Where lists and blocks are noted, for Changes.
  virtual ListJournal* journal() = 0;
  // At the start: notes the lists and blocks of these tenants if they were made by a version that
  // did not note them, so that whoever watches from the first change on learns of them.
  virtual absl::Status NoteListsOnce(absl::Span<const TenantViewPtr> tenants) = 0;

  // Removes all records of a tenant that is gone.
  virtual absl::Status Drop(TenantNumber tenant) = 0;

  virtual uint64_t Records(TenantNumber tenant) const = 0;
  virtual uint64_t Records(TenantNumber tenant, ListNumber list) const = 0;

  // For metrics; takes a few milliseconds. Does not wait for the disk.
  virtual TenantRecordsStats stats() const = 0;
};

}  // namespace dnc
