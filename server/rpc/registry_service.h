// dnc.v1.RegistryService on the completion queues.
#pragma once

#include "dnc/v1/registry_service.grpc.pb.h"
#include "server/rpc/registry_handler.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_places.h"
#include "server/rpc/unary_methods.h"
#include "server/rpc/upload_call.h"

namespace dnc {

class RegistryService {
 public:
  // What is given must outlive the service. A key has at most `max_watches` watches of loads.
  RegistryService(RegistryHandler* handler, UploadShared* uploads, int max_watches);
  RegistryService(const RegistryService&) = delete;
  RegistryService& operator=(const RegistryService&) = delete;

  grpc::Service* service() { return &service_; }

  // Lets `calls` calls of each method wait for callers; the server must have started. The service
  // must outlive the calls.
  void Arm(const RpcContext& rpc, int calls);

 private:
  v1::RegistryService::AsyncService service_;
  RegistryHandler* const handler_;
  UploadShared* const uploads_;
  StreamPlaces watches_;
  UnaryMethods methods_;
};

}  // namespace dnc
