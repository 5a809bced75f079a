// Errors inside the server: absl::Status with a reason that the RPC layer turns into a
// google.rpc.ErrorInfo. Messages tell the reader what happened and what to do next, and hold
// no full phone number.
//
//   return Error(reason::kNoBase,
//                "area code 818 has no full list yet; load one first");
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace dnc {

// Why something failed, and the status code that follows from it: a value of dnc.v1.ErrorReason
// without its prefix. A few reasons have several codes, by what the caller can do about it: then
// each code has a constant of its own with the same name. This is the one map from reasons to
// codes; docs/api.md has it as a table, and a test holds the two together.
struct FailureReason {
  std::string_view name;
  absl::StatusCode code;

  // A reason stands for its name where one is told or compared.
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr operator std::string_view() const { return name; }
  friend constexpr bool operator==(std::string_view a, const FailureReason& b) {
    return a == b.name;
  }
  friend std::ostream& operator<<(std::ostream& out, const FailureReason& reason) {
    return out << reason.name;
  }
};

namespace reason {
inline constexpr FailureReason kStarting{"STARTING", absl::StatusCode::kUnavailable};
inline constexpr FailureReason kBatchTooLarge{"BATCH_TOO_LARGE",
                                              absl::StatusCode::kInvalidArgument};
inline constexpr FailureReason kInvalidRequest{"INVALID_REQUEST",
                                               absl::StatusCode::kInvalidArgument};
inline constexpr FailureReason kInvalidNow{"INVALID_REQUEST",
                                           absl::StatusCode::kFailedPrecondition};
inline constexpr FailureReason kCannotListen{"INVALID_REQUEST", absl::StatusCode::kUnavailable};
inline constexpr FailureReason kRevisionNotReached{"REVISION_NOT_REACHED",
                                                   absl::StatusCode::kFailedPrecondition};
inline constexpr FailureReason kHistoryNotReached{"HISTORY_NOT_REACHED",
                                                  absl::StatusCode::kOutOfRange};
inline constexpr FailureReason kNotFound{"NOT_FOUND", absl::StatusCode::kNotFound};
inline constexpr FailureReason kGuardRefused{"GUARD_REFUSED",
                                             absl::StatusCode::kFailedPrecondition};
inline constexpr FailureReason kBadFile{"BAD_FILE", absl::StatusCode::kInvalidArgument};
inline constexpr FailureReason kDamagedFile{"DAMAGED_FILE", absl::StatusCode::kDataLoss};
inline constexpr FailureReason kPathNotAllowed{"PATH_NOT_ALLOWED",
                                               absl::StatusCode::kPermissionDenied};
inline constexpr FailureReason kLimitReached{"LIMIT_REACHED", absl::StatusCode::kResourceExhausted};
inline constexpr FailureReason kDiskFull{"DISK_FULL", absl::StatusCode::kResourceExhausted};
inline constexpr FailureReason kStorage{"STORAGE", absl::StatusCode::kInternal};
inline constexpr FailureReason kStorageDamaged{"STORAGE", absl::StatusCode::kDataLoss};
inline constexpr FailureReason kStorageUnusable{"STORAGE", absl::StatusCode::kFailedPrecondition};
inline constexpr FailureReason kStorageOutOfFiles{"STORAGE", absl::StatusCode::kResourceExhausted};
inline constexpr FailureReason kStorageMissing{"STORAGE", absl::StatusCode::kNotFound};
inline constexpr FailureReason kNoEarlierRelease{"NO_EARLIER_RELEASE",
                                                 absl::StatusCode::kFailedPrecondition};
inline constexpr FailureReason kNoBase{"NO_BASE", absl::StatusCode::kFailedPrecondition};
inline constexpr FailureReason kNoDate{"NO_DATE", absl::StatusCode::kInvalidArgument};
inline constexpr FailureReason kStopping{"STOPPING", absl::StatusCode::kUnavailable};
inline constexpr FailureReason kLoadStopped{"STOPPING", absl::StatusCode::kCancelled};
inline constexpr FailureReason kInternal{"INTERNAL", absl::StatusCode::kInternal};
inline constexpr FailureReason kOutOfMemory{"INTERNAL", absl::StatusCode::kResourceExhausted};
inline constexpr FailureReason kInternalOrder{"INTERNAL", absl::StatusCode::kFailedPrecondition};
inline constexpr FailureReason kCallerGone{"CALLER_GONE", absl::StatusCode::kCancelled};
inline constexpr FailureReason kDeadlinePassed{"DEADLINE_PASSED",
                                               absl::StatusCode::kDeadlineExceeded};
inline constexpr FailureReason kUnauthenticated{"UNAUTHENTICATED",
                                                absl::StatusCode::kUnauthenticated};
inline constexpr FailureReason kScopeMissing{"SCOPE_MISSING", absl::StatusCode::kPermissionDenied};
inline constexpr FailureReason kTenantSuspended{"TENANT_SUSPENDED",
                                                absl::StatusCode::kPermissionDenied};
inline constexpr FailureReason kNotSuspended{"NOT_SUSPENDED",
                                             absl::StatusCode::kFailedPrecondition};
inline constexpr FailureReason kAlreadyExists{"ALREADY_EXISTS", absl::StatusCode::kAlreadyExists};
inline constexpr FailureReason kChangedMeanwhile{"CHANGED_MEANWHILE", absl::StatusCode::kAborted};
inline constexpr FailureReason kRequestIdReused{"REQUEST_ID_REUSED",
                                                absl::StatusCode::kInvalidArgument};
inline constexpr FailureReason kChangesTooOld{"CHANGES_TOO_OLD", absl::StatusCode::kOutOfRange};
inline constexpr FailureReason kOwnListsDamaged{"OWN_LISTS_DAMAGED", absl::StatusCode::kDataLoss};
inline constexpr FailureReason kQuotaExceeded{"QUOTA_EXCEEDED",
                                              absl::StatusCode::kResourceExhausted};
inline constexpr FailureReason kCallableLimit{"CALLABLE_LIMIT",
                                              absl::StatusCode::kFailedPrecondition};
inline constexpr FailureReason kStreamSilent{"STREAM_SILENT", absl::StatusCode::kDeadlineExceeded};
inline constexpr FailureReason kMalformedCall{"MALFORMED_CALL", absl::StatusCode::kInternal};
inline constexpr FailureReason kNotSupported{"NOT_SUPPORTED", absl::StatusCode::kUnimplemented};
inline constexpr FailureReason kFirstData{"FIRST_DATA", absl::StatusCode::kFailedPrecondition};
}  // namespace reason

// An error with a reason, and the code that follows from it.
absl::Status Error(const FailureReason& reason, std::string_view message);

// A refusal by a guard: FAILED_PRECONDITION, GUARD_REFUSED, and the guard's name, for example
// "shrink".
absl::Status GuardError(std::string_view guard, std::string_view message);

// A refusal because of a quota: RESOURCE_EXHAUSTED, QUOTA_EXCEEDED, and after what time a
// repetition can succeed.
absl::Status QuotaError(std::string_view message, absl::Duration retry_after);

// A refusal because more numbers would become callable than the caller has confirmed:
// FAILED_PRECONDITION, CALLABLE_LIMIT, and how many they are.
absl::Status CallableLimitError(uint64_t becomes_callable, uint64_t limit);

// The same error with the time after which a repetition can succeed.
absl::Status WithRetryAfter(absl::Status status, absl::Duration retry_after);

// The same error with an entry for the metadata of google.rpc.ErrorInfo, for a program: the limit
// that a batch exceeds, how many numbers would become callable.
absl::Status WithMetadata(absl::Status status, std::string_view key, std::string_view value);

// All of these entries, the guard and the time apart.
std::map<std::string, std::string> ErrorMetadata(const absl::Status& status);

// A batch of `count` items (`what`: "numbers in one batch"), of which the server takes fewer:
// INVALID_ARGUMENT, BATCH_TOO_LARGE, with the limit in the metadata `max_batch`. `remedy` says what
// to do.
absl::Status BatchTooLarge(size_t count, std::string_view what, int max_batch,
                           std::string_view remedy);

// The reason of an error; kInternal if it has none.
std::string ErrorReason(const absl::Status& status);

// The guard that refused, or an empty string.
std::string ErrorGuard(const absl::Status& status);

// After what time to try again; zero if the error does not say.
absl::Duration RetryAfter(const absl::Status& status);

// The same error with `prefix` and ": " before its message; reason, guard and time are kept.
absl::Status WithPrefix(const absl::Status& status, std::string_view prefix);

}  // namespace dnc
