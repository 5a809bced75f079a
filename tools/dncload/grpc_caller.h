// Makes calls through gRPC's completion-queue API: a queue a thread, many calls under way.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/slice.h"
#include "tools/dncload/caller.h"

namespace dnc::load {

// Returns the bytes of a message, which may have come in pieces. They are valid as long as the
// buffer and `keeper`.
std::string_view BytesOf(const grpc::ByteBuffer& message, grpc::Slice* keeper);

class GrpcCaller final : public Caller {
 public:
  GrpcCaller(const Target& target, const CallerOptions& options, CallUser* user);
  ~GrpcCaller() override;
  GrpcCaller(const GrpcCaller&) = delete;
  GrpcCaller& operator=(const GrpcCaller&) = delete;

  absl::Status Connect(Clock::time_point deadline) override;
  void Start(void* tag, std::string_view request) override;
  bool Take(int64_t wait) override;
  void CancelAll() override;
  // gRPC's clock has steps of a millisecond.
  int64_t wait_margin() const override { return 2'000'000; }

 private:
  struct Call;

  const Target& target_;
  const CallerOptions options_;
  CallUser* const user_;
  grpc::CompletionQueue queue_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  size_t next_stub_ = 0;
  std::vector<std::unique_ptr<Call>> calls_;  // all that were ever needed
  std::vector<Call*> free_;
};

}  // namespace dnc::load
