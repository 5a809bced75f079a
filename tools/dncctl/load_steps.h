// The steps of a load as dncctl makes them: it sends the files, follows the load in the server to
// its end, and reports what it does or would do and what the guards found.
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

// Prints the files by kind, the area codes with their counts, and how many numbers become callable
// or stop being callable.
void PrintPlan(const v1::Load& load, FILE* stream);

// Returns whether the list would cover area codes that it does not cover now.
bool HasFirstData(const v1::LoadPlan& plan);

// Prints how many numbers become callable and how many no longer are; nothing if neither is known.
void PrintCallable(const v1::LoadPlan& plan, FILE* stream);

// Prints every finding with what was measured, its override, and what that would make callable.
// `overridden` selects the findings that were overridden, or those that were not.
void PrintFindings(const v1::Load& load, bool overridden, FILE* stream);

// Returns whether a finding refuses the load.
bool HasRefusals(const v1::Load& load);

// Uploads the files as one release, in chunks of 1 MiB, and returns the accepted load. A file that
// cannot be read, or that changes its size meanwhile, ends the upload, and nothing is loaded.
absl::StatusOr<v1::Load> Upload(Session& session, const v1::LoadOptions& options,
                                const std::vector<std::string>& paths, ProgressBar* bar);

bool IsEnded(const v1::Load& load);

// Returns the load when it has ended, in whatever way. If the server goes away, waits for it and
// asks again when it is back. An error says nothing about the load, which may go on: the server did
// not answer for the session's timeout, or came back without a record of the load. If `enough`
// returns true for a load, it is returned before its end.
absl::StatusOr<v1::Load> WatchLoad(Session& session, const v1::Load& load, ProgressBar* bar,
                                   const std::function<bool(const v1::Load&)>& enough = nullptr);

}  // namespace dnc::cli
