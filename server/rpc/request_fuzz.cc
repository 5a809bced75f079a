// Any bytes as a request whose fields become ours: records and lists of tenants, tenants, options
// of a load, page tokens. Refused, or taken over as what can be told again.
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "google/protobuf/stubs/logging.h"
#include "server/base/check.h"
#include "server/rpc/translate_list.h"
#include "server/rpc/translate_registry.h"
#include "server/rpc/translate_tenant.h"
#include "server/service/list_changes.h"
#include "server/service/page.h"

namespace {

using namespace dnc;  // NOLINT(google-build-using-namespace)

void CheckRecord(const std::string& bytes) {
  v1::Record record;
  if (!record.ParseFromString(bytes)) return;
  TenantList list;
  list.id = "internal";
  const RecordWrite::Item item =
      ItemOf(FromProto(record), list, absl::FromUnixSeconds(1'790'000'000), "key");
  if (!item.refusal.empty()) return;
  v1::Record told;
  FillRecord(item.record, list, {}, &told);
  const RecordWrite::Item again = ItemOf(FromProto(told), list, absl::UnixEpoch(), "");
  DNC_CHECK(again.refusal.empty(), "what is told is taken");
  v1::Record told_again;
  FillRecord(again.record, list, {}, &told_again);
  told_again.set_revision(told.revision());
  DNC_CHECK(told_again.SerializeAsString() == told.SerializeAsString(), "and is the same");
}

void CheckList(const std::string& bytes) {
  v1::OwnList list;
  if (!list.ParseFromString(bytes)) return;
  const auto taken = FromProto(list);
  if (!taken.ok()) return;
  v1::OwnList told;
  FillList(*taken, list.records(), &told);
  DNC_CHECK(told.list_id() == list.list_id() && told.kind() == list.kind() &&
                told.scope() == list.scope() && told.display_name() == list.display_name(),
            "a list is told as it was given");
}

void CheckTenant(const std::string& bytes) {
  v1::Tenant tenant;
  if (!tenant.ParseFromString(bytes)) return;
  const auto taken = FromProto(tenant);
  if (!taken.ok()) return;
  v1::Tenant told, told_again;
  FillTenant(Apply(*taken, Tenant()), &told);
  const auto again = FromProto(told);
  DNC_CHECK(again.ok(), "a tenant that is told is taken");
  FillTenant(Apply(*again, Tenant()), &told_again);
  DNC_CHECK(told_again.SerializeAsString() == told.SerializeAsString(), "and is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // It tells of every string that is no UTF-8.
  static auto* const silenced = google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(silenced);
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  CheckRecord(bytes);
  CheckList(bytes);
  CheckTenant(bytes);
  v1::LoadOptions options;
  if (options.ParseFromString(bytes)) static_cast<void>(FromProto(options));
  const auto page = ReadPage(static_cast<uint32_t>(size), bytes);
  DNC_CHECK(!page.ok() || bytes.empty() || page->before_id > 0, "a token is a place");
  DNC_CHECK(!page.ok() || (page->size > 0 && page->size <= kPageSizes.most), "a page has a limit");
  return 0;
}
