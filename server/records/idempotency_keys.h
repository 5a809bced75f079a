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

// XXH3-128 of all that a write says, except for what may differ between repetitions: where no
// made_at was given it is the time of the call, so made_at does not count.
using WriteDigest = std::array<uint64_t, 2>;
WriteDigest ContentDigest(const RecordWrite& write);

struct StoredReply {
  absl::Time time;
  WriteDigest content{};
  WriteReply reply;
};

// Whether a stored answer is older than `age`. A damaged one never is: it stays, and a repetition
// of its write is refused.
bool RequestIsOld(std::string_view key, std::string_view value, absl::Time now, absl::Duration age);

std::string RequestKey(TenantNumber tenant, std::string_view request_id);
std::string EncodeReply(std::string_view key, const StoredReply& reply);
// DATA_LOSS OWN_LISTS_DAMAGED.
absl::StatusOr<StoredReply> DecodeReply(std::string_view key, std::string_view value);

}  // namespace dnc
