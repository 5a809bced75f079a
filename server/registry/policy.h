// Which lists count in a scrub, and how. Configuration section `policy`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/formats/registry_file.h"
#include "server/scrub/snapshot.h"

namespace dnc {

// A list's name taken apart: "state:TX" is {kState, "TX"}.
struct ListName {
  ListKind kind = ListKind::kNational;
  std::string qualifier;  // of state, litigator and other
};

// INVALID_ARGUMENT, INVALID_REQUEST for other names. A qualifier has 1 to 40 letters, digits, '-'
// and
// '_'; a state's is two upper-case letters of a state with area codes.
absl::StatusOr<ListName> ParseListName(std::string_view name);

FileDialect DialectOf(ListKind kind);
// True for lists whose file speaks for every area code (all but the national registry).
bool CoversAll(ListKind kind);

struct PolicyList {
  std::string name;
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

ListEffect DefaultEffect(ListKind kind);
absl::Duration DefaultMaxAge(ListKind kind);

}  // namespace dnc
