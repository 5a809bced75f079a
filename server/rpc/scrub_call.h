// Scrub: a batch in one request, from the bytes of the request to those of the answer.
#pragma once

#include <cstdint>

#include "dnc/v1/scrub_service.grpc.pb.h"
#include "grpcpp/support/async_unary_call.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/scrub_handler.h"

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

// Decides who may ask, and whether there is room, before it looks at the numbers. Deletes itself
// when the answer has gone out.
class ScrubCall final : public Call, private QueueWork, private HeldRefusal {
 public:
  // Waits for a caller.
  static void Arm(const ScrubMethod& method, const RpcContext& rpc);

 private:
  ScrubCall(const ScrubMethod& method, const RpcContext& rpc)
      : Call(rpc), method_(method), writer_(&context_) {}

  void WaitForCaller();
  void OnStart(bool ok);
  void OnFinish(bool ok);

  // Decides on the call when it has arrived; false: it is refused, and the answer is on its way.
  bool Admit();
  // Answers on this thread, now or when the queue has come to it.
  void Work(bool waited) override;
  // Reads the request by protobuf, for whatever ScrubColumns does not tell.
  void AnswerMessage(std::string_view bytes);
  void AnswerOnWorker(std::shared_ptr<v1::ScrubRequest> request);
  absl::Status Scrub(const v1::ScrubRequest& request);
  // Sends the refusal of a quota: at once, or later if the tenant floods the server.
  void RefuseQuota(absl::Status status);
  void Refuse() override { Finish(refusal_); }
  void Finish(const absl::Status& status);

  const ScrubMethod& method_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  Caller caller_;
  Admission admission_;
  absl::Status refusal_;  // while it is held
  size_t charged_ = 0;    // numbers
  int64_t cost_ = 0;      // at the gate; 0 once the call has left it
  MemberEvent<ScrubCall, &ScrubCall::OnStart> on_start_{this};
  MemberEvent<ScrubCall, &ScrubCall::OnFinish> on_finish_{this};
};

}  // namespace dnc
