// The changes of a tenant's lists as the store keeps them for WatchChanges: with tenant_record.h
// the place where values become bytes, and bytes become values. docs/internals/disk-format.md
// describes the bytes.
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

// Several changes under one key, because an entry of the store costs more than what is in it. Not
// thread-safe.
class ChangePack {
 public:
  // `record_key` and `record` as the record is stored.
  void Add(WriteOutcome outcome, std::string_view record_key, std::string_view record);
  bool empty() const { return count_ == 0; }
  // A reader takes a pack as a whole, so there is a limit to it.
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

// The changes in the order of Add; a change of a list has one for each block. DATA_LOSS
// OWN_LISTS_DAMAGED.
absl::StatusOr<std::vector<RecordChange>> DecodeRecordChanges(std::string_view key,
                                                              std::string_view value);

}  // namespace dnc
