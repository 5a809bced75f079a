// Reads any bytes as a MANIFEST. They must be refused or accepted without reading past their end.
// If they are accepted, every prefix that ends with a whole record must be accepted too, since a
// crash may leave it.
#include <string>
#include <string_view>

#include "server/base/check.h"
#include "server/storage/manifest_check.h"

namespace {

// Makes a record in log format around `data`.
std::string Record(std::string_view data) {
  const std::string body = std::string(1, '\1') + std::string(data);
  const uint32_t crc = dnc::Crc32c(0, body);
  const uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
  std::string record;
  for (int shift = 0; shift < 32; shift += 8) record.push_back(static_cast<char>(masked >> shift));
  record.push_back(static_cast<char>(data.size() & 0xFF));
  record.push_back(static_cast<char>(data.size() >> 8));
  return record + body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  static_cast<void>(dnc::CheckManifestRecords(content));
  if (size < 1 || size > 1000) return 0;
  const std::string whole = Record(content);
  DNC_CHECK(dnc::CheckManifestRecords(whole).ok(), "a whole record is accepted");
  DNC_CHECK(dnc::CheckManifestRecords(whole + whole).ok(), "and two");
  std::string bad = whole;
  bad[data[0] % bad.size()] = static_cast<char>(bad[data[0] % bad.size()] ^ (1 << size % 8));
  const std::string before_another = bad + whole;
  DNC_CHECK(!dnc::CheckManifestRecords(before_another).ok(), "a flipped bit is noticed");
  return 0;
}
