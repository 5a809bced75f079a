// Answers the requests of dnc.v1.ScrubService: checks them, asks the engine or the registry, and
// fills the answer. Knows nothing of calls and queues.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "dnc/v1/scrub_service.pb.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/registry/registry.h"
#include "server/rpc/scrub_wire.h"
#include "server/scrub/batch_engine.h"
#include "server/telemetry/metrics.h"
#include "server/tenants/own_lists.h"
#include "server/tenants/quota.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

struct ScrubLimits {
  int max_batch = 10'000;
  // The longest that a request waits for its at_least_revision.
  absl::Duration revision_wait = absl::Seconds(1);
  // How many requests may wait so at the same time; the rest is refused at once.
  int max_revision_waits = 3;
};

// What the handler asks; all of it outlives the handler.
struct ScrubSources {
  Registry* registry = nullptr;
  OwnLists* own_lists = nullptr;
  QuotaBook* quotas = nullptr;
  const RevisionOrder* order = nullptr;
  Metrics* metrics = nullptr;
  const Clock* clock = nullptr;
};

// Thread-safe. An answer has as many entries as were asked, or it is an error. The caller has a
// tenant and the scope to scrub.
class ScrubHandler {
 public:
  ScrubHandler(ScrubLimits limits, ScrubSources sources) : limits_(limits), from_(sources) {}

  // Whether Scrub answers without waiting; of the disk it reads at most the records of the numbers
  // that the filter lets through.
  bool IsFast(const v1::ScrubRequest& request) const;
  bool IsFast(const ScrubColumns& request) const;

  // Charges the numbers to the tenant's quota, and counts the call as under way as long as the
  // Admission lives.
  absl::StatusOr<Admission> Admit(const Caller& caller, size_t numbers);

  // Whether a call that Admit refused is one of a flood, and its refusal can wait.
  bool IsFlood(const Caller& caller);

  // `deadline`: the caller's. `response` must be empty.
  absl::Status Scrub(const Caller& caller, const v1::ScrubRequest& request, absl::Time deadline,
                     v1::ScrubResponse* response);

  // The same for a call that was admitted with `charged` numbers.
  absl::Status ScrubAdmitted(const Caller& caller, size_t charged, const v1::ScrubRequest& request,
                             absl::Time deadline, v1::ScrubResponse* response);

  // The same for a request that is fast, from bytes to bytes.
  absl::Status AnswerColumns(const Caller& caller, size_t charged, const ScrubColumns& request,
                             grpc::ByteBuffer* response);

  absl::Status CheckNumber(const Caller& caller, const v1::CheckNumberRequest& request,
                           absl::Time deadline, v1::CheckNumberResponse* response);

 private:
  // What is asked, whichever method brought it.
  struct Question {
    const TenantView& tenant;
    std::string_view scope;
    absl::Span<const ParsedNumber> numbers;
    const google::protobuf::Timestamp* as_of = nullptr;
  };

  // What an answer rests on.
  struct Basis {
    SnapshotPtr snapshot;
    uint64_t revision = 0;
    absl::Time now;
  };

  absl::StatusOr<Basis> CurrentBasis() const;
  // The answers of the tenant's lists and the snapshot together; counts them. Returns what they
  // rest on, valid until the thread's next call.
  const v1::Snapshot& Decide(const TenantView& tenant, std::string_view scope, const Basis& basis,
                             absl::Span<const Number> numbers, const BatchAnswers& answers) const;
  // Charges what the call was not admitted with.
  absl::Status ChargeRest(const Caller& caller, size_t charged, size_t count) const;
  absl::Status WaitForRevision(uint64_t revision, absl::Time deadline);
  // The own lists' word on each number; the span is valid until the next call on this thread.
  absl::Span<const uint8_t> FindFacts(const TenantView& tenant, std::string_view scope,
                                      absl::Span<const Number> numbers, absl::Time now) const;
  absl::StatusOr<Explanation> Explain(const Question& question) const;
  absl::Status ScrubFast(const Question& question, v1::ScrubResponse* response);
  absl::Status ScrubExplained(const Question& question, bool full, v1::ScrubResponse* response);

  const ScrubLimits limits_;
  const ScrubSources from_;
  std::atomic<int> revision_waits_{0};
};

}  // namespace dnc
