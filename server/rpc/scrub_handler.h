// Answers the requests of dnc.v1.ScrubService: checks them, asks the engine or the registry, and
// fills the answer. Knows nothing of calls and queues.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "dnc/v1/scrub_service.pb.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/rpc/scrub_wire.h"
#include "server/scrub/batch_engine.h"
#include "server/telemetry/metrics.h"
#include "server/tenants/quota.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

struct ScrubLimits {
  int max_batch = 10'000;
  LostRevisions lost;
};

// What the handler asks; all of it outlives the handler.
struct ScrubSources {
  Registry* registry = nullptr;
  TenantRecords* tenant_records = nullptr;
  QuotaBook* quotas = nullptr;
  Metrics* metrics = nullptr;
  const Clock* clock = nullptr;
};

// Thread-safe. An answer has as many entries as were asked, or it is an error. The caller has a
// tenant and the scope to scrub, and is of the revision that the request asks for or a later one
// (RevisionWait); the answer says that it rests on the changes up to the caller's revision.
class ScrubHandler {
 public:
  ScrubHandler(ScrubLimits limits, ScrubSources sources) : limits_(limits), from_(sources) {}

  // Whether Scrub answers without waiting; of the disk it reads at most the records of the numbers
  // that the filter lets through.
  static bool IsFast(const Caller& caller, const v1::ScrubRequest& request);
  static bool IsFast(const Caller& caller, const ScrubColumns& request);

  // Charges the numbers to the tenant's quota, and counts the call as under way as long as the
  // Admission lives.
  absl::StatusOr<Admission> Admit(const Caller& caller, size_t numbers);

  // Whether a call that Admit refused is one of a flood, and its refusal can wait.
  bool IsFlood(const Caller& caller);

  // `response` must be empty.
  absl::Status Scrub(const Caller& caller, const v1::ScrubRequest& request,
                     v1::ScrubResponse* response);

  // The same for a call that was admitted with `charged` numbers.
  absl::Status ScrubAdmitted(const Caller& caller, size_t charged, const v1::ScrubRequest& request,
                             v1::ScrubResponse* response);

  // The same for a request that is fast, from bytes to bytes.
  absl::Status AnswerColumns(const Caller& caller, size_t charged, const ScrubColumns& request,
                             grpc::ByteBuffer* response);

  absl::Status CheckNumber(const Caller& caller, const v1::CheckNumberRequest& request,
                           v1::CheckNumberResponse* response);

 private:
  // What is asked, whichever method brought it.
  struct Question {
    const Caller& caller;
    std::string_view scope;
    absl::Span<const ParsedNumber> numbers;
    std::optional<AskedMoment> moment;  // nothing: now
  };

  // What an answer rests on.
  struct Basis {
    const Caller& caller;
    SnapshotPtr snapshot;
    absl::Time now;
  };

  absl::StatusOr<Basis> CurrentBasis(const Caller& caller) const;
  // What an answer tells beside verdicts and reasons; valid until the thread's next call.
  struct Decided {
    const v1::Snapshot& rests_on;
    const v1::ScrubResponse& ends;  // has nothing but earlier_ends
  };
  // The answers of the tenant's lists and the snapshot together; counts them.
  Decided Decide(const Basis& basis, std::string_view scope, absl::Span<const Number> numbers,
                 const BatchAnswers& answers) const;
  // Charges what the call was not admitted with.
  absl::Status ChargeRest(const Caller& caller, size_t charged, size_t count) const;
  // The tenant's terms and its own lists' word on each number; valid until the next call on this
  // thread.
  TenantSide FindFacts(const TenantView& tenant, std::string_view scope,
                       absl::Span<const Number> numbers, absl::Time now) const;
  // The moment that a request asks about. INVALID_REQUEST for two, and for one of the future.
  template <typename Request>
  absl::StatusOr<std::optional<AskedMoment>> MomentOf(const Request& request) const;
  absl::StatusOr<Explanation> Explain(const Question& question) const;
  absl::Status ScrubFast(const Question& question, v1::ScrubResponse* response);
  absl::Status ScrubExplained(const Question& question, bool full, v1::ScrubResponse* response);

  const ScrubLimits limits_;
  const ScrubSources from_;
};

}  // namespace dnc
