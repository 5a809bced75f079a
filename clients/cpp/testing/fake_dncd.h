// A dncd in this process, for tests: real gRPC over a real port, artificial answers.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>

#include "dnc/v1/scrub_service.grpc.pb.h"

namespace dnc {

// A number that ends with an odd digit is LISTED, any other is CLEAR, and one without ten digits is
// INVALID. The settings may be changed while it serves.
class FakeScrubService : public v1::ScrubService::Service {
 public:
  std::atomic<int> unavailable{0};       // so many calls fail with UNAVAILABLE first
  std::atomic<int> drop_verdicts{0};     // so many verdicts are missing at the end of an answer
  std::atomic<int> drop_reasons{0};      // the same for reasons
  std::atomic<bool> contradict{false};   // results say CLEAR, whatever the verdicts say
  std::atomic<bool> all_clear{false};    // it lies: every verdict is CLEAR
  std::atomic<bool> refuse{false};       // calls fail with RESOURCE_EXHAUSTED
  std::atomic<int> max_batch{0};         // more numbers are BATCH_TOO_LARGE; 0: no limit
  std::atomic<bool> hide_limit{false};   // hides the limit
  std::atomic<bool> stall{false};        // calls wait until they are cancelled
  std::atomic<int> stall_at{-1};         // the call with this number, from 1, sets `stall` first
  std::atomic<int> stream_limit{-1};     // a stream breaks off after so many answers
  std::atomic<bool> end_quietly{false};  // ... and then with OK instead of an error
  std::atomic<int> calls{0};             // unary calls so far
  std::atomic<int> largest_batch{0};     // the most numbers that a request held

  grpc::Status Scrub(grpc::ServerContext* context, const v1::ScrubRequest* request,
                     v1::ScrubResponse* response) override;
  grpc::Status ScrubStream(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ScrubStreamResponse, v1::ScrubStreamRequest>* stream) override;
  grpc::Status CheckNumber(grpc::ServerContext* context, const v1::CheckNumberRequest* request,
                           v1::CheckNumberResponse* response) override;

 private:
  grpc::Status Admit(grpc::ServerContext* context);
  grpc::Status CheckBatch(const v1::ScrubRequest& request);
  void Answer(const v1::ScrubRequest& request, v1::ScrubResponse* response);
};

// Serves `scrub` at `address` until it is destroyed.
class FakeDncd {
 public:
  FakeDncd();
  ~FakeDncd();

  FakeScrubService scrub;
  const std::string& address() const { return address_; }

 private:
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

// Returns INVALID_ARGUMENT with ErrorInfo.reason `reason`, and with `guard` and `max_batch` in its
// metadata if they are not empty.
grpc::Status StatusWithReason(const std::string& reason, const std::string& guard,
                              const std::string& max_batch = "");

}  // namespace dnc
