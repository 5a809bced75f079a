// ScrubStream: batches in, answers out, one batch at a time.
#pragma once

#include "server/rpc/call_queue.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/scrub_call.h"
#include "server/rpc/scrub_handler.h"
#include "server/rpc/stream_guard.h"

namespace dnc {

// Reads a batch when the answer before is written, so that a slow reader slows the writer. It takes
// no place from others, so a caller may keep it open and quiet. Deletes itself when the stream has
// ended.
class ScrubStreamCall final : public Call, private QueueWork, private GuardedStream {
 public:
  // Waits for a caller. All that is given must outlive the call.
  static void Arm(ScrubServiceBase* service, ScrubHandler* handler, const RpcContext& rpc);

 private:
  ScrubStreamCall(ScrubServiceBase* service, ScrubHandler* handler, const RpcContext& rpc)
      : Call(rpc),
        GuardedStream(rpc.guard, 1, Silence::kAllowed),
        service_(service),
        handler_(handler),
        stream_(&context_) {}

  void OnStart(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);

  void Work(bool /*waited*/) override { Answer(); }
  void Answer();
  absl::Status Scrub();
  void Read();
  void EndRead(const absl::Status& status) override { Finish(status); }
  void Finish(const absl::Status& status);

  ScrubServiceBase* const service_;
  ScrubHandler* const handler_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<v1::ScrubStreamResponse, v1::ScrubStreamRequest> stream_;
  v1::ScrubStreamRequest request_;
  Caller caller_;  // of the batch
  v1::ScrubStreamResponse response_;
  MemberEvent<ScrubStreamCall, &ScrubStreamCall::OnStart> on_start_{this};
  MemberEvent<ScrubStreamCall, &ScrubStreamCall::OnRead> on_read_{this};
  MemberEvent<ScrubStreamCall, &ScrubStreamCall::OnWrite> on_write_{this};
  MemberEvent<ScrubStreamCall, &ScrubStreamCall::OnFinish> on_finish_{this};
};

}  // namespace dnc
