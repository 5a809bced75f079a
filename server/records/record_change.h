// Changes of a tenant's lists as the store keeps them for WatchChanges; docs/formats.md has the
// bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/records/record_keys.h"
#include "server/records/tenant_records.h"
#include "server/tenants/list_journal.h"

namespace dnc {

// Changes that stand under one key: an entry of the store costs more than what is in it. Not
// thread-safe.
class ChangePack {
 public:
  // `record_key` and `record` as the record is stored.
  void Add(WriteOutcome outcome, std::string_view record_key, std::string_view record);
  bool empty() const { return count_ == 0; }
  // A reader takes a pack as a whole, so it has a limit.
  bool full() const { return count_ >= kMaxChanges || content_.size() >= kMaxBytes; }
  // The value to store under `key` (ChangeKey of the first change), of at least one change; the
  // pack is empty afterwards.
  std::string Take(std::string_view key);

 private:
  static constexpr size_t kMaxChanges = 256;
  static constexpr size_t kMaxBytes = 64 << 10;

  size_t count_ = 0;
  std::string content_;
};

// The value to store under `key` for a change of a list.
std::string EncodeListChange(std::string_view key, const ListChange& change);

// In the order of Add; of a change of a list each block by itself. DATA_LOSS OWN_LISTS_DAMAGED.
absl::StatusOr<std::vector<RecordChange>> DecodeRecordChanges(std::string_view key,
                                                              std::string_view value);

}  // namespace dnc
