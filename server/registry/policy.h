// Says which lists count in a scrub, and how. The configuration section `policy` sets it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/formats/registry_file.h"
#include "server/scrub/list_name.h"
#include "server/scrub/snapshot.h"

namespace dnc {

FileDialect DialectOf(ListKind kind);
// Returns whether a list of this kind speaks for every area code, as all kinds except the national
// registry do.
bool CoversAll(ListKind kind);

struct PolicyList {
  std::string name;  // canonical (list_name.h)
  bool required = true;
  std::optional<ListEffect> effect;       // default depends on the kind
  std::optional<absl::Duration> max_age;  // default depends on the kind
};

struct Policy {
  // The lists that count, in the order in which they are reported.
  std::vector<PolicyList> lists = {PolicyList{.name = "national"}};
  // Whether lists that are loaded but not named also count, with the defaults of their kind.
  bool other_loaded_lists = true;
};

// Returns what being on the list means.
ListEffect EffectOf(const PolicyList& list);
absl::Duration DefaultMaxAge(ListKind kind);

}  // namespace dnc
