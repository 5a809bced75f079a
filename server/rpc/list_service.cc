#include "server/rpc/list_service.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "server/base/status_macros.h"
#include "server/rpc/translate_list.h"

namespace dnc {
namespace {

using GeneratedLists = v1::ListService::AsyncService;

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
      exports_(streams.exports, std::max(1, streams.exports / 2)),
      imports_(std::numeric_limits<int>::max(), streams.each),
      watches_(std::numeric_limits<int>::max(), streams.each) {
  AddWrites();
  AddReads(clock);
}

void ListService::AddWrites() {
  ListChanges* const changes = changes_;
  writes_.AddSubmit<v1::AddNumbersRequest, v1::AddNumbersResponse>(
      &service_, Method::kAddNumbers, Permission::kLists, &GeneratedLists::RequestAddNumbers,
      [changes](const Caller& caller, const auto& in, auto* out, auto done) {
        out->set_tenant_id(caller.tenant->tenant.id);
        changes->Add(caller, FromProto(in), WhenWritten(out, std::move(done)));
      });
  writes_.AddSubmit<v1::RemoveNumbersRequest, v1::RemoveNumbersResponse>(
      &service_, Method::kRemoveNumbers, Permission::kLists, &GeneratedLists::RequestRemoveNumbers,
      [changes](const Caller& caller, const auto& in, auto* out, auto done) {
        out->set_tenant_id(caller.tenant->tenant.id);
        changes->Remove(caller, FromProto(in), WhenWritten(out, std::move(done)));
      });
  others_.Add<v1::CreateListRequest, v1::CreateListResponse>(
      &service_, Method::kCreateList, Permission::kLists, &GeneratedLists::RequestCreateList,
      [changes](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const TenantList list, FromProto(in.list()));
        DNC_ASSIGN_OR_RETURN(const TenantList made, changes->CreateList(caller, list));
        FillList(made, 0, out->mutable_list());
        return absl::OkStatus();
      });
  others_.Add<v1::AddBlocksRequest, v1::AddBlocksResponse>(
      &service_, Method::kAddBlocks, Permission::kLists, &GeneratedLists::RequestAddBlocks,
      [changes](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const uint64_t revision,
                             changes->AddBlocks(caller, in.list_id(), BlocksOf(in)));
        out->set_revision(revision);
        return absl::OkStatus();
      });
  others_.Add<v1::RemoveBlocksRequest, v1::RemoveBlocksResponse>(
      &service_, Method::kRemoveBlocks, Permission::kLists, &GeneratedLists::RequestRemoveBlocks,
      [changes](const Caller& caller, const auto& in, auto* out) {
        DNC_ASSIGN_OR_RETURN(const uint64_t revision,
                             changes->RemoveBlocks(caller, in.list_id(), BlocksOf(in)));
        out->set_revision(revision);
        return absl::OkStatus();
      });
}

void ListService::AddReads(const Clock* clock) {
  const ListQueries* const queries = queries_;
  others_.Add<v1::ListListsRequest, v1::ListListsResponse>(
      &service_, Method::kListLists, Permission::kRecords, &GeneratedLists::RequestListLists,
      [queries](const Caller& caller, const auto&, auto* out) {
        for (const ToldList& told : queries->Lists(caller)) {
          FillList(told.list, told.records, out->add_lists());
        }
        return absl::OkStatus();
      });
  others_.Add<v1::GetRecordRequest, v1::GetRecordResponse>(
      &service_, Method::kGetRecord, Permission::kRecords, &GeneratedLists::RequestGetRecord,
      [queries, clock](const Caller& caller, const auto& in, auto* out) {
        return queries->Record(caller, in.number(),
                               [out, clock](const TenantList& list, const TenantRecord& record) {
                                 FillRecord(record, list, clock->accepted(), out->add_records());
                               });
      });
  others_.Add<v1::ListRecordsRequest, v1::ListRecordsResponse>(
      &service_, Method::kListRecords, Permission::kRecords, &GeneratedLists::RequestListRecords,
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

void ListService::Arm(const RpcContext& rpc, int calls) {
  for (int i = 0; i < calls; ++i) writes_.Arm(rpc);
  for (int i = 0; i < std::max(1, calls / 8); ++i) {
    others_.Arm(rpc);
    ArmImport({&service_, changes_, &imports_}, rpc);
    ArmExport({&service_, queries_, &exports_}, rpc);
    ArmWatchChanges({&service_, queries_, &watches_}, rpc);
  }
}

}  // namespace dnc
