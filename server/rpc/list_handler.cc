#include "server/rpc/list_handler.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"
#include "server/rpc/translate_list.h"

namespace dnc {
namespace {

constexpr size_t kMaxRequestIdBytes = 64;
constexpr size_t kMaxReasonBytes = 200;
constexpr int kMaxBlocksAtOnce = 1'000;
constexpr uint32_t kDefaultRecordsPage = 1'000;
constexpr uint32_t kMaxRecordsPage = 10'000;
constexpr size_t kChangesAtOnce = 1'000;

void FillCounts(const WriteReply& reply, v1::ImportNumbersResponse* out) {
  uint64_t added = 0;
  uint64_t already_there = 0;
  uint64_t updated = 0;
  uint64_t not_in_force = 0;
  for (size_t i = 0; i < reply.results.size(); ++i) {
    const WriteResult& result = reply.results[i];
    added += result.outcome == WriteOutcome::kAdded ? 1 : 0;
    already_there += result.outcome == WriteOutcome::kAlreadyThere ? 1 : 0;
    updated += result.outcome == WriteOutcome::kUpdated ? 1 : 0;
    if (result.outcome != WriteOutcome::kRefused) {
      not_in_force += result.message.empty() ? 0 : 1;
      continue;
    }
    v1::RefusedRecord* refused = out->add_refused();
    refused->set_index(static_cast<uint32_t>(i));
    refused->set_message(result.message);
    refused->set_over(result.over);
  }
  out->set_added(added);
  out->set_already_there(already_there);
  out->set_updated(updated);
  out->set_not_in_force(not_in_force);
  out->set_revision(reply.revision);
}

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

template <typename Request>
void SetRequestId(const Request& request, RecordWrite* write) {
  if (request.request_id().empty()) return;
  write->request_id = request.request_id();
  write->request = request.SerializeAsString();
}

}  // namespace

absl::StatusOr<TenantList> ListHandler::FindList(const Caller& caller,
                                                 const std::string& list_id) const {
  const std::string& id = list_id.empty() ? kDefaultListId : list_id;
  const auto found = caller.tenant->lists.find(id);
  if (found != caller.tenant->lists.end()) return found->second;
  return Error(reason::kNotFound,
               "the tenant has no list of that id; look at ListLists, or make it with CreateList");
}

absl::StatusOr<RecordWrite> ListHandler::NewWrite(const Caller& caller, const std::string& list_id,
                                                  int items) const {
  // Until then the revisions that were given before are not known.
  if (from_.registry->snapshot() == nullptr) return StillStarting();
  if (items > limits_.max_batch) {
    return BatchTooLarge(static_cast<size_t>(items), "records in one message", limits_.max_batch,
                         "Send smaller parts");
  }
  RecordWrite write;
  DNC_ASSIGN_OR_RETURN(write.list, FindList(caller, list_id));
  write.tenant = caller.tenant;
  write.by = caller.key_id;
  write.max_records = from_.quotas->Effective(caller.tenant->tenant.quotas).max_records;
  write.items.reserve(static_cast<size_t>(items));
  return write;
}

absl::Status ListHandler::CreateList(const Caller& caller, const v1::CreateListRequest& request,
                                     v1::CreateListResponse* response) {
  DNC_ASSIGN_OR_RETURN(const TenantList list, FromProto(request.list()));
  DNC_ASSIGN_OR_RETURN(const TenantList made,
                       from_.directory->CreateList(caller.tenant->tenant.id, list, caller.key_id));
  FillList(made, 0, response->mutable_list());
  return absl::OkStatus();
}

absl::Status ListHandler::ListLists(const Caller& caller, v1::ListListsResponse* response) const {
  for (const auto& [id, list] : caller.tenant->lists) {
    FillList(list, from_.tenant_records->Records(caller.tenant->tenant.number, list.number),
             response->add_lists());
  }
  return absl::OkStatus();
}

absl::Status ListHandler::GetRecord(const Caller& caller, const v1::GetRecordRequest& request,
                                    v1::GetRecordResponse* response) const {
  const ParsedNumber number = ParseNumber(request.number());
  if (!number.ok) {
    return InvalidRequest(StrCat("`number` is no North American number of ten digits: ",
                                 WhyNoNumber(request.number())));
  }
  DNC_ASSIGN_OR_RETURN(const std::vector<TenantRecords::Found> found,
                       from_.tenant_records->Find(caller.tenant->tenant.number, number.number));
  ListNames names(*from_.directory, caller.tenant);
  for (const TenantRecords::Found& entry : found) {
    const TenantList* list = names.Of(entry.list);
    if (list != nullptr) FillRecord(entry.record, *list, accepted(), response->add_records());
  }
  return names.status();
}

absl::Status ListHandler::ListRecords(const Caller& caller, const v1::ListRecordsRequest& request,
                                      v1::ListRecordsResponse* response) const {
  DNC_ASSIGN_OR_RETURN(const TenantList list, FindList(caller, request.list_id()));
  if (request.page_size() > kMaxRecordsPage) {
    return InvalidRequest(StrCat("`page_size` is at most ", kMaxRecordsPage));
  }
  const uint32_t size = request.page_size() == 0 ? kDefaultRecordsPage : request.page_size();
  Number from = 0;
  if (!request.page_token().empty()) {  // the first number of the page
    const ParsedNumber token = ParseNumber(request.page_token());
    if (!token.ok) return InvalidRequest("`page_token` comes from no answer of this method");
    from = token.number;
  }
  DNC_RETURN_IF_ERROR(from_.tenant_records
                          ->Scan(caller.tenant->tenant.number, list.number, from,
                                 [&](ListNumber, const TenantRecord& record) {
                                   if (static_cast<uint32_t>(response->records_size()) == size) {
                                     response->set_next_page_token(std::to_string(record.number));
                                     return false;
                                   }
                                   FillRecord(record, list, accepted(), response->add_records());
                                   return true;
                                 })
                          .status());
  return absl::OkStatus();
}

absl::Status ListHandler::AddBlocks(const Caller& caller, const v1::AddBlocksRequest& request,
                                    v1::AddBlocksResponse* response) {
  if (request.blocks_size() > kMaxBlocksAtOnce) {
    return InvalidRequest(StrCat("at most ", kMaxBlocksAtOnce, " blocks in one call"));
  }
  DNC_ASSIGN_OR_RETURN(const TenantList list, FindList(caller, request.list_id()));
  DNC_ASSIGN_OR_RETURN(const uint64_t revision,
                       from_.directory->AddBlocks(
                           caller.tenant->tenant.id, list.id,
                           {request.blocks().begin(), request.blocks().end()}, caller.key_id));
  response->set_revision(revision);
  return absl::OkStatus();
}

absl::Status ListHandler::RemoveBlocks(const Caller& caller, const v1::RemoveBlocksRequest& request,
                                       v1::RemoveBlocksResponse* response) {
  if (request.blocks_size() > kMaxBlocksAtOnce) {
    return InvalidRequest(StrCat("at most ", kMaxBlocksAtOnce, " blocks in one call"));
  }
  DNC_ASSIGN_OR_RETURN(const TenantList list, FindList(caller, request.list_id()));
  DNC_ASSIGN_OR_RETURN(const uint64_t revision,
                       from_.directory->RemoveBlocks(
                           caller.tenant->tenant.id, list.id,
                           {request.blocks().begin(), request.blocks().end()}, caller.key_id));
  response->set_revision(revision);
  return absl::OkStatus();
}

void ListHandler::AddNumbers(const Caller& caller, const v1::AddNumbersRequest& request,
                             v1::AddNumbersResponse* response, Done done) {
  absl::StatusOr<RecordWrite> write = NewWrite(caller, request.list_id(), request.records_size());
  if (write.ok() && request.request_id().size() > kMaxRequestIdBytes) {
    write = InvalidRequest(StrCat("`request_id` has at most ", kMaxRequestIdBytes, " bytes"));
  }
  if (!write.ok()) {
    done(write.status());
    return;
  }
  SetRequestId(request, &*write);
  const absl::Time now = from_.clock->Now();
  for (const v1::Record& record : request.records()) {
    write->items.push_back(ToItem(record, write->list, now, caller.key_id));
  }
  response->set_tenant_id(caller.tenant->tenant.id);
  from_.tenant_records->Submit(*std::move(write), [response, done = std::move(done)](
                                                      const absl::StatusOr<WriteReply>& reply) {
    if (reply.ok()) {
      for (const WriteResult& result : reply->results) FillResult(result, response->add_results());
      response->set_revision(reply->revision);
    }
    done(reply.status());
  });
}

void ListHandler::RemoveNumbers(const Caller& caller, const v1::RemoveNumbersRequest& request,
                                v1::RemoveNumbersResponse* response, Done done) {
  absl::StatusOr<RecordWrite> write = NewWrite(caller, request.list_id(), request.numbers_size());
  if (write.ok() && (request.request_id().size() > kMaxRequestIdBytes ||
                     request.reason().size() > kMaxReasonBytes)) {
    write = InvalidRequest(StrCat("`request_id` has at most ", kMaxRequestIdBytes,
                                  " bytes, `reason` ", kMaxReasonBytes));
  }
  if (!write.ok()) {
    done(write.status());
    return;
  }
  write->remove = true;
  SetRequestId(request, &*write);
  write->remove_do_not_call = request.remove_do_not_call();
  write->reason = request.reason();
  for (const std::string& number : request.numbers()) write->items.push_back(ToRemoval(number));
  response->set_tenant_id(caller.tenant->tenant.id);
  from_.tenant_records->Submit(*std::move(write), [response, done = std::move(done)](
                                                      const absl::StatusOr<WriteReply>& reply) {
    if (reply.ok()) {
      for (const WriteResult& result : reply->results) FillResult(result, response->add_results());
      response->set_revision(reply->revision);
    }
    done(reply.status());
  });
}

void ListHandler::Import(const Caller& caller, const std::string& list_id,
                         const v1::ImportNumbersRequest& request,
                         v1::ImportNumbersResponse* response, Done done) {
  absl::StatusOr<RecordWrite> write = NewWrite(caller, list_id, request.records_size());
  if (!write.ok()) {
    done(write.status());
    return;
  }
  const absl::Time now = from_.clock->Now();
  for (const v1::Record& record : request.records()) {
    write->items.push_back(ToItem(record, write->list, now, caller.key_id));
  }
  response->set_tenant_id(caller.tenant->tenant.id);
  from_.tenant_records->Submit(*std::move(write), [response, done = std::move(done)](
                                                      const absl::StatusOr<WriteReply>& reply) {
    if (reply.ok()) FillCounts(*reply, response);
    done(reply.status());
  });
}

absl::Status ListHandler::TellLists(const Caller& caller, ListNumber only,
                                    const ListsFn& fn) const {
  DNC_ASSIGN_OR_RETURN(const TenantViewPtr now, from_.directory->Find(caller.tenant->tenant.id));
  for (const auto& [id, list] : now->lists) {
    if (only != 0 && list.number != only) continue;
    fn(list, from_.tenant_records->Records(now->tenant.number, list.number));
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> ListHandler::Export(const Caller& caller, const std::string& list_id,
                                             const ListsFn& lists_fn, const PartFn& fn) const {
  ListNumber number = 0;
  if (!list_id.empty()) {
    DNC_ASSIGN_OR_RETURN(const TenantList list, FindList(caller, list_id));
    number = list.number;
  }
  ListNames names(*from_.directory, caller.tenant);
  // Only once the scan has begun: the lists must have all changes up to its revision.
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

namespace {

void FillChange(const RecordChange& change, const TenantList& list, const AcceptedClock& accepted,
                v1::WatchChangesResponse* out) {
  switch (change.what) {
    case RecordChange::What::kRecord: {
      v1::RecordChange* of_record = out->add_changes();
      of_record->set_outcome(static_cast<v1::WriteOutcome>(change.outcome));
      FillRecord(change.record, list, accepted, of_record->mutable_record());
      return;
    }
    case RecordChange::What::kBlock: {
      v1::BlockChange* of_block = out->add_block_changes();
      of_block->set_outcome(static_cast<v1::WriteOutcome>(change.outcome));
      of_block->set_list_id(list.id);
      of_block->set_block(change.block);
      return;
    }
    case RecordChange::What::kList:
      break;
  }
  // As it was made: what it blocks and holds is told as changes.
  v1::OwnList* made = out->add_lists_made();
  FillList(list, 0, made);
  made->clear_blocks();
}

}  // namespace

absl::Status ListHandler::NextChanges(const Caller& caller, uint64_t after, size_t told,
                                      v1::WatchChangesResponse* response) const {
  size_t passed = 0;
  response->set_last_of_revision(true);
  ListNames names(*from_.directory, caller.tenant);
  DNC_RETURN_IF_ERROR(from_.tenant_records->Changes(
      caller.tenant->tenant.number, after, [&](const RecordChange& change) {
        if (passed++ < told) return true;
        if (ChangesIn(*response) > 0 && change.revision != response->revision()) return false;
        if (ChangesIn(*response) == kChangesAtOnce) {
          response->set_last_of_revision(false);
          return false;
        }
        const TenantList* list = names.Of(change.list);
        if (list == nullptr) return false;
        response->set_revision(change.revision);
        FillChange(change, *list, accepted(), response);
        return true;
      }));
  return names.status();
}

}  // namespace dnc
