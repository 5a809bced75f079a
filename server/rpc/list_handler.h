// Answers the requests of dnc.v1.ListService. Knows nothing of calls and queues.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dnc/v1/list_service.pb.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/tenants/quota.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

struct ListLimits {
  int max_batch = 10'000;  // records of a message
};

// What the handler asks; all of it outlives the handler.
struct ListSources {
  TenantDirectory* directory = nullptr;
  TenantRecords* tenant_records = nullptr;
  const QuotaBook* quotas = nullptr;
  const Registry* registry = nullptr;
  const RevisionOrder* order = nullptr;
  const Clock* clock = nullptr;
};

// How many changes a part of a watch tells.
inline size_t ChangesIn(const v1::WatchChangesResponse& part) {
  return static_cast<size_t>(part.changes_size()) + static_cast<size_t>(part.block_changes_size()) +
         static_cast<size_t>(part.lists_made_size());
}

// Thread-safe. The caller has a tenant and may write its lists.
class ListHandler {
 public:
  using Done = std::function<void(absl::Status)>;
  // Records of a list by number, with their list.
  using PartFn = std::function<bool(const TenantList& list, const TenantRecord& record)>;
  // A list, and how many records it has now.
  using ListsFn = std::function<void(const TenantList& list, uint64_t records)>;

  ListHandler(ListLimits limits, ListSources sources) : limits_(limits), from_(sources) {}

  absl::Status CreateList(const Caller& caller, const v1::CreateListRequest& request,
                          v1::CreateListResponse* response);
  absl::Status ListLists(const Caller& caller, v1::ListListsResponse* response) const;
  absl::Status GetRecord(const Caller& caller, const v1::GetRecordRequest& request,
                         v1::GetRecordResponse* response) const;
  absl::Status ListRecords(const Caller& caller, const v1::ListRecordsRequest& request,
                           v1::ListRecordsResponse* response) const;
  absl::Status AddBlocks(const Caller& caller, const v1::AddBlocksRequest& request,
                         v1::AddBlocksResponse* response);
  absl::Status RemoveBlocks(const Caller& caller, const v1::RemoveBlocksRequest& request,
                            v1::RemoveBlocksResponse* response);

  // `done` is called once the response is filled and what it says is durable, on any thread.
  void AddNumbers(const Caller& caller, const v1::AddNumbersRequest& request,
                  v1::AddNumbersResponse* response, Done done);
  void RemoveNumbers(const Caller& caller, const v1::RemoveNumbersRequest& request,
                     v1::RemoveNumbersResponse* response, Done done);
  // A part of an import into `list_id`.
  void Import(const Caller& caller, const std::string& list_id,
              const v1::ImportNumbersRequest& request, v1::ImportNumbersResponse* response,
              Done done);

  // The last committed revision.
  uint64_t revision() const { return from_.order->last(); }
  const AcceptedClock& accepted() const { return from_.clock->accepted(); }

  // Calls `lists_fn` with the lists that are exported, and then `fn` for each record of one list,
  // or of all if `list_id` is empty, until it returns false. Returns the revision that all are of:
  // the lists have every change up to it, and may have later ones, which a watch after it tells
  // again.
  absl::StatusOr<uint64_t> Export(const Caller& caller, const std::string& list_id,
                                  const ListsFn& lists_fn, const PartFn& fn) const;

  // Fills `response` with the changes of the next revision after `after`, as many as fit; none if
  // there are none yet. `told`: how many of that revision were told before.
  absl::Status NextChanges(const Caller& caller, uint64_t after, size_t told,
                           v1::WatchChangesResponse* response) const;

 private:
  absl::Status TellLists(const Caller& caller, ListNumber only, const ListsFn& fn) const;
  absl::StatusOr<TenantList> FindList(const Caller& caller, const std::string& list_id) const;
  absl::StatusOr<RecordWrite> NewWrite(const Caller& caller, const std::string& list_id,
                                       int items) const;

  const ListLimits limits_;
  const ListSources from_;
};

}  // namespace dnc
