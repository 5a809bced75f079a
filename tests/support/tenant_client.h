// A plain client of one tenant, for tests. It makes every call as that tenant or with that key,
// without retries.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dnc/v1/list_service.grpc.pb.h"
#include "dnc/v1/scrub_service.grpc.pb.h"
#include "dnc/v1/tenant_service.grpc.pb.h"

namespace dnc::blackbox {

// Thread-safe. Every call has a deadline, so that a test never hangs.
class TenantClient {
 public:
  // With an empty `tenant_id`, calls are the operator's or those of the key's tenant.
  // `authorization` is sent as it is, so that a test may send a wrong one; empty: none.
  TenantClient(const std::shared_ptr<grpc::Channel>& channel, std::string tenant_id,
               std::string authorization = "");

  v1::ListService::Stub& lists() { return *lists_; }
  v1::ScrubService::Stub& scrubs() { return *scrubs_; }
  v1::TenantService::Stub& tenants() { return *tenants_; }

  // Makes any unary call: `Call(client.lists(), &v1::ListService::Stub::AddNumbers, request,
  // &response)`.
  template <typename Stub, typename Request, typename Response>
  grpc::Status Call(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    Prepare(context);
    return (stub.*method)(&context, request, response);
  }

  // Sends the batches one after the other, each after the previous one's answer. `after_first` runs
  // between the first answer and the second batch.
  grpc::Status ScrubStream(const std::vector<v1::ScrubRequest>& batches,
                           std::vector<v1::ScrubResponse>* answers,
                           const std::function<void()>& after_first = nullptr);
  // Sends the parts one after the other, each after the previous one's answer.
  grpc::Status Import(const std::vector<v1::ImportNumbersRequest>& parts,
                      std::vector<v1::ImportNumbersResponse>* answers);
  // Fails also if the last part is missing.
  grpc::Status Export(const std::string& list_id, std::vector<v1::Record>* records);
  // Reads the parts of the changes after a revision, until `enough` says so.
  grpc::Status Watch(uint64_t after_revision,
                     const std::function<bool(const v1::WatchChangesResponse&)>& enough);

 private:
  void Prepare(grpc::ClientContext& context) const;

  std::string tenant_id_;
  std::string authorization_;
  std::unique_ptr<v1::ListService::Stub> lists_;
  std::unique_ptr<v1::ScrubService::Stub> scrubs_;
  std::unique_ptr<v1::TenantService::Stub> tenants_;
};

}  // namespace dnc::blackbox
