// The steps of a load as dncctl makes them: it sends the files, follows the load in the server to
// its end, and tells what it does or would do and what the guards found.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dnc/v1/load.pb.h"
#include "dnc/v1/registry_service.pb.h"
#include "tools/cli/progress_bar.h"
#include "tools/dncctl/session.h"

namespace dnc::cli {

// The files by kind, the area codes with their counts, and how many numbers become callable and no
// longer are.
void PrintPlan(const v1::Load& load, FILE* stream);

// Whether the list would answer for area codes for which it does not answer now.
bool HasFirstData(const v1::LoadPlan& plan);

// Prints what becomes callable and what no longer is; nothing if neither is known.
void PrintCallable(const v1::LoadPlan& plan, FILE* stream);

// Every finding with what was measured, its override and what that would make callable.
// `overridden`: those that were overridden, else those that were not.
void PrintFindings(const v1::Load& load, bool overridden, FILE* stream);

// Whether a finding refuses the load.
bool HasRefusals(const v1::Load& load);

// Uploads the files as one release, in chunks of 1 MiB, and returns the accepted load. A file that
// can't be read or changes its size meanwhile ends the upload; nothing is loaded then.
absl::StatusOr<v1::Load> Upload(Session& session, const v1::LoadOptions& options,
                                const std::vector<std::string>& paths, ProgressBar* bar);

bool IsEnded(const v1::Load& load);

// Returns the load as it ended, in whatever way. A server that goes away is waited for, and asked
// again when it is back. An error says nothing about the load, which may go on: the server did not
// answer for the session's timeout, or has come back without a record of the load.
// A load of which `enough` is true is returned before its end.
absl::StatusOr<v1::Load> WatchLoad(Session& session, const v1::Load& load, ProgressBar* bar,
                                   const std::function<bool(const v1::Load&)>& enough = nullptr);

}  // namespace dnc::cli
