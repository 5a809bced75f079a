// A change of a tenant's list as the store keeps it for WatchChanges; docs/formats.md has the
// bytes.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/tenants/own_keys.h"
#include "server/tenants/own_lists.h"

namespace dnc {

// `key` is the change's (ChangeKey), `record_key` and `record` are the record as it is stored.
std::string EncodeOwnChange(std::string_view key, WriteOutcome outcome, std::string_view record_key,
                            std::string_view record);

// DATA_LOSS OWN_LISTS_DAMAGED.
absl::StatusOr<OwnChange> DecodeOwnChange(std::string_view key, std::string_view value);

}  // namespace dnc
