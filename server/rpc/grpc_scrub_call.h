// Scrub by gRPC's server.
#pragma once

#include <memory>

#include "dnc/v1/scrub_service.grpc.pb.h"
#include "grpcpp/support/async_unary_call.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/scrub_call.h"

namespace dnc {

// The generated service, with Scrub as bytes.
using ScrubServiceBase =
    v1::ScrubService::WithRawMethod_Scrub<v1::ScrubService::WithAsyncMethod_ScrubStream<
        v1::ScrubService::WithAsyncMethod_CheckNumber<v1::ScrubService::Service>>>;

// What the calls share; outlives them.
struct ScrubMethod {
  ScrubServiceBase* service = nullptr;
  ScrubHandler* handler = nullptr;
};

// Deletes itself when the answer has gone out.
class GrpcScrubCall final : public ScrubCall, private QueueWork, private HeldRefusal {
 public:
  // Waits for a caller.
  static void Arm(const ScrubMethod& method, const RpcContext& rpc);

 private:
  GrpcScrubCall(const ScrubMethod& method, const RpcContext& rpc)
      : ScrubCall(method.handler, rpc), method_(method), writer_(&context_) {}

  void WaitForCaller();
  void OnStart(bool ok);
  void OnFinish(bool ok);

  // Decides on the call when it has arrived; false: it is refused.
  bool TakeIn();
  // Answers on this thread, now or when the queue has come to it.
  void Work(bool waited) override;
  void Refuse() override;

  Credentials GetCredentials() const override { return CredentialsOf(context_); }
  absl::Time Deadline() const override { return DeadlineOf(context_); }
  void SendAnswer(MessageBuffer answer) override;
  void SendError(const absl::Status& status) override;
  void SendCrowded() override;
  void SendNotAMessage() override;
  // Later: a tenant that floods the server is slowed by its own calls under way.
  void SendFloodRefusal(const absl::Status& status) override;
  std::shared_ptr<void> Keeper() override { return nullptr; }  // it keeps itself

  const ScrubMethod& method_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  absl::Status refusal_;  // while it is held
  MemberEvent<GrpcScrubCall, &GrpcScrubCall::OnStart> on_start_{this};
  MemberEvent<GrpcScrubCall, &GrpcScrubCall::OnFinish> on_finish_{this};
};

}  // namespace dnc
