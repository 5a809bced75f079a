// dnc.v1.ListService on the completion queue.
#pragma once

#include "dnc/v1/list_service.grpc.pb.h"
#include "server/rpc/call_site.h"
#include "server/rpc/export_call.h"
#include "server/rpc/list_handler.h"
#include "server/rpc/unary_methods.h"

namespace dnc {

class ListService {
 public:
  // `handler` must outlive the service. At most `exports` exports at the same time.
  ListService(ListHandler* handler, int exports);
  ListService(const ListService&) = delete;
  ListService& operator=(const ListService&) = delete;

  grpc::Service* service() { return &service_; }

  // As ScrubService::Arm; `calls` of the writing methods, fewer of the others.
  void Arm(const CallSite& site, int calls);

 private:
  v1::ListService::AsyncService service_;
  ListHandler* const handler_;
  ExportSlots exports_;
  UnaryMethods writes_;
  UnaryMethods others_;
};

}  // namespace dnc
