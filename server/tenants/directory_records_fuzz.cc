// Takes any bytes as each kind of the directory's records, under the key that they name. They must
// be refused, or be read as a record that stays the same when it is written and read again.
#include <string>
#include <string_view>

#include "google/protobuf/stubs/logging.h"
#include "server/base/check.h"
#include "server/tenants/directory_records.h"

namespace {

template <typename Record>
void Check(std::string_view key, std::string_view content) {
  Record record;
  if (!dnc::Decode(key, content, &record).ok()) return;
  const std::string written = dnc::Encode(record);
  Record again;
  DNC_CHECK(dnc::Decode(key, written, &again).ok(), "what is written is read");
  DNC_CHECK(dnc::Encode(again) == written, "it is read as the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // protobuf would log every string that is not UTF-8.
  static auto* const silenced = google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(silenced);
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  Check<dnc::DirectoryHead>(dnc::kHeadKey, content);
  // Numbers and ids are those of the seeds; the fuzzer changes the rest.
  Check<dnc::StoredTenant>(dnc::TenantRecordKey(1), content);
  Check<dnc::StoredKey>(dnc::KeyRecordKey("abcdefgh"), content);
  Check<dnc::StoredList>(dnc::ListRecordKey(1, 1), content);
  Check<dnc::TenantChange>(dnc::ChangeRecordKey(1, 1), content);
  return 0;
}
