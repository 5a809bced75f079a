// The published lists: what is loaded, how it changes, what it was.
//
// The registry owns the releases of all lists, on disk through the store and in memory as a
// snapshot that scrubs read. New releases come through its publisher (release_publisher.h);
// whatever happens, a release becomes visible and durable as a whole or not at all.
//
//   DNC_ASSIGN_OR_RETURN(auto registry, Registry::Open(options, store, clock, &order));
//   SnapshotPtr snapshot = registry->snapshot();   // null while starting
//
// All methods are thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/numbers/phone_number.h"
#include "server/registry/callable_count.h"
#include "server/registry/list_info.h"
#include "server/registry/number_history.h"
#include "server/registry/policy.h"
#include "server/registry/release_info.h"
#include "server/scrub/engine.h"
#include "server/scrub/explanation.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/verdict.h"

namespace dnc {

struct RegistryOptions {
  std::string data_dir;
  Policy policy;
  // For whom what becomes callable is counted beside the policy; called while a list changes, from
  // any thread, and until the registry is gone.
  Askers askers;
  int load_threads = 0;  // that read the stored releases at the start; 0: the processor's
  uint64_t history_cache_bytes = 64ULL << 20;
  int keep_releases = 1;    // releases before the one in force to go back to
  int max_releases = 2000;  // of a list, with their history; at least keep_releases + 3
  int max_lists = 1000;     // retired ones included
};

class ReleasePublisher;
class Store;

class Registry {
 public:
  // Returns at once; reading and verifying the stored releases goes on in the background, and
  // snapshot() is null until it has ended. Calls that need the data fail with UNAVAILABLE,
  // STARTING before. The stored revision is in `order` when Open returns. What is given must
  // outlive the registry.
  static absl::StatusOr<std::unique_ptr<Registry>> Open(RegistryOptions options, Store* store,
                                                        const Clock* clock, RevisionOrder* order);
  // Nobody may be in a call of it or of its publisher any more.
  virtual ~Registry() = default;

  // Puts new releases in force; it lives as long as the registry. Used by intake alone.
  virtual ReleasePublisher* publisher() = 0;

  // The view to scrub with: take it once a batch. Null while starting.
  virtual SnapshotPtr snapshot() const = 0;

  // Waits until starting has ended, well or not. For programs that start and then announce.
  virtual absl::Status WaitUntilReady() const = 0;

  // Names of lists may be written in any case (list_name.h), here and wherever one is given.
  // Newest first; empty `list`: of all lists.
  virtual absl::StatusOr<std::vector<ReleaseInfo>> ListReleases(std::string_view list, size_t limit,
                                                                uint64_t before_id) const = 0;
  virtual absl::StatusOr<CoverageInfo> Coverage(std::string_view list) const = 0;
  virtual std::vector<ListInfo> Lists() const = 0;

  // Goes back to the release before; `expected` (0: any) must be in force. NOT_FOUND,
  // NO_EARLIER_RELEASE, CALLABLE_LIMIT.
  virtual absl::StatusOr<RolledBack> RollBack(std::string_view list, uint64_t expected,
                                              const ChangeLimits& limits) = 0;
  // Takes a list out of every scrub; its history goes on answering for its time. NOT_FOUND,
  // CALLABLE_LIMIT.
  virtual absl::StatusOr<Retired> Retire(std::string_view list, const ChangeLimits& limits) = 0;

  virtual absl::StatusOr<NumberHistory> History(Number number) const = 0;

  // Answers numbers with everything known, now or as of a moment. Reads the disk: not for the
  // fast path. Errors: HISTORY_NOT_REACHED, STARTING, STORAGE.
  virtual absl::StatusOr<Explanation> Explain(absl::Span<const ParsedNumber> numbers,
                                              std::optional<AskedMoment> moment,
                                              const TenantSide& tenant) const = 0;
};

}  // namespace dnc
