// The published lists: what is loaded, how it changes, what it was.
//
// The registry owns the releases of all lists, on disk through the store and in memory as a
// snapshot that scrubs read. Loads run one after another on a thread of their own; whatever
// happens, a release becomes visible and durable as a whole or not at all.
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
#include "server/formats/registry_file.h"
#include "server/numbers/phone_number.h"
#include "server/registry/callable_count.h"
#include "server/registry/guards.h"
#include "server/registry/load_plan.h"
#include "server/registry/policy.h"
#include "server/scrub/engine.h"
#include "server/scrub/explanation.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/verdict.h"

namespace dnc {

struct RegistryOptions {
  std::string data_dir;
  std::vector<std::string> load_dirs;  // folders that StartLoad may read; absolute
  Policy policy;
  // For whom what becomes callable is counted beside the policy; called while a list changes, from
  // any thread, and until the registry is gone.
  Askers askers;
  GuardLimits guards;
  ReadLimits read_limits;
  int load_threads = 0;  // 0: the processor's
  int max_waiting_loads = 16;
  uint64_t max_upload_bytes = 8ULL << 30;  // of one load
  uint64_t history_cache_bytes = 64ULL << 20;
  int keep_releases = 1;          // releases before the one in force to go back to
  int max_releases = 2000;        // of a list, with their history; at least keep_releases + 3
  int max_lists = 1000;           // retired ones included
  int max_load_records = 10'000;  // records of past loads kept
};

struct FileReport {
  std::string name;
  uint64_t size_bytes = 0;
  std::string sha256;
  FileKind kind = FileKind::kUnknown;
  std::string format;
  uint64_t records = 0;
  uint64_t duplicates = 0;
  uint64_t unassignable = 0;
  uint64_t left_out = 0;
  absl::Time obtained_at = absl::InfinitePast();
};

struct ReleaseInfo {
  uint64_t id = 0;
  std::string list;
  uint64_t revision = 0;
  absl::Time published_at;
  absl::Time obtained_at_oldest;
  absl::Time obtained_at_newest;
  uint64_t numbers = 0;
  uint32_t area_codes = 0;
  uint64_t added = 0;
  uint64_t deleted = 0;
  uint64_t no_effect = 0;
  std::string digest;
  std::vector<FileReport> files;
  uint64_t parent_id = 0;
  bool in_force = false;
  bool kept = false;
};

struct LoadFile {
  std::string path;
  std::string name;
};

struct LoadOptions {
  std::string list = "national";
  // Whether somebody said which list it is. Otherwise each file must look like the national
  // registry's, by its form and its name.
  bool list_told = true;
  std::optional<absl::Time> obtained_at;
  std::vector<std::string> allow;  // findings that are overridden, each by its own name
  CsvOptions csv;
  std::string requested_by;
  bool dry_run = false;                    // compares, and changes nothing
  std::optional<uint64_t> callable_limit;  // numbers that may become callable
  bool refuse_first = false;               // first data is refused, so that a person is asked
};

enum class LoadState : uint8_t { kWaiting = 1, kReading, kStoring, kSucceeded, kRefused };

struct LoadInfo {
  uint64_t id = 0;
  std::string list;
  LoadState state = LoadState::kWaiting;
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;
  uint64_t records_done = 0;
  absl::Time created_at;
  absl::Time ended_at = absl::InfinitePast();  // InfinitePast: not yet
  std::vector<FileReport> files;
  std::optional<ReleaseInfo> release;
  absl::Status error;
  std::vector<Guard> overridden;
  std::string requested_by;
  std::vector<GuardFinding> findings;
  std::optional<LoadPlan> plan;  // once the files have been compared; not kept over a restart
  bool dry_run = false;
};

enum class CoverageState : uint8_t { kCovered = 1, kStale = 2, kDamaged = 3 };

struct AreaInfo {
  int area_code = 0;
  CoverageState state = CoverageState::kDamaged;
  uint64_t numbers = 0;
  absl::Time obtained_at;
  absl::Time stale_at;
  std::string digest;
  uint64_t release_id = 0;
  absl::Time history_since;
  absl::Time known_by_silence_at = absl::InfinitePast();  // InfinitePast: nothing by silence
};

struct CoverageInfo {
  std::string list;
  uint64_t release_id = 0;
  std::vector<AreaInfo> areas;  // ascending
  bool covers_all = false;
};

struct ListInfo {
  std::string list;
  ListEffect effect = ListEffect::kDeny;
  bool required = true;
  absl::Duration max_age;
  std::optional<ReleaseInfo> release;  // without its files
  uint32_t covered = 0;
  uint32_t stale = 0;
  uint32_t damaged = 0;
};

enum class HistoryAction : uint8_t {
  kFirstSeen = 1,
  kAdded = 2,
  kDeleted = 3,
  kRetired = 4,
  kRolledBack = 5,
};

struct HistoryEvent {
  std::string list;
  HistoryAction action = HistoryAction::kAdded;
  absl::Time time;
  uint64_t release_id = 0;
  std::string requested_by;  // of kRetired and kRolledBack
  std::string reason;
};

struct NumberHistory {
  std::vector<HistoryEvent> events;  // oldest first
  std::vector<std::string> listed_on;
};

// How far a rollback or a retirement may go, and who asks for it.
struct ChangeLimits {
  bool dry_run = false;                    // tell what it would do, and change nothing
  std::optional<uint64_t> callable_limit;  // refuse if more numbers would become callable
  std::string requested_by = {};           // for the record, like `reason`: with the id of a key
  std::string reason = {};
};

// What a rollback does or would do.
struct RolledBack {
  ReleaseInfo release;    // in force afterwards
  uint64_t revision = 0;  // of the change; 0: a dry run
  uint64_t becomes_callable = 0;
  uint64_t no_longer_callable = 0;
};

// What a retirement does or would do.
struct Retired {
  uint64_t revision = 0;  // of the change; 0: a dry run
  uint64_t becomes_callable = 0;
  bool required = false;  // the policy requires the list
};

class Store;

class Registry {
 public:
  // Returns at once; reading and verifying the stored releases goes on in the background, and
  // snapshot() is null until it has ended. Calls that need the data fail with UNAVAILABLE,
  // STARTING before. The stored revision is in `order` when Open returns. What is given must
  // outlive the registry.
  static absl::StatusOr<std::unique_ptr<Registry>> Open(RegistryOptions options, Store* store,
                                                        const Clock* clock, RevisionOrder* order);
  // Stops a running load at its next step; nothing half-done stays.
  virtual ~Registry() = default;

