#include "server/rpc/translate_tenant.h"

#include <string>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"
#include "server/rpc/translate_time.h"

namespace dnc {
namespace {

#define DNC_SAME(ours, theirs) static_assert(static_cast<int>(ours) == static_cast<int>(theirs))
DNC_SAME(TenantState::kActive, v1::TENANT_STATE_ACTIVE);
DNC_SAME(TenantState::kSuspended, v1::TENANT_STATE_SUSPENDED);
DNC_SAME(TenantState::kSuspended, v1::TenantState_MAX);
DNC_SAME(KeyScope::kScrub, v1::KEY_SCOPE_SCRUB);
DNC_SAME(KeyScope::kWriteLists, v1::KEY_SCOPE_WRITE_LISTS);
DNC_SAME(KeyScope::kOperate, v1::KEY_SCOPE_OPERATE);
DNC_SAME(KeyScope::kOperate, v1::KeyScope_MAX);
#undef DNC_SAME

// Bit i of RecordFact's Liftable stands for the value i + 1.
void FillLiftables(uint8_t lifts, google::protobuf::RepeatedField<int>* out) {
  for (int value = v1::LIFTABLE_NATIONAL; value <= v1::Liftable_MAX; ++value) {
    if ((lifts >> (value - 1) & 1) != 0) out->Add(value);
  }
}

absl::StatusOr<uint8_t> ReadLiftables(const google::protobuf::RepeatedField<int>& values) {
  uint8_t lifts = 0;
  for (const int value : values) {
    if (value < v1::LIFTABLE_NATIONAL || value > v1::Liftable_MAX) {
      return InvalidRequest("an exemption lifts a value that this server does not know");
    }
    lifts |= static_cast<uint8_t>(1U << (value - 1));
  }
  return lifts;
}

absl::Status ReadEntitlement(const v1::Entitlement& entitlement, GivenTenant* given) {
  if (entitlement.all()) given->entitled.set();
  for (const uint32_t area_code : entitlement.area_codes()) {
    if (area_code > 999 || !IsAreaCode(static_cast<int>(area_code))) {
      return InvalidRequest(
          StrCat("the entitlement has ", area_code, ", which is no area code: 200 to 999"));
    }
    given->entitled[area_code] = true;
  }
  return absl::OkStatus();
}

}  // namespace

void FillTenant(const Tenant& tenant, v1::Tenant* out) {
  out->set_tenant_id(tenant.id);
  out->set_display_name(tenant.display_name);
  out->set_state(static_cast<v1::TenantState>(tenant.state));
  const TenantTerms& terms = tenant.terms;
  if (terms.entitled.all()) {
    out->mutable_entitlement()->set_all(true);
  } else {
    for (int area_code = 200; area_code < kAreaCodes; ++area_code) {
      if (terms.entitled[static_cast<size_t>(area_code)]) {
        out->mutable_entitlement()->add_area_codes(static_cast<uint32_t>(area_code));
      }
    }
  }
  v1::TenantPolicy* policy = out->mutable_policy();
  for (const std::string& list : terms.lists) policy->add_lists(list);
  FillLiftables(terms.consent_lifts, policy->mutable_consent_lifts());
  FillLiftables(terms.ebr_lifts, policy->mutable_ebr_lifts());
  policy->set_wireless_counts(terms.wireless_counts);
  out->mutable_quotas()->set_numbers_per_second(tenant.quotas.numbers_per_second);
  out->mutable_quotas()->set_calls_under_way(tenant.quotas.calls_under_way);
  out->mutable_quotas()->set_max_records(tenant.quotas.max_records);
  if (IsMoment(tenant.created_at)) *out->mutable_created_at() = ToTimestamp(tenant.created_at);
  out->set_revision(tenant.revision);
}

void FillTenant(const ToldTenant& told, v1::Tenant* out) {
  FillTenant(told.view->tenant, out);
  out->set_records(told.records);
}

absl::StatusOr<GivenTenant> FromProto(const v1::Tenant& in) {
  GivenTenant given;
  given.id = in.tenant_id();
  given.display_name = in.display_name();
  if (in.state() < v1::TENANT_STATE_UNSPECIFIED || in.state() > v1::TenantState_MAX) {
    return InvalidRequest("`state` has a value that this server does not know");
  }
  if (in.state() != v1::TENANT_STATE_UNSPECIFIED) {
    given.state = static_cast<TenantState>(in.state());
  }
  DNC_RETURN_IF_ERROR(ReadEntitlement(in.entitlement(), &given));
  if (in.has_policy()) {
    GivenPolicy& policy = given.policy.emplace();
    policy.lists.assign(in.policy().lists().begin(), in.policy().lists().end());
    DNC_ASSIGN_OR_RETURN(policy.consent_lifts, ReadLiftables(in.policy().consent_lifts()));
    DNC_ASSIGN_OR_RETURN(policy.ebr_lifts, ReadLiftables(in.policy().ebr_lifts()));
    // Left out it counts: what is not said permits no call.
    policy.wireless_counts = !in.policy().has_wireless_counts() || in.policy().wireless_counts();
  }
  if (in.has_quotas()) {
    Quotas& quotas = given.quotas.emplace();
    quotas.numbers_per_second = in.quotas().numbers_per_second();
    quotas.calls_under_way = in.quotas().calls_under_way();
    quotas.max_records = in.quotas().max_records();
  }
  if (in.has_created_at()) {
    DNC_ASSIGN_OR_RETURN(given.created_at, FromTimestamp(in.created_at()));
  }
  given.revision = in.revision();
  given.records = in.records();
  return given;
}

absl::StatusOr<GivenKey> FromProto(const v1::CreateKeyRequest& request) {
  GivenKey given;
  given.tenant_id = request.tenant_id();
  given.display_name = request.display_name();
  for (const int scope : request.scopes()) {
    if (scope < v1::KEY_SCOPE_SCRUB || scope > v1::KeyScope_MAX) {
      return InvalidRequest("a scope has a value that this server does not know");
    }
    given.scopes.push_back(static_cast<KeyScope>(scope));
  }
  if (request.has_expires_at()) {
    DNC_ASSIGN_OR_RETURN(given.expires_at, FromTimestamp(request.expires_at()));
  }
  return given;
}

void FillKey(const ApiKey& key, v1::Key* out) {
  out->set_key_id(key.id);
  out->set_tenant_id(key.tenant_id);
  for (const KeyScope scope : key.scopes) out->add_scopes(static_cast<v1::KeyScope>(scope));
  out->set_display_name(key.display_name);
  const auto set = [](absl::Time time, google::protobuf::Timestamp* field) {
    *field = ToTimestamp(time);
  };
  if (IsMoment(key.created_at)) set(key.created_at, out->mutable_created_at());
  if (IsMoment(key.expires_at)) set(key.expires_at, out->mutable_expires_at());
  if (IsMoment(key.revoked_at)) set(key.revoked_at, out->mutable_revoked_at());
  if (IsMoment(key.last_used_at)) set(key.last_used_at, out->mutable_last_used_at());
}

void FillChange(const TenantChange& change, v1::TenantChange* out) {
  out->set_revision(change.revision);
  if (IsMoment(change.time)) *out->mutable_time() = ToTimestamp(change.time);
  out->set_changed_by(change.changed_by);
  out->set_description(change.description);
  if (change.after.has_value()) FillTenant(*change.after, out->mutable_after());
}

}  // namespace dnc
