// Answers numbers with everything known about them, now or as of a moment. The rules
// (server/scrub/engine.h) give the answers; the code here gathers the lists that they read.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/registry/area_history.h"
#include "server/registry/registry.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

struct ExplainInputs {
  RegistryStatePtr state;
  SnapshotPtr snapshot;  // made from `state`
  const Policy* policy = nullptr;
  const ReleaseStore* store = nullptr;
  HistoryCache* histories = nullptr;
};

// Answers as Registry::Explain does, at `now`.
absl::StatusOr<Explanation> ExplainNow(const ExplainInputs& inputs, absl::Time now,
                                       absl::Span<const ParsedNumber> numbers,
                                       const TenantSide& tenant);

// Answers as of `moment`, with each number as the registry had it then. An event counts from its
// own time on, whichever release brought it. Ages are those of the data that had been obtained by
// then.
absl::StatusOr<Explanation> ExplainAsOf(const ExplainInputs& inputs, absl::Time moment,
                                        absl::Span<const ParsedNumber> numbers,
                                        const TenantSide& tenant);

// Tells what the server answered at `moment`, from the releases that were in force then. Fails with
// OUT_OF_RANGE, HISTORY_NOT_REACHED if that is no longer known.
absl::StatusOr<Explanation> ExplainAsAnswered(const ExplainInputs& inputs, absl::Time moment,
                                              absl::Span<const ParsedNumber> numbers,
                                              const TenantSide& tenant);

// Answers as Registry::History does.
absl::StatusOr<NumberHistory> HistoryOf(const ExplainInputs& inputs, Number number);

}  // namespace dnc
