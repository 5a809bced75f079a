// A release in the making: the files of a load against the release before them.
//
// Asks every guard, and works out what the list will be and what has to be stored. Changes
// nothing: a draft that is refused, or that was only to be looked at, is thrown away.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/registry/area_history.h"
#include "server/registry/guard_check.h"
#include "server/registry/load_plan.h"
#include "server/registry/parsed_files.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

struct BuiltRelease {
  // The list as it will be. Its `head` is complete but for the revision and the time of publishing.
  std::shared_ptr<ListState> list;
  ReleaseContent content;
  storage::Release release;  // with its files
  LoadPlan plan;             // as if all that the guards found were overridden
  std::set<int> reloaded;    // area codes of which it has a full list
};

struct BuilderInputs {
  const RegistryState* state = nullptr;
  ListStatePtr before;  // the list now; never null
  uint64_t release_id = 0;
  uint64_t rebase_below = 0;  // area codes must not need changes of releases up to this one
  absl::Time now;
  const Policy* policy = nullptr;
  Askers askers;
  const ReleaseStore* store = nullptr;
  HistoryCache* histories = nullptr;
};

// What the guards find goes to `guards`, and is no error here: ask for its outcome before the draft
// is used. Errors: NO_BASE, BAD_FILE, STORAGE.
absl::StatusOr<BuiltRelease> BuildRelease(const BuilderInputs& inputs, ParsedFiles staged,
                                          GuardCheck& guards);

}  // namespace dnc
