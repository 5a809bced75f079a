// dnc.v1.RegistryService on the completion queue.
#pragma once

#include <cstdint>

#include "dnc/v1/registry_service.grpc.pb.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/unary_call.h"
#include "server/service/release_admin.h"
#include "server/service/stream_places.h"

namespace dnc {

// What all uploads of a server share.
struct UploadShared {
  // At most `all` uploads at the same time, and at most `each` of one key; callers without a key
  // count as one.
  UploadShared(int all, int each, uint64_t most_bytes, Intake* into)
      : places(all, each), max_bytes(most_bytes), intake(into) {}

  StreamPlaces places;
  const uint64_t max_bytes;  // of the files of one upload together
  Intake* const intake;
};

class RegistryService {
 public:
  // What is given must outlive the service. A key has at most `max_watches` watches of loads.
  RegistryService(ReleaseAdmin* admin, UploadShared* uploads, int max_watches);
  RegistryService(const RegistryService&) = delete;
  RegistryService& operator=(const RegistryService&) = delete;

  grpc::Service* service() { return &service_; }

  // Lets `calls` calls of each method wait for callers; the server must have started. The service
  // must outlive the calls.
  void Arm(const RpcContext& rpc, int calls);

 private:
  void AddChanges();
  void AddReads();

  v1::RegistryService::AsyncService service_;
  ReleaseAdmin* const admin_;
  UploadShared* const uploads_;
  StreamPlaces watches_;
  UnaryMethods methods_;
};

}  // namespace dnc
