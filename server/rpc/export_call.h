// ExportNumbers: all records of a tenant's lists, part by part, of one revision.
#pragma once

#include <condition_variable>
#include <mutex>

#include "dnc/v1/list_service.grpc.pb.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/list_handler.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_guard.h"
#include "server/rpc/stream_places.h"

namespace dnc {

// Writes a part when the one before is written, so a slow reader slows the export, and one that
// reads nothing for long ends it: each holds a worker until it has ended, so there are few places.
// Deletes itself when the stream has ended.
class ExportCall final : public Call, private GuardedStream {
 public:
  // Waits for a caller. All that is given must outlive the call.
  static void Arm(v1::ListService::AsyncService* service, ListHandler* handler,
                  StreamPlaces* places, const RpcContext& rpc);

 private:
  ExportCall(v1::ListService::AsyncService* service, ListHandler* handler, StreamPlaces* places,
             const RpcContext& rpc)
      : Call(rpc),
        GuardedStream(rpc.guard, 1),
        service_(service),
        handler_(handler),
        places_(places),
        stream_(&context_) {}

  void OnStart(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);

  void Run(const Caller& caller);
  // Writes the part and waits until that is done; not OK if the caller is gone, or may no longer
  // read on: whoever revoked its key or suspended the tenant meanwhile has ended the export.
  absl::Status WritePart();
  void EndRead(const absl::Status& /*status*/) override {}  // there are no reads
  void Finish(const absl::Status& status);

  v1::ListService::AsyncService* const service_;
  ListHandler* const handler_;
  StreamPlaces* const places_;
  StreamPlace place_;
  grpc::ServerContext context_;
  v1::ExportNumbersRequest request_;
  v1::ExportNumbersResponse part_;
  grpc::ServerAsyncWriter<v1::ExportNumbersResponse> stream_;
  std::mutex mutex_;
  std::condition_variable written_;
  bool writing_ = false;  // guarded by mutex_
  bool gone_ = false;     // guarded by mutex_
  bool silent_ = false;   // guarded by mutex_
  MemberEvent<ExportCall, &ExportCall::OnStart> on_start_{this};
  MemberEvent<ExportCall, &ExportCall::OnWrite> on_write_{this};
  MemberEvent<ExportCall, &ExportCall::OnFinish> on_finish_{this};
};

}  // namespace dnc
