// The names of published lists. Wherever a list is named, in a load, a policy, a tenant's terms or
// a question, its name is read here, so that `state:tx` and `state:TX` are one list everywhere.
#pragma once

#include <bitset>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/scrub/snapshot.h"

namespace dnc {

// A list's name taken apart: "state:TX" is {kState, "TX"}.
struct ListName {
  ListKind kind = ListKind::kNational;
  std::string qualifier;  // of state, litigator and other

  // The one way in which the name is written: "state:TX".
  std::string Written() const;
};

// Reads a name in any case and with white space around it or around its colon: the kind and the
// qualifier become lower case, a state's two letters upper case. INVALID_ARGUMENT, INVALID_REQUEST
// for other names: a qualifier has 1 to 40 letters, digits, '-' and '_'; a state's is that of a
// state with area codes.
absl::StatusOr<ListName> ParseListName(std::string_view name);

// ParseListName, written again: the canonical name.
absl::StatusOr<std::string> CanonicalListName(std::string_view name);

// The canonical name, or `name` as it is if it names no list: for what was stored or configured
// before, and compared with canonical names.
std::string CanonicalOrSame(std::string_view name);

// What the entries of a list of that kind mean, unless the policy says otherwise.
ListEffect DefaultEffect(ListKind kind);

// The area codes that the list has to cover: a state's list need not cover other states.
std::bitset<kAreaCodes> AreaCodesToCover(const ListName& name);

}  // namespace dnc
