// Errors inside the server: absl::Status with a reason that the RPC layer turns into a
// google.rpc.ErrorInfo. Messages tell the reader what happened and what to do next, and hold
// no full phone number.
//
//   return Error(absl::StatusCode::kFailedPrecondition, reason::kNoBase,
//                "area code 818 has no full list yet; load one first");
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace dnc {

// The values of dnc.v1.ErrorReason without their prefix; a test holds the two together.
namespace reason {
inline constexpr std::string_view kStarting = "STARTING";
inline constexpr std::string_view kBatchTooLarge = "BATCH_TOO_LARGE";
inline constexpr std::string_view kInvalidRequest = "INVALID_REQUEST";
inline constexpr std::string_view kRevisionNotReached = "REVISION_NOT_REACHED";
inline constexpr std::string_view kHistoryNotReached = "HISTORY_NOT_REACHED";
inline constexpr std::string_view kNotFound = "NOT_FOUND";
inline constexpr std::string_view kGuardRefused = "GUARD_REFUSED";
inline constexpr std::string_view kBadFile = "BAD_FILE";
inline constexpr std::string_view kDamagedFile = "DAMAGED_FILE";
inline constexpr std::string_view kPathNotAllowed = "PATH_NOT_ALLOWED";
inline constexpr std::string_view kLimitReached = "LIMIT_REACHED";
inline constexpr std::string_view kDiskFull = "DISK_FULL";
inline constexpr std::string_view kStorage = "STORAGE";
inline constexpr std::string_view kNoEarlierRelease = "NO_EARLIER_RELEASE";
inline constexpr std::string_view kNoBase = "NO_BASE";
inline constexpr std::string_view kNoDate = "NO_DATE";
inline constexpr std::string_view kStopping = "STOPPING";
inline constexpr std::string_view kInternal = "INTERNAL";
inline constexpr std::string_view kCallerGone = "CALLER_GONE";
inline constexpr std::string_view kDeadlinePassed = "DEADLINE_PASSED";
inline constexpr std::string_view kUnauthenticated = "UNAUTHENTICATED";
inline constexpr std::string_view kScopeMissing = "SCOPE_MISSING";
inline constexpr std::string_view kTenantSuspended = "TENANT_SUSPENDED";
inline constexpr std::string_view kNotSuspended = "NOT_SUSPENDED";
inline constexpr std::string_view kAlreadyExists = "ALREADY_EXISTS";
inline constexpr std::string_view kChangedMeanwhile = "CHANGED_MEANWHILE";
inline constexpr std::string_view kRequestIdReused = "REQUEST_ID_REUSED";
inline constexpr std::string_view kChangesTooOld = "CHANGES_TOO_OLD";
inline constexpr std::string_view kOwnListsDamaged = "OWN_LISTS_DAMAGED";
inline constexpr std::string_view kQuotaExceeded = "QUOTA_EXCEEDED";
inline constexpr std::string_view kCallableLimit = "CALLABLE_LIMIT";
inline constexpr std::string_view kStreamSilent = "STREAM_SILENT";
inline constexpr std::string_view kFirstData = "FIRST_DATA";
}  // namespace reason

// An error with a reason. `code` must not be kOk.
absl::Status Error(absl::StatusCode code, std::string_view reason, std::string_view message);

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
