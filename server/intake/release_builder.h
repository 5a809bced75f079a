// Builds a release: the files of a load against the list as it is.
//
// Asks every guard, and works out what the list will be and what has to be stored. Changes nothing:
// a release that is refused, or that was only to be looked at, is thrown away.
#pragma once

#include "absl/status/statusor.h"
#include "server/intake/guard_check.h"
#include "server/intake/parsed_files.h"
#include "server/registry/release_publisher.h"

namespace dnc {

// What the guards find goes to `guards`, and is no error here: the work goes on as if it were
// overridden, so all findings are told at once, and the plan shows what the load would do with its
// overrides. Ask for the outcome of `guards` before the release is used. Errors: NO_BASE, BAD_FILE,
// STORAGE.
absl::StatusOr<BuiltRelease> BuildRelease(const ReleaseBase& base, ParsedFiles files,
                                          GuardCheck& guards);

}  // namespace dnc
