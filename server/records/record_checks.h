// What a record must be to be accepted.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "server/records/tenant_record.h"

namespace dnc {

// The least that a do-not-call request is kept (16 CFR 310.5): five years.
inline constexpr int kKeepYears = 5;

// Why the record cannot be on a list of that kind, told to whoever sent it; empty if it can.
std::string WhyRefused(TenantListKind kind, const TenantRecord& record, absl::Time now);

}  // namespace dnc
