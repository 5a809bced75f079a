#include "tests/model/key_oracle.h"

#include <algorithm>

namespace dnc::blackbox {
namespace {

constexpr auto kMargin = std::chrono::milliseconds(1500);

Admission Refusal(grpc::StatusCode code, const std::string& reason) { return {code, {reason}, ""}; }

// An operator's key speaks for the tenant that it names, and so does no key while none is needed.
Admission AdmitOperator(const Presented& presented, Access access, const TenantStates& tenants) {
  std::string tenant_id = presented.named;
  if (tenant_id.empty()) {
    if (access == Access::kOperate) return {};
    if (presented.key != nullptr) {
      return Refusal(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_REQUEST");
    }
    tenant_id = "default";
  }
  const auto tenant = tenants.find(tenant_id);
  if (tenant == tenants.end()) return Refusal(grpc::StatusCode::NOT_FOUND, "NOT_FOUND");
  // The operator can change, resume and remove a suspended tenant.
  if (access == Access::kOperate) return {};
  // Its records may be read all the same.
  if (tenant->second == v1::TENANT_STATE_SUSPENDED && access != Access::kRecords) {
    return Refusal(grpc::StatusCode::PERMISSION_DENIED, "TENANT_SUSPENDED");
  }
  return {grpc::StatusCode::OK, {}, tenant_id};
}

}  // namespace

bool KeyModel::Has(v1::KeyScope scope) const {
  return std::find(key.scopes().begin(), key.scopes().end(), scope) != key.scopes().end();
}

std::optional<bool> KeyModel::LiveDuring(Moment begin, Moment end) const {
  if (gone || key.has_revoked_at()) return false;
  if (!key.has_expires_at()) return true;
  const Moment expiry = std::chrono::system_clock::from_time_t(key.expires_at().seconds());
  if (end + kMargin < expiry) return true;
  if (begin - kMargin > expiry) return false;
  return std::nullopt;
}

Admission Admit(const Presented& presented, Access access, bool live, bool keys_required,
                const TenantStates& tenants) {
  const bool known = presented.key != nullptr && live;
  const bool nobody = presented.authorization.empty() && !keys_required;
  if (!known && !nobody) {
    return Refusal(grpc::StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED");
  }
  if (nobody || presented.key->OfOperator()) return AdmitOperator(presented, access, tenants);
  // A tenant's key belongs to that tenant alone: it names no tenant, not even its own.
  const bool permitted = presented.named.empty() && access != Access::kOperate &&
                         presented.key->Has(access == Access::kScrub ? v1::KEY_SCOPE_SCRUB
                                                                     : v1::KEY_SCOPE_WRITE_LISTS);
  Admission admission;
  admission.tenant_id = presented.key->key.tenant_id();
  if (!permitted) admission.reasons.insert("SCOPE_MISSING");
  if (tenants.at(admission.tenant_id) == v1::TENANT_STATE_SUSPENDED) {
    admission.reasons.insert("TENANT_SUSPENDED");
  }
  if (!admission.reasons.empty()) admission.code = grpc::StatusCode::PERMISSION_DENIED;
  return admission;
}

bool MayHaveScopes(bool of_operator, const std::vector<v1::KeyScope>& scopes) {
  return !scopes.empty() && std::all_of(scopes.begin(), scopes.end(), [&](v1::KeyScope scope) {
    return (scope == v1::KEY_SCOPE_OPERATE) == of_operator;
  });
}

}  // namespace dnc::blackbox
