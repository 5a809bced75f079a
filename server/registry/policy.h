// Which lists count in a scrub, and how. Configuration section `policy`.
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
// True for lists whose file speaks for every area code (all but the national registry).
bool CoversAll(ListKind kind);

struct PolicyList {
  std::string name;  // canonical (list_name.h)
  bool required = true;
  std::optional<ListEffect> effect;       // default: by kind
  std::optional<absl::Duration> max_age;  // default: by kind
};

struct Policy {
  // Lists that count, in their order of report.
  std::vector<PolicyList> lists = {PolicyList{.name = "national"}};
  // Whether lists that are loaded but not named count too, with the defaults of their kind.
  bool other_loaded_lists = true;
};

// What an entry of the list means.
ListEffect EffectOf(const PolicyList& list);
absl::Duration DefaultMaxAge(ListKind kind);

}  // namespace dnc
