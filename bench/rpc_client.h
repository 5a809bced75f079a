// A client of Scrub for benchmarks: bytes in, bytes out, many calls under way on one thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"

namespace dnc {

using BenchClock = std::chrono::steady_clock;

// What became of a call.
struct BenchAnswer {
  bool ok = false;
  grpc::StatusCode code = grpc::StatusCode::OK;
  bool has_details = false;  // of an error: google.rpc.Status
  size_t response_bytes = 0;
  BenchClock::duration took{};  // since `begin` of the call
};

// One thread starts calls, and one, the same or another, takes what comes of them.
class BenchClient {
 public:
  using Done = std::function<void(const BenchAnswer&)>;

  // Connects; calls take the connections by turns. `key`, if any, goes with each call.
  BenchClient(const std::string& target, const std::string& key, size_t connections = 1);
  ~BenchClient();  // as Drain
  BenchClient(const BenchClient&) = delete;
  BenchClient& operator=(const BenchClient&) = delete;

  // Begins a call. `begin` is when its time began to run.
  void Start(const grpc::ByteBuffer& request, BenchClock::time_point begin,
             std::chrono::microseconds deadline);
  // Hands the calls that end until `until` to `done`, at least one look. Whether there was one.
  bool Poll(BenchClock::time_point until, const Done& done);
  // Waits until no call is under way.
  void Drain(const Done& done);
  size_t under_way() const { return under_way_.load(std::memory_order_relaxed); }

  // A call that must succeed; its response.
  std::string MustCall(const grpc::ByteBuffer& request);

 private:
  struct Call;
  BenchAnswer Take(void* tag);

  const std::string key_;
  std::vector<grpc::GenericStub> stubs_;  // one a connection
  size_t next_ = 0;
  grpc::CompletionQueue queue_;
  std::atomic<size_t> under_way_{0};
};

// Requests of `batch` numbers each, taken from `numbers` by turns; five bytes a number or eight.
std::vector<grpc::ByteBuffer> BenchRequests(const std::vector<uint64_t>& numbers, size_t batch,
                                            size_t count, bool packed);

// Every `stride`-th line of a flat registry file (201,5550123), and as many others of the same
// exchanges; shuffled. Ends the process if the file cannot be read.
std::vector<uint64_t> BenchNumbers(const std::string& file, size_t count);

std::string BytesOf(const grpc::ByteBuffer& buffer);

// The element that `share` of the sorted values lie below; 0 if there is none.
double Percentile(std::vector<double>& values, double share);

}  // namespace dnc
