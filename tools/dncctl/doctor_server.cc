// The remote half of `dncctl doctor`: what the server says of itself.
#include <fmt/format.h>

#include <algorithm>

#include "absl/time/clock.h"
#include "tools/dncctl/doctor.h"
#include "tools/dncctl/list_warnings.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

constexpr absl::Duration kStaleSoon = absl::Hours(24 * 3);
constexpr absl::Duration kKeyEndsSoon = absl::Hours(24 * 14);
constexpr absl::Duration kClocksDiffer = absl::Minutes(1);
constexpr uint32_t kMaxTenants = 1000;

void LookAtClock(const v1::GetStatusResponse& status, DoctorReport* report) {
  if (!status.has_newest_known_at()) return;
  const absl::Duration ahead = ToTime(status.newest_known_at()) - absl::Now();
  if (status.clock_behind()) {
    report->Fail("server's clock",
                 "it lies a day or more behind what its stores know: every answer is STALE",
                 "docs/operations.md, DncClockBehind");
  } else if (absl::AbsDuration(ahead) > kClocksDiffer) {
    report->Warn(
        "server's clock",
        fmt::format("its time is {} {} of this machine's", HumanDuration(absl::AbsDuration(ahead)),
                    ahead > absl::ZeroDuration() ? "ahead" : "behind"),
        "keep both machines' clocks by NTP");
  } else {
    report->Good("server's clock", "as this machine's");
  }
}

void LookAtList(const v1::ListStatus& list, DoctorReport* report) {
  const std::string subject = "list " + list.list();
  const std::vector<ListWarning> warnings = ListWarnings(list);
  for (const ListWarning& warning : warnings) {
    report->Fail(subject, warning.text,
                 "docs/operations.md, DncReleaseStale and "
                 "DncAreaCodesDamaged");
  }
  if (!warnings.empty() || !list.has_release()) return;
  const absl::Time stale_at = ToTime(list.release().obtained_at_oldest()) +
                              absl::Hours(24) * static_cast<int64_t>(list.max_age_days());
  const absl::Duration left = stale_at - absl::Now();
  const std::string text =
      fmt::format("{} numbers; its oldest data is of {}", WithCommas(list.release().numbers()),
                  IsoTime(list.release().obtained_at_oldest()));
  if (left < kStaleSoon) {
    report->Warn(subject,
                 fmt::format("{}, and too old in {}", text,
                             HumanDuration(std::max(left, absl::ZeroDuration()))),
                 "load the next change list, or full lists");
  } else {
    report->Good(subject, text);
  }
}

// Keys of a tenant, or the operator's if its id is empty. False if the caller may not ask.
bool LookAtKeys(Session& session, const std::string& tenant, DoctorReport* report, int* live) {
  v1::ListKeysRequest request;
  request.set_tenant_id(tenant);
  const auto keys = session.Call(session.tenants(), &v1::TenantService::Stub::ListKeys, request);
  if (!keys.ok()) return false;
  for (const v1::Key& key : keys->keys()) {
    if (key.has_revoked_at()) continue;
    const absl::Time end = key.has_expires_at() ? ToTime(key.expires_at()) : absl::InfiniteFuture();
    if (end < absl::Now()) continue;
    ++*live;
    if (end > absl::Now() + kKeyEndsSoon) continue;
    report->Warn("keys",
                 fmt::format("key {} \"{}\" of {} ends at {}", key.key_id(), key.display_name(),
                             tenant.empty() ? "the operator" : "tenant " + tenant,
                             IsoTime(key.expires_at())),
                 "make a new one (dncctl keys create), and hand it over before");
  }
  return true;
}

void LookAtAllKeys(Session& session, DoctorReport* report) {
  int live = 0;
  const size_t before = report->findings().size();
  v1::ListTenantsRequest request;
  request.set_page_size(kMaxTenants);
  const auto tenants =
      session.Call(session.tenants(), &v1::TenantService::Stub::ListTenants, request);
  if (!tenants.ok() || !LookAtKeys(session, "", report, &live)) {
    return report->Unknown("keys", "this caller may not see them",
                           "set DNC_KEY to an operator's key");
  }
  for (const v1::Tenant& tenant : tenants->tenants()) {
    LookAtKeys(session, tenant.tenant_id(), report, &live);
  }
  if (report->findings().size() == before) {
    report->Good("keys", fmt::format("{} are live, and none ends within two weeks", live));
  }
  if (!tenants->next_page_token().empty()) {
    report->Unknown("keys", fmt::format("only those of {} tenants were looked at", kMaxTenants),
                    "");
  }
}

}  // namespace

void LookAtServer(const GlobalOptions& options, DoctorReport* report) {
  Session session(options);
  const auto status = session.Call(session.registry(), &v1::RegistryService::Stub::GetStatus,
                                   v1::GetStatusRequest());
  if (!status.ok()) {
    const std::string message(status.status().message());
    if (absl::IsUnauthenticated(status.status()) || absl::IsPermissionDenied(status.status())) {
      report->Good("server", options.server + " accepts calls");
      return report->Unknown("lists and keys", "the server wants another key: " + message,
                             "set DNC_KEY to an operator's key");
    }
    return report->Fail("server", message, "docs/operations.md, DncNotServing");
  }
  report->Good("server", fmt::format("{} answers, version {}", options.server, status->version()));
  LookAtClock(*status, report);
  if (status->lists_size() == 0) {
    report->Fail("lists", "nothing is loaded, or the server is still reading its data",
                 "wait a moment; otherwise load the lists");
  }
  for (const v1::ListStatus& list : status->lists()) LookAtList(list, report);
  LookAtAllKeys(session, report);
}

}  // namespace dnc::ctl
