#include "server/rpc/registry_service.h"

#include <limits>

#include "server/rpc/watch_call.h"

namespace dnc {

using Generated = v1::RegistryService::AsyncService;

RegistryService::RegistryService(RegistryHandler* handler, UploadShared* uploads, int max_watches)
    : handler_(handler), uploads_(uploads), watches_(std::numeric_limits<int>::max(), max_watches) {
  methods_.Add<v1::LoadReleaseRequest, v1::LoadReleaseResponse>(
      &service_, Method::kLoadRelease, Permission::kOperate, &Generated::RequestLoadRelease,
      [handler](const Caller&, const auto& in, auto* out) {
        return handler->LoadRelease(in, out);
      });
  methods_.Add<v1::ListLoadsRequest, v1::ListLoadsResponse>(
      &service_, Method::kListLoads, Permission::kOperate, &Generated::RequestListLoads,
      [handler](const Caller&, const auto& in, auto* out) { return handler->ListLoads(in, out); });
  methods_.Add<v1::ListReleasesRequest, v1::ListReleasesResponse>(
      &service_, Method::kListReleases, Permission::kOperate, &Generated::RequestListReleases,
      [handler](const Caller&, const auto& in, auto* out) {
        return handler->ListReleases(in, out);
      });
  methods_.Add<v1::GetCoverageRequest, v1::GetCoverageResponse>(
      &service_, Method::kGetCoverage, Permission::kOperate, &Generated::RequestGetCoverage,
      [handler](const Caller&, const auto& in, auto* out) {
        return handler->GetCoverage(in, out);
      });
  methods_.Add<v1::RollBackReleaseRequest, v1::RollBackReleaseResponse>(
      &service_, Method::kRollBackRelease, Permission::kOperate, &Generated::RequestRollBackRelease,
      [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->RollBackRelease(caller, in, out);
      });
  methods_.Add<v1::RetireListRequest, v1::RetireListResponse>(
      &service_, Method::kRetireList, Permission::kOperate, &Generated::RequestRetireList,
      [handler](const Caller& caller, const auto& in, auto* out) {
        return handler->RetireList(caller, in, out);
      });
  methods_.Add<v1::GetHistoryRequest, v1::GetHistoryResponse>(
      &service_, Method::kGetHistory, Permission::kOperate, &Generated::RequestGetHistory,
      [handler](const Caller&, const auto& in, auto* out) { return handler->GetHistory(in, out); });
  methods_.Add<v1::GetStatusRequest, v1::GetStatusResponse>(
      &service_, Method::kGetStatus, Permission::kOperate, &Generated::RequestGetStatus,
      [handler](const Caller&, const auto& /*in*/, auto* out) { return handler->GetStatus(out); });
}

void RegistryService::Arm(const RpcContext& rpc, int calls) {
  for (int i = 0; i < calls; ++i) {
    methods_.Arm(rpc);
    UploadCall::Arm(&service_, uploads_, rpc);
    WatchCall::Arm(&service_, handler_, &watches_, rpc);
  }
}

}  // namespace dnc
