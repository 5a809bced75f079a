// Any bytes as what the tenants' store keeps beside the records (answers to writes, changes), with
// a fitting checksum: refused, or read as something whose encoding is the same bytes again.
#include <string>
#include <string_view>

#include "server/base/check.h"
#include "server/records/idempotency_keys.h"
#include "server/records/record_change.h"
#include "server/storage/checked_value.h"

namespace {

void CheckReply(std::string_view key, std::string_view value) {
  const auto stored = dnc::DecodeReply(key, value);
  if (!stored.ok()) return;
  DNC_CHECK(dnc::EncodeReply(key, *stored) == value, "an answer has one encoding");
}

void CheckChange(std::string_view key, std::string_view value) {
  const auto changes = dnc::DecodeRecordChanges(key, value);
  if (!changes.ok()) return;
  const auto tenant = static_cast<dnc::TenantNumber>(dnc::GetNumber(key.substr(0, 4)));
  if (changes->front().what != dnc::RecordChange::What::kRecord) {
    const dnc::RecordChange& first = changes->front();
    dnc::ListChange of_list{first.list, first.outcome == dnc::WriteOutcome::kRemoved, {}};
    for (const dnc::RecordChange& change : *changes) {
      if (!change.block.empty()) of_list.blocks.push_back(change.block);
    }
    DNC_CHECK(dnc::EncodeListChange(key, of_list) == value, "changes have one encoding");
    return;
  }
  dnc::ChangePack pack;
  for (const dnc::RecordChange& change : *changes) {
    const std::string record_key = dnc::EncodeRecordKey(
        {.tenant = tenant, .number = change.record.number, .list = change.list});
    pack.Add(change.outcome, record_key, dnc::EncodeTenantRecord(record_key, change.record));
  }
  DNC_CHECK(pack.Take(key) == value, "changes have one encoding");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string request = dnc::RequestKey(1, "request");
  CheckReply(request, input);
  CheckReply(request, dnc::AddCheck(request, input));
  const std::string change = dnc::ChangeKey(1, 7, 0);
  CheckChange(change, input);
  CheckChange(change, dnc::AddCheck(change, input));
  CheckChange(input, dnc::AddCheck(input, input));
  // The same with a right record within, whose checksum the fuzzer can't guess.
  if (input.size() <= dnc::kRecordKeyBytes) return 0;
  std::string content(input);
  const std::string_view key = input.substr(1, dnc::kRecordKeyBytes);
  content.resize(1 + dnc::kRecordKeyBytes);
  content += dnc::AddCheck(key, input.substr(content.size()));
  CheckChange(change, dnc::AddCheck(change, content));
  // And twice in a pack.
  std::string record = content.substr(1 + dnc::kRecordKeyBytes);
  std::string entry = content.substr(0, 1 + dnc::kRecordKeyBytes);
  dnc::PutNumber(entry, record.size(), 4);
  entry += record;
  CheckChange(change, dnc::AddCheck(change, "\x80" + entry + entry));
  return 0;
}
