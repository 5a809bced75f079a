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
                    Access::kScrub,
                    [handler](const Caller& caller, const auto& request, auto* response) {
                      return handler->CheckNumber(caller, request, response);
                    }} {
  check_number_.at_least_revision = [](const auto& request) { return request.at_least_revision(); };
}

void ScrubService::Arm(const CallSite& site, int calls) {
  for (int i = 0; i < calls; ++i) {
    ScrubCall::Arm(scrub_, site);
    UnaryCall<v1::CheckNumberRequest, v1::CheckNumberResponse>::Arm(check_number_, site);
    ScrubStreamCall::Arm(&service_, handler_, site);
  }
}

}  // namespace dnc
