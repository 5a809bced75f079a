// The columns of the tenants' store, for whoever opens one.
#pragma once

#include <vector>

#include "server/storage/store.h"

namespace dnc {

// Keys, positions and the directory; records; their changes; answered request ids.
inline std::vector<Column> TenantColumns() {
  return {Column::kMeta, Column::kRecords, Column::kRecordChanges, Column::kRequests};
}

}  // namespace dnc
