// The answers to writes that had a request id, kept so that a repetition gets the same answer.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/records/tenant_records.h"

namespace dnc {

// XXH3-128 of all that a write says, but for what differs between repetitions: times that were not
// given are set by the caller to the same for both only within a day, so made_at does not count.
using WriteDigest = std::array<uint64_t, 2>;
WriteDigest ContentDigest(const RecordWrite& write);

struct StoredReply {
  absl::Time time;
  WriteDigest content{};
  WriteReply reply;
};

// Whether a stored answer is older than `age`. One that is damaged is not: it refuses its
// repetition.
bool RequestIsOld(std::string_view key, std::string_view value, absl::Time now, absl::Duration age);

std::string RequestKey(TenantNumber tenant, std::string_view request_id);
std::string EncodeReply(std::string_view key, const StoredReply& reply);
// DATA_LOSS OWN_LISTS_DAMAGED.
absl::StatusOr<StoredReply> DecodeReply(std::string_view key, std::string_view value);

}  // namespace dnc
