// Does what operators ask of tenants and their keys. It takes and returns values, which any front
// renders.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/service/waker.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// This is a tenant's policy as a caller gives it, always as a whole.
struct GivenPolicy {
  std::vector<std::string> lists;
  uint8_t consent_lifts = kLiftsNothing;
  uint8_t ebr_lifts = kLiftsNothing;
  bool wireless_counts = true;
};

// This is what a caller says of a tenant. What is left out stays as it is, or as new tenants have
// it; only the entitlement is always said: without one there is none.
struct GivenTenant {
  std::string id;
  std::string display_name;
  std::optional<TenantState> state;
  std::bitset<kAreaCodes> entitled;
  std::optional<GivenPolicy> policy;
  std::optional<Quotas> quotas;
  // Only the server knows these: a caller may repeat what it was told, but not change it.
  std::optional<absl::Time> created_at;
  uint64_t revision = 0;  // which one the change is made on; 0: whichever there is
  uint64_t records = 0;
};

// Returns `base` with what `given` says in its place.
Tenant Apply(const GivenTenant& given, const Tenant& base);

struct ToldTenant {
  TenantViewPtr view;
  uint64_t records = 0;  // that it has now
};

struct TenantsPage {
  std::vector<ToldTenant> tenants;  // by id
  std::string next_token;           // the last id told; empty: there are no more
};

struct TenantChangesPage {
  std::vector<TenantChange> changes;  // newest first
  std::string next_token;
};

struct GivenKey {
  std::string tenant_id;  // empty: an operator's key
  std::vector<KeyScope> scopes;
  std::string display_name;
  absl::Time expires_at = absl::InfiniteFuture();
};

// This is thread-safe. The caller may operate. Changes are durable when they return; the id of the
// caller's key is recorded with them. Errors beside those named are TenantDirectory's.
class TenantAdmin {
 public:
  // What is given must outlive the service.
  TenantAdmin(TenantDirectory* directory, TenantRecords* tenant_records, const Registry* registry,
              Waker* waker)
      : directory_(directory),
        tenant_records_(tenant_records),
        registry_(registry),
        waker_(waker) {}

  // Makes a tenant. INVALID_REQUEST is also the error for what only the server can say of one.
  absl::StatusOr<ToldTenant> Create(const Caller& caller, const GivenTenant& given);
  // A change that names no revision is made on top of whatever there is.
  absl::StatusOr<ToldTenant> Update(const Caller& caller, const GivenTenant& given);
  // Returns the revision of the removal. The tenant's records are dropped, too.
  absl::StatusOr<uint64_t> Remove(const Caller& caller, const std::string& tenant_id);

  absl::StatusOr<ToldTenant> Get(const std::string& tenant_id) const;
  absl::StatusOr<TenantsPage> List(uint32_t page_size, const std::string& page_token) const;
  absl::StatusOr<TenantChangesPage> Changes(const std::string& tenant_id, uint32_t page_size,
                                            const std::string& page_token) const;

  // The key's secret goes to the caller alone: only its SHA-256 is kept.
  absl::StatusOr<TenantDirectory::CreatedKey> CreateKey(const Caller& caller,
                                                        const GivenKey& given);
  absl::StatusOr<ApiKey> RevokeKey(const Caller& caller, const std::string& key_id);
  absl::StatusOr<std::vector<ApiKey>> Keys(const std::string& tenant_id) const;

 private:
  // INVALID_REQUEST if the policy names a list that nobody has loaded: it would silently leave out
  // all others. Those that `before` names were loaded when they were named: that one was retired
  // since must not keep a tenant from being suspended.
  absl::Status CheckLists(const Tenant& tenant, const Tenant& before) const;
  absl::StatusOr<TenantViewPtr> UpdateOnce(const Caller& caller, const GivenTenant& given);
  ToldTenant Tell(TenantViewPtr view) const;
  // Has the watches of loads ask again who calls. Watches of changes do so by themselves, because
  // every change of the directory takes a revision.
  void WakeWatchesOfLoads() { waker_->Notify(Topic::kLoads); }

  TenantDirectory* const directory_;
  TenantRecords* const tenant_records_;
  const Registry* const registry_;
  Waker* const waker_;
};

}  // namespace dnc
