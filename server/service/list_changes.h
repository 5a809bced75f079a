// What tenants write: records, blocks and lists. A write is a command of values; its time is fixed
// here, before it is ordered, and its outcome tells the revision from which on it holds.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/tenants/quota.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// A record as its sender gives it.
struct GivenRecord {
  std::string list_id;  // empty: that of the command
  std::string number;   // as a person writes it
  std::optional<absl::Time> made_at;
  std::optional<absl::Time> expires_at;
  std::optional<absl::Time> last_event_at;
  std::optional<absl::Time> counts_until;  // what the sender says of it; refused if it is not so
  std::string made_by;                     // empty: the caller's key
  Channel channel = Channel::kUnspecified;
  std::string reason;
  std::string note;
  EbrKind ebr_kind = EbrKind::kNone;
  std::string source;
  // Why the front could not read the record. Such a one keeps its place and is refused.
  std::string unreadable;
};

struct AddRecordsCommand {
  std::string list_id;  // empty: the list that every tenant has
  std::vector<GivenRecord> records;
  std::string request_id;  // empty: none
  // Set with an id: the request as it came, by which a repetition is told from another request.
  std::string request;
};

struct RemoveRecordsCommand {
  std::string list_id;
  std::vector<std::string> numbers;
  bool remove_do_not_call = false;
  std::string reason;
  std::string request_id;
  std::string request;
};

// A record as it is to be written to `list`, with the defaults of what is not given. One that can't
// be read, or says that it is of another list, is an item with a refusal, in its place.
RecordWrite::Item ItemOf(GivenRecord given, const TenantList& list, absl::Time now,
                         const std::string& by);

// Thread-safe. The caller has a tenant and may write its lists. Errors beside those named are those
// of TenantRecords::Submit and of TenantDirectory.
class ListChanges {
 public:
  struct Limits {
    int max_batch = 10'000;  // records of a command
  };
  // What the service asks; all of it outlives the service.
  struct Sources {
    TenantDirectory* directory = nullptr;
    TenantRecords* tenant_records = nullptr;
    const QuotaMeter* quotas = nullptr;
    const Registry* registry = nullptr;
    const Clock* clock = nullptr;
  };
  using Done = std::function<void(const absl::StatusOr<WriteReply>&)>;

  ListChanges(Limits limits, Sources sources) : limits_(limits), from_(sources) {}

  // Returns the list as it was made. `list`: id, kind, scope and display_name.
  absl::StatusOr<TenantList> CreateList(const Caller& caller, const TenantList& list);
  // Return the revision from which on the blocks stand, or have ended.
  absl::StatusOr<uint64_t> AddBlocks(const Caller& caller, const std::string& list_id,
                                     const std::vector<std::string>& blocks);
  absl::StatusOr<uint64_t> RemoveBlocks(const Caller& caller, const std::string& list_id,
                                        const std::vector<std::string>& blocks);

  // `done` is called once, on any thread: when what the reply says is durable, or with the error.
  // BATCH_TOO_LARGE, NOT_FOUND, INVALID_REQUEST, STARTING.
  void Add(const Caller& caller, AddRecordsCommand command, Done done);
  void Remove(const Caller& caller, RemoveRecordsCommand command, Done done);

 private:
  absl::StatusOr<RecordWrite> NewWrite(const Caller& caller, const std::string& list_id,
                                       size_t items) const;

  const Limits limits_;
  const Sources from_;
};

// The list of a caller's tenant with this id; an empty one: the list that every tenant has.
// NOT_FOUND.
absl::StatusOr<TenantList> FindList(const Caller& caller, const std::string& list_id);

}  // namespace dnc
