#include "dnc/scrub_stub.h"

#include <utility>

#include "dnc/rpc_status.h"
#include "dnc/v1/scrub_service.grpc.pb.h"
#include "grpcpp/client_context.h"

namespace dnc {
namespace {

class GrpcScrubStub : public ScrubStub {
 public:
  GrpcScrubStub(std::shared_ptr<grpc::Channel> channel, std::string hint)
      : hint_(std::move(hint)), stub_(v1::ScrubService::NewStub(std::move(channel))) {}

  absl::Status Scrub(absl::Time deadline, const v1::ScrubRequest& request,
                     v1::ScrubResponse* response) override {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline));
    return Told(stub_->Scrub(&context, request, response));
  }

  absl::Status CheckNumber(absl::Time deadline, const v1::CheckNumberRequest& request,
                           v1::CheckNumberResponse* response) override {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline));
    return Told(stub_->CheckNumber(&context, request, response));
  }

 private:
  absl::Status Told(const grpc::Status& status) const {
    absl::Status told = FromGrpcStatus(status);
    if (hint_.empty() || !absl::IsUnavailable(told) || !ReasonOf(told).empty()) return told;
    return absl::UnavailableError(status.error_message() + hint_);
  }

  const std::string hint_;
  std::unique_ptr<v1::ScrubService::Stub> stub_;
};

}  // namespace

std::unique_ptr<ScrubStub> MakeGrpcScrubStub(std::shared_ptr<grpc::Channel> channel,
                                             std::string hint) {
  return std::make_unique<GrpcScrubStub>(std::move(channel), std::move(hint));
}

}  // namespace dnc
