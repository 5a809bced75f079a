#include "server/service/authorizer.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

constexpr std::string_view kScheme = "Bearer ";

absl::Status Unauthenticated(std::string_view message) {
  return Error(reason::kUnauthenticated, message);
}

std::string_view WithoutBlanks(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size())));
}

absl::Status CheckScope(const Caller& caller, KeyScope scope, std::string_view name) {
  if (caller.Has(scope)) return absl::OkStatus();
  return Error(reason::kScopeMissing,
               StrCat("this key has no scope `", name, "`; use one that has it"));
}

absl::Status CheckTenant(const Caller& caller, Permission permission) {
  if (caller.tenant == nullptr) {
    return InvalidRequest(
        "an operator's key speaks for no tenant; name one in the metadata `dnc-tenant`");
  }
  if (caller.tenant->tenant.state == TenantState::kActive) return absl::OkStatus();
  // The operator reads what is to be kept before he removes the tenant.
  if (permission == Permission::kRecords && caller.Has(KeyScope::kOperate)) return absl::OkStatus();
  return Error(reason::kTenantSuspended, "the operator has suspended this tenant");
}

}  // namespace

absl::Status Authorizer::CheckMetadata(const Credentials& credentials) const {
  if (credentials.metadata_bytes <= max_metadata_) return absl::OkStatus();
  return LimitReached(StrCat("the call has ", credentials.metadata_bytes,
                             " bytes of metadata, and this server takes ", max_metadata_,
                             " (limits.max_metadata_bytes); send less"));
}

absl::StatusOr<Caller> Authorizer::Identify(const Credentials& credentials) const {
  if (!credentials.authorization.has_value()) {
    if (!keys_required_) return directory_->LocalCaller();
    return Unauthenticated("this server needs a key: send `authorization: Bearer dnck_...`");
  }
  const std::string_view authorization = WithoutBlanks(*credentials.authorization);
  const absl::string_view text(authorization.data(), authorization.size());
  if (!absl::StartsWithIgnoreCase(text, absl::string_view(kScheme.data(), kScheme.size()))) {
    return Unauthenticated("`authorization` must be `Bearer dnck_...`");
  }
  return directory_->Authenticate(
      ToStd(absl::StripLeadingAsciiWhitespace(text.substr(kScheme.size()))));
}

absl::StatusOr<Caller> Authorizer::Admit(const Credentials& credentials,
                                         Permission permission) const {
  DNC_RETURN_IF_ERROR(CheckMetadata(credentials));
  if (permission == Permission::kOpen) return Caller();
  // This is read before anything is looked up, so that all changes up to it are in what is found.
  const uint64_t revision = order_->last();
  DNC_ASSIGN_OR_RETURN(Caller caller, Identify(credentials));
  caller.revision = revision;
  if (credentials.tenant.has_value()) {
    // The scope is checked before the tenant is looked up: others must not learn which ones exist.
    DNC_RETURN_IF_ERROR(CheckScope(caller, KeyScope::kOperate, "operate"));
    DNC_ASSIGN_OR_RETURN(caller.tenant, directory_->Find(WithoutBlanks(*credentials.tenant)));
    caller.scopes |= 1U << static_cast<int>(KeyScope::kScrub);
    caller.scopes |= 1U << static_cast<int>(KeyScope::kWriteLists);
  }
  if (permission == Permission::kOperate) {
    DNC_RETURN_IF_ERROR(CheckScope(caller, KeyScope::kOperate, "operate"));
    return caller;
  }
  if (caller.tenant != nullptr) {
    DNC_RETURN_IF_ERROR(permission == Permission::kScrub
                            ? CheckScope(caller, KeyScope::kScrub, "scrub")
                            : CheckScope(caller, KeyScope::kWriteLists, "write-lists"));
  }
  DNC_RETURN_IF_ERROR(CheckTenant(caller, permission));
  return caller;
}

}  // namespace dnc
