#include "server/rpc/registry_service.h"

#include <utility>

#include "server/rpc/watch_call.h"

namespace dnc {

using Generated = v1::RegistryService::AsyncService;

template <class Request, class Response, class RequestMethod>
void RegistryService::AddUnary(Method name, RequestMethod request_method,
                               std::function<absl::Status(const Request&, Response*)> handle) {
  auto method = std::make_shared<UnaryMethod<Request, Response>>();
  method->name = name;
  method->arm = [this, request_method](auto* context, auto* request, auto* writer, auto* queue,
                                       void* tag) {
    (service_.*request_method)(context, request, writer, queue, queue, tag);
  };
  method->handle = [handle = std::move(handle)](const Request& request, absl::Time /*deadline*/,
                                                Response* response) {
    return handle(request, response);
  };
  arm_unary_.push_back(
      [method](const CallSite& site) { UnaryCall<Request, Response>::Arm(*method, site); });
}

RegistryService::RegistryService(RegistryHandler* handler, UploadShared* uploads)
    : handler_(handler), uploads_(uploads) {
  AddUnary<v1::LoadReleaseRequest, v1::LoadReleaseResponse>(
      Method::kLoadRelease, &Generated::RequestLoadRelease,
      [handler](const auto& in, auto* out) { return handler->LoadRelease(in, out); });
  AddUnary<v1::ListLoadsRequest, v1::ListLoadsResponse>(
      Method::kListLoads, &Generated::RequestListLoads,
      [handler](const auto& in, auto* out) { return handler->ListLoads(in, out); });
  AddUnary<v1::ListReleasesRequest, v1::ListReleasesResponse>(
      Method::kListReleases, &Generated::RequestListReleases,
      [handler](const auto& in, auto* out) { return handler->ListReleases(in, out); });
  AddUnary<v1::GetCoverageRequest, v1::GetCoverageResponse>(
      Method::kGetCoverage, &Generated::RequestGetCoverage,
      [handler](const auto& in, auto* out) { return handler->GetCoverage(in, out); });
  AddUnary<v1::RollBackReleaseRequest, v1::RollBackReleaseResponse>(
      Method::kRollBackRelease, &Generated::RequestRollBackRelease,
      [handler](const auto& in, auto* out) { return handler->RollBackRelease(in, out); });
  AddUnary<v1::RetireListRequest, v1::RetireListResponse>(
      Method::kRetireList, &Generated::RequestRetireList,
      [handler](const auto& in, auto* out) { return handler->RetireList(in, out); });
  AddUnary<v1::GetHistoryRequest, v1::GetHistoryResponse>(
      Method::kGetHistory, &Generated::RequestGetHistory,
      [handler](const auto& in, auto* out) { return handler->GetHistory(in, out); });
  AddUnary<v1::GetStatusRequest, v1::GetStatusResponse>(
      Method::kGetStatus, &Generated::RequestGetStatus,
      [handler](const auto& /*in*/, auto* out) { return handler->GetStatus(out); });
}

void RegistryService::Arm(const CallSite& site, int calls) {
  for (int i = 0; i < calls; ++i) {
    for (const auto& arm : arm_unary_) arm(site);
    UploadCall::Arm(&service_, uploads_, site);
    WatchCall::Arm(&service_, handler_, site);
  }
}

}  // namespace dnc