  // The view to scrub with: take it once a batch. Null while starting.
  virtual SnapshotPtr snapshot() const = 0;

  // Waits until starting has ended, well or not. For programs that start and then announce.
  virtual absl::Status WaitUntilReady() const = 0;

  // Queues a load of files that lie in `load_dirs`. INVALID_REQUEST also for an override without
  // what it is of. Errors: PATH_NOT_ALLOWED, NOT_FOUND,
  // INVALID_REQUEST, LIMIT_REACHED, STOPPING.
  virtual absl::StatusOr<LoadInfo> StartLoad(const LoadOptions& options,
                                             const std::vector<std::string>& paths) = 0;

  // A new folder for an upload, below the data folder; at the next start leftovers are removed.
  virtual absl::StatusOr<std::string> NewUploadDir() = 0;
  // Queues a load of files in such a folder, and removes the folder when the load has ended or
  // was not accepted.
  virtual absl::StatusOr<LoadInfo> StartUploadedLoad(const LoadOptions& options,
                                                     const std::string& upload_dir,
                                                     const std::vector<LoadFile>& files) = 0;

  virtual absl::StatusOr<LoadInfo> GetLoad(uint64_t id) const = 0;
  // Newest first, at most `limit`, with ids below `before_id` (0: all).
  virtual std::vector<LoadInfo> ListLoads(size_t limit, uint64_t before_id) const = 0;

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
