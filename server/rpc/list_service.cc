#include "server/rpc/list_service.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "server/base/status_macros.h"
#include "server/rpc/translate_list.h"
#include "server/rpc/unary_call.h"

namespace dnc {
namespace {

// Fills the answer to a write when its reply comes.
template <typename Response>
ListChanges::Done WhenWritten(Response* out, std::function<void(absl::Status)> done) {
  return [out, done = std::move(done)](const absl::StatusOr<WriteReply>& reply) {
    if (reply.ok()) {
      for (const WriteResult& result : reply->results) FillResult(result, out->add_results());
      out->set_revision(reply->revision);
    }
    done(reply.status());
  };
}

template <typename Request>
std::vector<std::string> BlocksOf(const Request& request) {
  return {request.blocks().begin(), request.blocks().end()};
}

}  // namespace

ListService::ListService(ListChanges* changes, const ListQueries* queries, const Clock* clock,
                         const Streams& streams)
    : changes_(changes),
      queries_(queries),
      clock_(clock),
      exports_(streams.exports, std::max(1, streams.exports / 2)),
      imports_(std::numeric_limits<int>::max(), streams.each),
      watches_(std::numeric_limits<int>::max(), streams.each) {}

void ListService::AddTo(MethodTable* table) {
  AddWrites(table);
  AddReads(table);
  AddImportNumbers(changes_, &imports_, table);
  AddExportNumbers(queries_, &exports_, table);
  AddWatchChanges(queries_, &watches_, table);
}

void ListService::AddWrites(MethodTable* table) {
  ListChanges* const changes = changes_;
  UnaryMethod<v1::AddNumbersRequest, v1::AddNumbersResponse> add{Method::kAddNumbers,
                                                                 Permission::kLists};
  add.submit = [changes](const Caller& caller, const auto& in, auto* out, auto done) {
    out->set_tenant_id(caller.tenant->tenant.id);
    changes->Add(caller, FromProto(in), WhenWritten(out, std::move(done)));
  };
  AddUnary(table, "/dnc.v1.ListService/AddNumbers", std::move(add));
  UnaryMethod<v1::RemoveNumbersRequest, v1::RemoveNumbersResponse> remove{Method::kRemoveNumbers,
                                                                          Permission::kLists};
  remove.submit = [changes](const Caller& caller, const auto& in, auto* out, auto done) {
    out->set_tenant_id(caller.tenant->tenant.id);
    changes->Remove(caller, FromProto(in), WhenWritten(out, std::move(done)));
  };
  AddUnary(table, "/dnc.v1.ListService/RemoveNumbers", std::move(remove));
  AddUnary<v1::CreateListRequest, v1::CreateListResponse>(
      table, "/dnc.v1.ListService/CreateList", Method::kCreateList, Permission::kLists,
      [changes](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const TenantList list, FromProto(in.list()));
        DNC_ASSIGN_OR_RETURN(const TenantList made, changes->CreateList(caller, list));
        FillList(made, 0, out->mutable_list());
        return absl::OkStatus();
      });
  AddUnary<v1::AddBlocksRequest, v1::AddBlocksResponse>(
      table, "/dnc.v1.ListService/AddBlocks", Method::kAddBlocks, Permission::kLists,
      [changes](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const uint64_t revision,
                             changes->AddBlocks(caller, in.list_id(), BlocksOf(in)));
        out->set_revision(revision);
        return absl::OkStatus();
      });
  AddUnary<v1::RemoveBlocksRequest, v1::RemoveBlocksResponse>(
      table, "/dnc.v1.ListService/RemoveBlocks", Method::kRemoveBlocks, Permission::kLists,
      [changes](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const uint64_t revision,
                             changes->RemoveBlocks(caller, in.list_id(), BlocksOf(in)));
        out->set_revision(revision);
        return absl::OkStatus();
      });
}

void ListService::AddReads(MethodTable* table) {
  const Clock* const clock = clock_;
  const ListQueries* const queries = queries_;
  AddUnary<v1::ListListsRequest, v1::ListListsResponse>(
      table, "/dnc.v1.ListService/ListLists", Method::kListLists, Permission::kRecords,
      [queries](const Caller& caller, const auto&, auto* out) {
        for (const ToldList& told : queries->Lists(caller)) {
          FillList(told.list, told.records, out->add_lists());
        }
        return absl::OkStatus();
      });
  AddUnary<v1::GetRecordRequest, v1::GetRecordResponse>(
      table, "/dnc.v1.ListService/GetRecord", Method::kGetRecord, Permission::kRecords,
      [queries, clock](const Caller& caller, const auto& in, auto* out) {
        return queries->Record(caller, in.number(),
                               [out, clock](const TenantList& list, const TenantRecord& record) {
                                 FillRecord(record, list, clock->accepted(), out->add_records());
                               });
      });
  AddUnary<v1::ListRecordsRequest, v1::ListRecordsResponse>(
      table, "/dnc.v1.ListService/ListRecords", Method::kListRecords, Permission::kRecords,
      [queries, clock](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(
            const std::string next,
            queries->Records(caller, in.list_id(), in.page_size(), in.page_token(),
                             [out, clock](const TenantList& list, const TenantRecord& record) {
                               FillRecord(record, list, clock->accepted(), out->add_records());
                             }));
        out->set_next_page_token(next);
        return absl::OkStatus();
      });
}

}  // namespace dnc
