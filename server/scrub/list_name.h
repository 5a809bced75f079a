// Reads the names of published lists. Every list that is named in a load, a policy, a tenant's
// terms or a question is read here, so that `state:tx` and `state:TX` are the same list everywhere.
#pragma once

#include <bitset>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/scrub/snapshot.h"

namespace dnc {

// A list's name in parts: "state:TX" is {kState, "TX"}.
struct ListName {
  ListKind kind = ListKind::kNational;
  std::string qualifier;  // for state, litigator and other

  // Returns the only way in which the name is written: "state:TX".
  std::string Written() const;
};

// Reads a name in any case, with white space around it or around its colon. The kind and the
// qualifier become lower case, a state's two letters upper case. Fails with INVALID_ARGUMENT,
// INVALID_REQUEST for other names: a qualifier has 1 to 40 letters, digits, '-' and '_', and a
// state's qualifier must be a state with area codes.
absl::StatusOr<ListName> ParseListName(std::string_view name);

// Reads a name and returns it in its canonical form.
absl::StatusOr<std::string> CanonicalListName(std::string_view name);

// Returns the canonical name, or `name` unchanged if it names no list. It is for names that were
// stored or configured earlier and are compared with canonical ones.
std::string CanonicalOrSame(std::string_view name);

// Returns what being on a list of that kind means unless the policy says otherwise.
ListEffect DefaultEffect(ListKind kind);

// Returns the area codes that the list has to cover: a state's list need not cover other states.
std::bitset<kAreaCodes> AreaCodesToCover(const ListName& name);

}  // namespace dnc
