// Shared by the sources of explain.h: lists as they count for one answer. Only explain*.cc include
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/registry/explain.h"
#include "server/registry/registry_state.h"

namespace dnc {

// A list as an answer uses it.
struct ListView {
  SnapshotListPtr list;
  ListStatePtr state;           // its history tells since when a number is listed; may be null
  uint64_t up_to = UINT64_MAX;  // counts events of releases up to this one,
  absl::Time until = absl::InfiniteFuture();  // with times up to this
};

// Makes the answer that these lists give. Ages are measured at `moment`.
absl::StatusOr<Explanation> ExplainViews(const ExplainInputs& in,
                                         const std::vector<ListView>& views, absl::Time moment,
                                         absl::Span<const ParsedNumber> numbers,
                                         const TenantSide& tenant);

// Returns the area codes of the numbers.
std::set<int> AskedAreaCodes(absl::Span<const ParsedNumber> numbers);

// Returns the names of all lists that may count: those of the policy in its order, then the others.
std::vector<std::string> ListNames(const ExplainInputs& in);

}  // namespace dnc
