// What a tenant's lists hold of a number, as matches of an answer.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/records/tenant_records.h"
#include "server/scrub/explanation.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// Adds a match for each record that counts at `now` for calls of `scope`, and for each block that
// holds the number. `facts` is what FindFacts said of it; only matches for those are added.
absl::Status AddRecordMatches(const TenantRecords& tenant_records, const TenantView& tenant,
                              std::string_view scope, const Clock& clock, absl::Time now,
                              uint8_t facts, NumberReport& report);

}  // namespace dnc
