// ImportNumbers: parts of records in, what became of them out, one part at a time.
#pragma once

#include <string>

#include "dnc/v1/list_service.grpc.pb.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/list_handler.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_guard.h"
#include "server/rpc/stream_places.h"

namespace dnc {

// Reads a part when the answer before is written. Deletes itself when the stream has ended.
class ImportCall final : public Call, private GuardedStream {
 public:
  // Waits for a caller. All that is given must outlive the call.
  static void Arm(v1::ListService::AsyncService* service, ListHandler* handler,
                  StreamPlaces* places, const RpcContext& rpc);

 private:
  ImportCall(v1::ListService::AsyncService* service, ListHandler* handler, StreamPlaces* places,
             const RpcContext& rpc)
      : Call(rpc),
        GuardedStream(rpc.guard, 1),
        service_(service),
        handler_(handler),
        places_(places),
        stream_(&context_) {}

  void OnStart(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);

  void Store();
  void Read();
  void EndRead(const absl::Status& status) override { Finish(status); }
  void Finish(const absl::Status& status);

  v1::ListService::AsyncService* const service_;
  ListHandler* const handler_;
  StreamPlaces* const places_;
  StreamPlace place_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<v1::ImportNumbersResponse, v1::ImportNumbersRequest> stream_;
  v1::ImportNumbersRequest request_;
  v1::ImportNumbersResponse response_;
  std::string list_id_;
  bool begun_ = false;
  MemberEvent<ImportCall, &ImportCall::OnStart> on_start_{this};
  MemberEvent<ImportCall, &ImportCall::OnRead> on_read_{this};
  MemberEvent<ImportCall, &ImportCall::OnWrite> on_write_{this};
  MemberEvent<ImportCall, &ImportCall::OnFinish> on_finish_{this};
};

}  // namespace dnc
