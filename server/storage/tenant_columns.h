// The columns of the tenants' store, for all code that opens one.
#pragma once

#include <vector>

#include "server/storage/store.h"

namespace dnc {

// Returns the columns for keys, positions and the directory; for records; for their changes; and
// for answered request ids.
inline std::vector<Column> TenantColumns() {
  return {Column::kMeta, Column::kRecords, Column::kRecordChanges, Column::kRequests};
}

}  // namespace dnc
