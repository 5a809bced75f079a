#include "server/rpc/scrub_service.h"

#include "server/rpc/scrub_stream_call.h"

namespace dnc {

ScrubService::ScrubService(ScrubHandler* handler)
    : handler_(handler),
      scrub_{&service_, handler},
      check_number_{Method::kCheckNumber,
                    [this](auto* context, auto* request, auto* writer, auto* queue, void* tag) {
                      service_.RequestCheckNumber(context, request, writer, queue, queue, tag);
                    },
                    Permission::kScrub,
                    [handler](const Caller& caller, const auto& request, auto* response) {
                      return handler->CheckNumber(caller, request, response);
                    }} {
  check_number_.at_least_revision = [](const auto& request) { return request.at_least_revision(); };
}

void ScrubService::Arm(const RpcContext& rpc, int calls) {
  for (int i = 0; i < calls; ++i) {
    ScrubCall::Arm(scrub_, rpc);
    UnaryCall<v1::CheckNumberRequest, v1::CheckNumberResponse>::Arm(check_number_, rpc);
    ScrubStreamCall::Arm(&service_, handler_, rpc);
  }
}

}  // namespace dnc
