#include "server/rpc/list_service.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "server/rpc/import_call.h"
#include "server/rpc/watch_changes_call.h"

namespace dnc {

using Generated = v1::ListService::AsyncService;

ListService::ListService(ListHandler* handler, const Streams& streams)
    : handler_(handler),
      exports_(streams.exports, std::max(1, streams.exports / 2)),
      imports_(std::numeric_limits<int>::max(), streams.each),
      watches_(std::numeric_limits<int>::max(), streams.each) {
  const auto add = [this](auto request, auto response, Method name, auto request_method,
                          auto handle, Permission permission = Permission::kLists) {
    others_.Add<decltype(request), decltype(response)>(&service_, name, permission, request_method,
                                                       handle);
  };
  writes_.AddSubmit<v1::AddNumbersRequest, v1::AddNumbersResponse>(
      &service_, Method::kAddNumbers, Permission::kLists, &Generated::RequestAddNumbers,
      [handler](const Caller& caller, const auto& in, auto* out, auto done) {
        handler->AddNumbers(caller, in, out, std::move(done));
      });
  writes_.AddSubmit<v1::RemoveNumbersRequest, v1::RemoveNumbersResponse>(
      &service_, Method::kRemoveNumbers, Permission::kLists, &Generated::RequestRemoveNumbers,
      [handler](const Caller& caller, const auto& in, auto* out, auto done) {
        handler->RemoveNumbers(caller, in, out, std::move(done));
      });
  add(v1::CreateListRequest(), v1::CreateListResponse(), Method::kCreateList,
      &Generated::RequestCreateList, [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->CreateList(caller, in, out);
      });
  add(
      v1::ListListsRequest(), v1::ListListsResponse(), Method::kListLists,
      &Generated::RequestListLists,
      [handler](const Caller& caller, const auto&, auto* out) {
        return handler->ListLists(caller, out);
      },
      Permission::kRecords);
  add(
      v1::GetRecordRequest(), v1::GetRecordResponse(), Method::kGetRecord,
      &Generated::RequestGetRecord,
      [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->GetRecord(caller, in, out);
      },
      Permission::kRecords);
  add(
      v1::ListRecordsRequest(), v1::ListRecordsResponse(), Method::kListRecords,
      &Generated::RequestListRecords,
      [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->ListRecords(caller, in, out);
      },
      Permission::kRecords);
  add(v1::AddBlocksRequest(), v1::AddBlocksResponse(), Method::kAddBlocks,
      &Generated::RequestAddBlocks, [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->AddBlocks(caller, in, out);
      });
  add(v1::RemoveBlocksRequest(), v1::RemoveBlocksResponse(), Method::kRemoveBlocks,
      &Generated::RequestRemoveBlocks, [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->RemoveBlocks(caller, in, out);
      });
}

void ListService::Arm(const RpcContext& rpc, int calls) {
  for (int i = 0; i < calls; ++i) writes_.Arm(rpc);
  for (int i = 0; i < std::max(1, calls / 8); ++i) {
    others_.Arm(rpc);
    ImportCall::Arm(&service_, handler_, &imports_, rpc);
    ExportCall::Arm(&service_, handler_, &exports_, rpc);
    WatchChangesCall::Arm(&service_, handler_, &watches_, rpc);
  }
}

}  // namespace dnc
