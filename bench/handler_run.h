// Runs a ScrubHandler over a snapshot and real stores of tenants, and calls it as ScrubCall does,
// from the bytes of a request to the bytes of the answer. Only gRPC and the kernel are left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/base/metrics.h"
#include "server/numbers/phone_number.h"
#include "server/rpc/fake_registry.h"
#include "server/rpc/scrub_handler.h"
#include "server/rpc/test_stores.h"
#include "server/scrub/snapshot.h"
#include "tests/support/temp_dir.h"

namespace dnc {

// Returns the bytes of a request, as gRPC hands them over.
grpc::ByteBuffer ScrubRequestBytes(absl::Span<const Number> numbers);

// Uses one thread.
class HandlerRun {
 public:
  // The stores are in a folder of their own, which is removed with the run. The filter of tenant
  // records has room for `filter_records`.
  HandlerRun(const SnapshotPtr& snapshot, uint64_t filter_records);
  HandlerRun(const HandlerRun&) = delete;
  HandlerRun& operator=(const HandlerRun&) = delete;

  // Writes opt-outs of the tenant that asks. Ends the process if one is refused.
  void OptOut(absl::Span<const Number> numbers);

  // Returns false if the request is not answered.
  bool Answer(grpc::ByteBuffer* request);

  VerdictCounts verdicts() const { return metrics_.Sum().numbers; }
  TenantRecordsStats own_stats() { return stores_.tenant_records().stats(); }

 private:
  const blackbox::TempDir folder_;  // outlives the stores in it
  const Clock clock_;
  FakeRegistry registry_;
  Metrics metrics_;
  TestStores stores_;
  Decider decider_;
  ScrubHandler handler_{&decider_};
  Caller caller_;
};

}  // namespace dnc
