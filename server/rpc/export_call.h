// ExportNumbers: all records of a tenant's lists, part by part, of one revision.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "dnc/v1/list_service.grpc.pb.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/call_site.h"
#include "server/rpc/list_handler.h"

namespace dnc {

// How many exports run at the same time: each holds a worker until it has ended.
struct ExportSlots {
  int most = 1;
  std::atomic<int> active{0};
};

// Writes a part when the one before is written, so a slow reader slows the export. Deletes itself
// when the stream has ended.
class ExportCall final : public Call {
 public:
  // Waits for a caller. All that is given must outlive the call.
  static void Arm(v1::ListService::AsyncService* service, ListHandler* handler, ExportSlots* slots,
                  const CallSite& site);

 private:
  ExportCall(v1::ListService::AsyncService* service, ListHandler* handler, ExportSlots* slots,
             const CallSite& site)
      : Call(site), service_(service), handler_(handler), slots_(slots), stream_(&context_) {}
  ~ExportCall() override;

  void OnStart(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);

  void Run(const Caller& caller);
  // Writes the part and waits until that is done; not OK if the caller is gone, or may no longer
  // read on: whoever revoked its key or suspended the tenant meanwhile has ended the export.
  absl::Status WritePart();
  void Finish(const absl::Status& status);

  v1::ListService::AsyncService* const service_;
  ListHandler* const handler_;
  ExportSlots* const slots_;
  bool counted_ = false;
  grpc::ServerContext context_;
  v1::ExportNumbersRequest request_;
  v1::ExportNumbersResponse part_;
  grpc::ServerAsyncWriter<v1::ExportNumbersResponse> stream_;
  std::mutex mutex_;
  std::condition_variable written_;
  bool writing_ = false;  // guarded by mutex_
  bool gone_ = false;     // guarded by mutex_
  MemberEvent<ExportCall, &ExportCall::OnStart> on_start_{this};
  MemberEvent<ExportCall, &ExportCall::OnWrite> on_write_{this};
  MemberEvent<ExportCall, &ExportCall::OnFinish> on_finish_{this};
};

}  // namespace dnc
