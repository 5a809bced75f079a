// UploadRelease: takes the parts of an upload and queues the load.
#pragma once

#include <atomic>
#include <optional>

#include "absl/status/statusor.h"
#include "dnc/v1/registry_service.grpc.pb.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_guard.h"
#include "server/rpc/stream_places.h"
#include "server/rpc/upload_session.h"

namespace dnc {

// What all uploads of a server share.
struct UploadShared {
  // At most `all` uploads at the same time, and at most `each` of one key; callers without a key
  // count as one.
  UploadShared(int all, int each) : places(all, each) {}

  UploadLimits limits;
  Registry* registry = nullptr;
  StreamPlaces places;
};

// Reads a part when the part before is on the disk, so that memory stays bounded. Deletes itself
// when the call has ended and gRPC has said so.
class UploadCall final : public Call, private GuardedStream {
 public:
  // Waits for a caller. All that is given must outlive the call.
  static void Arm(v1::RegistryService::AsyncService* service, UploadShared* shared,
                  const RpcContext& rpc);

 private:
  UploadCall(v1::RegistryService::AsyncService* service, UploadShared* shared,
             const RpcContext& rpc);

  void OnStart(bool ok);
  void OnRead(bool ok);
  void OnAlive(bool ok);
  void OnFinish(bool ok);
  void OnDone(bool ok);

  void Store();     // on a worker
  void Complete();  // on a worker
  // Anew for each part and at the end: whoever revoked the key meanwhile has ended the upload.
  absl::StatusOr<Caller> Admit() const;
  void Read();
  // On a worker: removing the files takes a while.
  void EndRead(const absl::Status& status) override {
    rpc().workers->Post([this, status] { Finish(status); });
  }
  void Finish(const absl::Status& status);

  v1::RegistryService::AsyncService* const service_;
  UploadShared* const shared_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReader<v1::UploadReleaseResponse, v1::UploadReleaseRequest> reader_;
  v1::UploadReleaseRequest request_;
  v1::UploadReleaseResponse response_;
  std::optional<UploadSession> session_;
  StreamPlace place_;
  std::atomic<bool> gone_{false};  // the caller, or the call is finished
  MemberEvent<UploadCall, &UploadCall::OnStart> on_start_{this};
  MemberEvent<UploadCall, &UploadCall::OnRead> on_read_{this};
  MemberEvent<UploadCall, &UploadCall::OnAlive> on_alive_{this};
  MemberEvent<UploadCall, &UploadCall::OnFinish> on_finish_{this};
  MemberEvent<UploadCall, &UploadCall::OnDone> on_done_{this};
};

}  // namespace dnc
