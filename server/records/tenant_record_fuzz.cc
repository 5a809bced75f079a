// Any bytes as a record of a tenant's list, as they are and with a fitting checksum: refused, or
// read as a record whose encoding is the same bytes again.
#include <string>
#include <string_view>

#include "server/base/check.h"
#include "server/records/tenant_record.h"
#include "server/storage/checked_value.h"

namespace {

void Check(std::string_view key, std::string_view value) {
  const auto own_key = dnc::DecodeRecordKey(key);
  const auto record = dnc::DecodeTenantRecord(key, value);
  if (!own_key.ok()) {
    DNC_CHECK(!record.ok(), "a record has a key");
    return;
  }
  DNC_CHECK(dnc::EncodeRecordKey(*own_key) == key, "a key has one encoding");
  if (!record.ok()) return;
  DNC_CHECK(record->number == own_key->number, "a record is of its key's number");
  DNC_CHECK(dnc::EncodeTenantRecord(key, *record) == value, "a record has one encoding");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string key(input.substr(0, dnc::kRecordKeyBytes));
  const std::string value(input.substr(key.size()));
  Check(key, value);
  Check(key, dnc::AddCheck(key, value));
  const std::string good = dnc::EncodeRecordKey({.tenant = 1, .number = 2'015'550'123, .list = 1});
  Check(good, dnc::AddCheck(good, input));
  return 0;
}
