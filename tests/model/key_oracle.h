// Keys as a person would write them down, and who is let in with what.
//
// Written from the contract (tenant_service.proto, scrub_service.proto, list_service.proto,
// docs/tenants.md), without the server's own code.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dnc/v1/tenant_service.pb.h"

namespace dnc::blackbox {

using Moment = std::chrono::system_clock::time_point;

// A key that was made, and what became of it.
struct KeyModel {
  v1::Key key;  // as ListKeys must tell it, but for last_used_at
  std::string secret;
  bool used = false;  // a call has come with it
  bool gone = false;  // with its tenant

  bool OfOperator() const { return key.tenant_id().empty(); }
  bool Has(v1::KeyScope scope) const;
  // Whether it was live all the time between the two; empty: near its expiry nobody can tell, since
  // the server looks at its clock a little later than the caller at his.
  std::optional<bool> LiveDuring(Moment begin, Moment end) const;
};

// What the metadata of a call say.
struct Presented {
  std::string authorization;      // empty: none
  const KeyModel* key = nullptr;  // whose secret that is; null: no key's
  std::string named;              // in `dnc-tenant`; empty: none
};

// What a method asks of its caller.
enum class Access { kScrub, kLists, kRecords, kOperate };

// What must become of a call.
struct Admission {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::set<std::string> reasons;  // one of them; the contract does not say which comes first
  std::string tenant_id;          // as whom it is answered; empty: as the operator
};

// By id, those that there are.
using TenantStates = std::map<std::string, v1::TenantState>;

// `live`: whether the key is, if one is presented.
Admission Admit(const Presented& presented, Access access, bool live, bool keys_required,
                const TenantStates& tenants);

// Whether a key of such scopes may be made, for a tenant or for the operator.
bool MayHaveScopes(bool of_operator, const std::vector<v1::KeyScope>& scopes);

}  // namespace dnc::blackbox
