// What a tenant's lists and records mean for a call: which lists count for its scope, and when a
// record counts. Both are said here and nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/records/tenant_record.h"
#include "server/scrub/tenant_terms.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// What a record of a list of that kind says of its number, while it counts.
RecordFact FactOf(TenantListKind kind);

// When a record counts: from the one moment on, before the other.
struct CountSpan {
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
  bool At(absl::Time now) const { return from <= now && now < until; }
};

// A do-not-call request counts at once, whatever date it bears. A consent or a relationship that is
// dated ahead counts from its date on.
CountSpan SpanOf(TenantListKind kind, const TenantRecord& record);

// The same where a clock was accepted that lay behind the stores: an exemption that had ended by
// then never counts again.
CountSpan SpanOf(TenantListKind kind, const TenantRecord& record, const AcceptedClock& accepted);

// CountsUntil as it is told: such an exemption counts no longer since the clock was accepted.
absl::Time ToldUntil(TenantListKind kind, const TenantRecord& record,
                     const AcceptedClock& accepted);

// What is to be told to whoever wrote a record that does not count at `now`, or not yet; empty if
// it counts.
std::string WhyNotInForce(TenantListKind kind, const TenantRecord& record,
                          const AcceptedClock& accepted, absl::Time now);

// Which of a tenant's lists count for a call of a scope, so that the answer is the strictest within
// it: the do-not-call lists of the scope, of the wider ones, and of a brand's campaigns too; of the
// exemptions only those for the scope and wider ones. A call that names no scope, or one that no
// list of the tenant knows, gets the strictest answer of all: every do-not-call list counts, and of
// the exemptions only those for the whole tenant. Of the view, which must outlive it.
class AskedScope {
 public:
  AskedScope(const TenantView& tenant, std::string_view scope);

  bool Counts(TenantListKind kind, std::string_view list_scope) const;

 private:
  std::string_view scope_;  // empty: the strictest answer of all
};

}  // namespace dnc
