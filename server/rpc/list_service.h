// dnc.v1.ListService on the completion queue.
#pragma once

#include "dnc/v1/list_service.grpc.pb.h"
#include "server/rpc/export_call.h"
#include "server/rpc/list_handler.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_places.h"
#include "server/rpc/unary_methods.h"

namespace dnc {

class ListService {
 public:
  // How many streams may be open at the same time.
  struct Streams {
    int exports = 2;  // of all tenants; one tenant has at most half of them
    int each = 100;   // imports of a tenant, and as many watches
  };

  // `handler` must outlive the service.
  ListService(ListHandler* handler, const Streams& streams);
  ListService(const ListService&) = delete;
  ListService& operator=(const ListService&) = delete;

  grpc::Service* service() { return &service_; }

  // As ScrubService::Arm; `calls` of the writing methods, fewer of the others.
  void Arm(const RpcContext& rpc, int calls);

 private:
  v1::ListService::AsyncService service_;
  ListHandler* const handler_;
  StreamPlaces exports_;
  StreamPlaces imports_;
  StreamPlaces watches_;
  UnaryMethods writes_;
  UnaryMethods others_;
};

}  // namespace dnc
