// What tenants read of their lists: records, exports and changes. Values in, values out; any front
// renders them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/revision_order.h"
#include "server/records/tenant_records.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// A list, and how many records it has now.
struct ToldList {
  TenantList list;
  uint64_t records = 0;
};

// Thread-safe. The caller has a tenant and may read its lists.
class ListQueries {
 public:
  // What the service asks; all of it outlives the service.
  struct Sources {
    const TenantDirectory* directory = nullptr;
    const TenantRecords* tenant_records = nullptr;
    const RevisionOrder* order = nullptr;
  };
  // A record with its list. It must not be used after the function has returned.
  using RecordFn = absl::FunctionRef<void(const TenantList& list, const TenantRecord& record)>;

  explicit ListQueries(Sources sources) : from_(sources) {}

  std::vector<ToldList> Lists(const Caller& caller) const;
  // All that the tenant's lists hold of a number, which is written as a person writes it.
  // INVALID_REQUEST if it is none.
  absl::Status Record(const Caller& caller, const std::string& number, RecordFn fn) const;
  // Tells a page of a list's records, by number, and returns the next token. NOT_FOUND,
  // INVALID_REQUEST.
  absl::StatusOr<std::string> Records(const Caller& caller, const std::string& list_id,
                                      uint32_t page_size, const std::string& page_token,
                                      RecordFn fn) const;

  // Calls `lists_fn` with the lists that are exported, and then `fn` for each record of one list,
  // or of all if `list_id` is empty, until it returns false. Returns the revision that all are of:
  // the lists have every change up to it, and may have later ones, which a watch after it tells
  // again.
  using ExportFn = absl::FunctionRef<bool(const TenantList& list, const TenantRecord& record)>;
  absl::StatusOr<uint64_t> Export(const Caller& caller, const std::string& list_id,
                                  absl::FunctionRef<void(const ToldList& list)> lists_fn,
                                  ExportFn fn) const;

  // A part of the changes of one revision.
  struct ChangesPart {
    uint64_t revision = 0;
    size_t changes = 0;  // that were told; 0: there are none yet
    bool last_of_revision = true;
  };
  // Tells the changes of the next revision after `after`, at most kMaxChangesAPart of them. `told`:
  // how many of that revision were told before.
  using ChangeFn = absl::FunctionRef<void(const TenantList& list, const RecordChange& change)>;
  absl::StatusOr<ChangesPart> NextChanges(const Caller& caller, uint64_t after, size_t told,
                                          ChangeFn fn) const;

  // The last committed revision.
  uint64_t revision() const { return from_.order->last(); }

 private:
  absl::Status TellLists(const Caller& caller, ListNumber only,
                         absl::FunctionRef<void(const ToldList& list)> fn) const;

  const Sources from_;
};

}  // namespace dnc
