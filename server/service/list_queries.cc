#include "server/service/list_queries.h"

#include <utility>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/numbers/phone_number.h"
#include "server/service/list_changes.h"
#include "server/service/page.h"
#include "server/service/request_errors.h"
#include "server/service/request_limits.h"

namespace dnc {
namespace {

// The lists of records that are read. The store may hold records of a list that was made after the
// caller was admitted, so what the caller's terms do not name is looked up anew.
class ListNames {
 public:
  ListNames(const TenantDirectory& directory, TenantViewPtr tenant)
      : directory_(directory), tenant_(std::move(tenant)) {}

  // Null if there is no such list, because the tenant was removed meanwhile; see `status`.
  const TenantList* Of(ListNumber number) {
    if (const TenantList* known = Known(number); known != nullptr) return known;
    absl::StatusOr<TenantViewPtr> now = directory_.Find(tenant_->tenant.id);
    if (now.ok()) {
      tenant_ = *std::move(now);
      if (const TenantList* known = Known(number); known != nullptr) return known;
    }
    status_ = Error(reason::kNotFound, "the tenant was removed while its records were read");
    return nullptr;
  }
  const absl::Status& status() const { return status_; }

 private:
  const TenantList* Known(ListNumber number) const {
    for (const auto& [id, list] : tenant_->lists) {
      if (list.number == number) return &list;
    }
    return nullptr;
  }

  const TenantDirectory& directory_;
  TenantViewPtr tenant_;
  absl::Status status_;
};

}  // namespace

std::vector<ToldList> ListQueries::Lists(const Caller& caller) const {
  std::vector<ToldList> told;
  for (const auto& [id, list] : caller.tenant->lists) {
    told.push_back(
        {list, from_.tenant_records->Records(caller.tenant->tenant.number, list.number)});
  }
  return told;
}

absl::Status ListQueries::Record(const Caller& caller, const std::string& text, RecordFn fn) const {
  const ParsedNumber number = ParseNumber(text);
  if (!number.ok) {
    return InvalidRequest(
        StrCat("`number` is no North American number of ten digits: ", WhyNoNumber(text)));
  }
  DNC_ASSIGN_OR_RETURN(const std::vector<TenantRecords::Found> found,
                       from_.tenant_records->Find(caller.tenant->tenant.number, number.number));
  ListNames names(*from_.directory, caller.tenant);
  for (const TenantRecords::Found& entry : found) {
    const TenantList* list = names.Of(entry.list);
    if (list != nullptr) fn(*list, entry.record);
  }
  return names.status();
}

absl::StatusOr<std::string> ListQueries::Records(const Caller& caller, const std::string& list_id,
                                                 uint32_t page_size, const std::string& page_token,
                                                 RecordFn fn) const {
  DNC_ASSIGN_OR_RETURN(const TenantList list, FindList(caller, list_id));
  DNC_ASSIGN_OR_RETURN(const size_t size, PageSize(page_size, kRecordPageSizes));
  DNC_ASSIGN_OR_RETURN(const Number from, ReadPageToken(page_token));
  if (from >= kNumberLimit) return InvalidRequest("page_token is none that this server gave");
  size_t told = 0;
  std::string next;
  DNC_RETURN_IF_ERROR(from_.tenant_records
                          ->Scan(caller.tenant->tenant.number, list.number, from,
                                 [&](ListNumber, const TenantRecord& record) {
                                   if (told == size) {
                                     next = PageToken(record.number);
                                     return false;
                                   }
                                   ++told;
                                   fn(list, record);
                                   return true;
                                 })
                          .status());
  return next;
}

absl::Status ListQueries::TellLists(const Caller& caller, ListNumber only,
                                    absl::FunctionRef<void(const ToldList& list)> fn) const {
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr now, from_.directory->Find(caller.tenant->tenant.id));
  for (const auto& [id, list] : now->lists) {
    if (only != 0 && list.number != only) continue;
    fn({list, from_.tenant_records->Records(now->tenant.number, list.number)});
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> ListQueries::Export(const Caller& caller, const std::string& list_id,
                                             absl::FunctionRef<void(const ToldList& list)> lists_fn,
                                             ExportFn fn) const {
  ListNumber number = 0;
  if (!list_id.empty()) {
    DNC_ASSIGN_OR_RETURN(const TenantList list, FindList(caller, list_id));
    number = list.number;
  }
  ListNames names(*from_.directory, caller.tenant);
  // The lists are told once the scan has begun: they must have all changes up to its revision.
  bool told = false;
  absl::Status lists_told;
  absl::StatusOr<uint64_t> revision = from_.tenant_records->Scan(
      caller.tenant->tenant.number, number, 0,
      [&](ListNumber list_number, const TenantRecord& record) {
        if (!told) {
          told = true;
          lists_told = TellLists(caller, number, lists_fn);
        }
        const TenantList* list = lists_told.ok() ? names.Of(list_number) : nullptr;
        return list != nullptr && fn(*list, record);
      });
  if (!told && revision.ok()) lists_told = TellLists(caller, number, lists_fn);
  DNC_RETURN_IF_ERROR(lists_told);
  DNC_RETURN_IF_ERROR(names.status());
  return revision;
}

absl::StatusOr<ListQueries::ChangesPart> ListQueries::NextChanges(const Caller& caller,
                                                                  uint64_t after, size_t told,
                                                                  ChangeFn fn) const {
  size_t passed = 0;
  ChangesPart part;
  ListNames names(*from_.directory, caller.tenant);
  DNC_RETURN_IF_ERROR(from_.tenant_records->Changes(
      caller.tenant->tenant.number, after, [&](const RecordChange& change) {
        if (passed++ < told) return true;
        if (part.changes > 0 && change.revision != part.revision) return false;
        if (part.changes == kMaxChangesAPart) {
          part.last_of_revision = false;
          return false;
        }
        const TenantList* list = names.Of(change.list);
        if (list == nullptr) return false;
        part.revision = change.revision;
        ++part.changes;
        fn(*list, change);
        return true;
      }));
  DNC_RETURN_IF_ERROR(names.status());
  return part;
}

}  // namespace dnc
