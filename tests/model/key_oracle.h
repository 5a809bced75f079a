// Keys as a person would write them down, and who is admitted with which.
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

// A key that was made, and what happened to it.
struct KeyModel {
  v1::Key key;  // what ListKeys must show, except for last_used_at
  std::string secret;
  bool used = false;  // a call has used it
  bool gone = false;  // removed with its tenant

  bool OfOperator() const { return key.tenant_id().empty(); }
  bool Has(v1::KeyScope scope) const;
  // Returns whether it was live all the time between the two moments. Returns nullopt near its
  // expiry: nobody can tell, because the server reads its clock a little later than the caller
  // does.
  std::optional<bool> LiveDuring(Moment begin, Moment end) const;
};

// What the metadata of a call says.
struct Presented {
  std::string authorization;      // empty: none
  const KeyModel* key = nullptr;  // the key with this secret; null: no key has it
  std::string named;              // what `dnc-tenant` says; empty: nothing
};

// What a method requires of its caller.
enum class Access { kScrub, kLists, kRecords, kOperate };

// What must happen to a call.
struct Admission {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::set<std::string> reasons;  // one of these; the contract does not say which comes first
  std::string tenant_id;          // whose call it then is; empty: the operator's
};

// The states of the tenants that exist, by id.
using TenantStates = std::map<std::string, v1::TenantState>;

// `live` says whether the presented key, if any, is live.
Admission Admit(const Presented& presented, Access access, bool live, bool keys_required,
                const TenantStates& tenants);

// Returns whether a key with such scopes may be made, for a tenant or for the operator.
bool MayHaveScopes(bool of_operator, const std::vector<v1::KeyScope>& scopes);

}  // namespace dnc::blackbox
