#include "server/tenants/own_change.h"

#include "server/base/status_macros.h"
#include "server/storage/sealed_value.h"

namespace dnc {
namespace {
constexpr size_t kChangeKeyBytes = 4 + 8 + 8;
}  // namespace

std::string EncodeOwnChange(std::string_view key, WriteOutcome outcome, std::string_view record_key,
                            std::string_view record) {
  std::string content(1, static_cast<char>(outcome));
  content.append(record_key);
  content.append(record);
  return SealValue(key, content);
}

absl::StatusOr<OwnChange> DecodeOwnChange(std::string_view key, std::string_view value) {
  const auto content = UnsealValue(key, value);
  if (key.size() != kChangeKeyBytes || !content.has_value() || content->size() < 1 + kOwnKeyBytes) {
    return OwnListsDamaged("a change of a tenant's list is damaged");
  }
  OwnChange change;
  change.revision = GetNumber(key.substr(4, 8));
  change.outcome = static_cast<WriteOutcome>(content->front());
  if (change.outcome != WriteOutcome::kAdded && change.outcome != WriteOutcome::kUpdated &&
      change.outcome != WriteOutcome::kRemoved) {
    return OwnListsDamaged("a change of a tenant's list is of no known kind");
  }
  const std::string_view record_key = content->substr(1, kOwnKeyBytes);
  DNC_ASSIGN_OR_RETURN(const OwnKey decoded, DecodeOwnKey(record_key));
  if (decoded.tenant != GetNumber(key.substr(0, 4))) {
    return OwnListsDamaged("a change of a tenant's list has a record of another tenant");
  }
  DNC_ASSIGN_OR_RETURN(change.record,
                       DecodeOwnRecord(record_key, content->substr(1 + kOwnKeyBytes)));
  change.list = decoded.list;
  return change;
}

}  // namespace dnc
