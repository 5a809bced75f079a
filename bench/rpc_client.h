// The thin client of measure_rpc: bytes in, bytes out, several calls under way on one thread.
// dncload makes load that follows a schedule. This client is for a comparison that dncload cannot
// make, in which dncd and an echo of the same bytes take turns, through the same few lines of code.
#pragma once

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

// The outcome of a call.
struct BenchAnswer {
  bool ok = false;
  size_t response_bytes = 0;
  BenchClock::duration took{};  // since the call's `begin`
};

// Serves one thread, on one connection.
class BenchClient {
 public:
  using Done = std::function<void(const BenchAnswer&)>;

  // Connects, or ends the process. `key`, if any, goes with each call.
  BenchClient(const std::string& target, const std::string& key);
  // Does what Drain does.
  ~BenchClient();
  BenchClient(const BenchClient&) = delete;
  BenchClient& operator=(const BenchClient&) = delete;

  // Begins a call. `begin` is when its time began to run.
  void Start(const grpc::ByteBuffer& request, BenchClock::time_point begin);
  // Waits until `until` for a call to end, and hands it to `done`. Returns false if none did.
  bool Poll(BenchClock::time_point until, const Done& done);
  // Waits until no call is under way.
  void Drain(const Done& done);
  size_t under_way() const { return under_way_; }

  // Makes a call that must succeed, and returns its response.
  std::string MustCall(const grpc::ByteBuffer& request);

 private:
  struct Call;
  BenchAnswer Take(void* tag);

  const std::string key_;
  std::unique_ptr<grpc::GenericStub> stub_;
  grpc::CompletionQueue queue_;
  size_t under_way_ = 0;
};

// Makes requests of `batch` numbers each, taken from `numbers` in order, with five bytes per number
// or eight.
std::vector<grpc::ByteBuffer> BenchRequests(const std::vector<uint64_t>& numbers, size_t batch,
                                            size_t count, bool packed);

// Returns the first `count` numbers of a CSV with one column, as bench/server.sh makes it. Ends the
// process if the file cannot be read or has none.
std::vector<uint64_t> BenchNumbers(const std::string& file, size_t count);

std::string BytesOf(const grpc::ByteBuffer& buffer);

// Returns the value that `share` of the sorted values are below; 0 if there is none.
double Percentile(std::vector<double>& values, double share);

}  // namespace dnc
