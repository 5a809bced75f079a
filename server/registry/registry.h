// The published lists: what is loaded, how it changes, and what it was before.
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
  // The tenants for whom callable numbers are counted, beside the policy. Called while a list
  // changes, from any thread, until the registry is destroyed.
  Askers askers;
  // How many threads read the stored releases at the start; 0: as many as the processor has.
  int load_threads = 0;
  uint64_t history_cache_bytes = 64ULL << 20;
  int keep_releases = 1;    // releases before the one in force that can be gone back to
  int max_releases = 2000;  // for each list, with their history; at least keep_releases + 3
  int max_lists = 1000;     // counts retired lists too
};

class ReleasePublisher;
class Store;

class Registry {
 public:
  // Returns at once. Reading and verifying the stored releases goes on in the background, and
  // snapshot() is null until that has ended; until then calls that need the data fail with
  // UNAVAILABLE, STARTING. The stored revision is in `order` when Open returns. All arguments must
  // outlive the registry.
  static absl::StatusOr<std::unique_ptr<Registry>> Open(RegistryOptions options, Store* store,
                                                        const Clock* clock, RevisionOrder* order);
  // No call of the registry or of its publisher may be running any more.
  virtual ~Registry() = default;

  // Returns what puts new releases in force; it lives as long as the registry. Only intake uses it.
  virtual ReleasePublisher* publisher() = 0;

  // Returns the view to scrub with: take it once a batch. Null while starting.
  virtual SnapshotPtr snapshot() const = 0;

  // Waits until starting has ended, well or not. For programs that announce when they are ready.
  virtual absl::Status WaitUntilReady() const = 0;

  // Returns releases, newest first; those of all lists if `list` is empty. Here and in every other
  // call, the names of lists may be written in any case (list_name.h).
  virtual absl::StatusOr<std::vector<ReleaseInfo>> ListReleases(std::string_view list, size_t limit,
                                                                uint64_t before_id) const = 0;
  virtual absl::StatusOr<CoverageInfo> Coverage(std::string_view list) const = 0;
  virtual std::vector<ListInfo> Lists() const = 0;

  // Goes back to the release before; `expected` (0: any) must be in force. Fails with NOT_FOUND,
  // NO_EARLIER_RELEASE or CALLABLE_LIMIT.
  virtual absl::StatusOr<RolledBack> RollBack(std::string_view list, uint64_t expected,
                                              const ChangeLimits& limits) = 0;
  // Takes a list out of every scrub; its history still answers for its time. Fails with NOT_FOUND
  // or CALLABLE_LIMIT.
  virtual absl::StatusOr<Retired> Retire(std::string_view list, const ChangeLimits& limits) = 0;

  virtual absl::StatusOr<NumberHistory> History(Number number) const = 0;

  // Answers numbers with everything known, now or as of a moment. It reads the disk, so it is not
  // for the fast path. Fails with HISTORY_NOT_REACHED, STARTING or STORAGE.
  virtual absl::StatusOr<Explanation> Explain(absl::Span<const ParsedNumber> numbers,
                                              std::optional<AskedMoment> moment,
                                              const TenantSide& tenant) const = 0;
};

}  // namespace dnc
