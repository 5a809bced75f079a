#include "server/service/record_matches.h"

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/records/record_meaning.h"
#include "server/scrub/tenant_terms.h"

namespace dnc {
namespace {

MatchInfo MatchOf(const TenantList& list, absl::Time since) {
  MatchInfo match;
  match.list = StrCat("own:", list.id);
  match.effect = list.kind == TenantListKind::kInternal ? ListEffect::kDeny : ListEffect::kExempt;
  match.listed_since = since;
  match.listed_since_exact = true;
  match.obtained_at = absl::InfinitePast();
  return match;
}

}  // namespace

absl::Status AddRecordMatches(const TenantRecords& tenant_records, const TenantView& tenant,
                              std::string_view scope, const Clock& clock, absl::Time now,
                              uint8_t facts, NumberReport& report) {
  if ((facts & kRecordUnknown) != 0) return absl::OkStatus();  // the reason says so
  DNC_ASSIGN_OR_RETURN(const std::vector<TenantRecords::Found> found,
                       tenant_records.Find(tenant.tenant.number, report.number));
  const AskedScope asked(tenant, scope);
  for (const auto& [id, list] : tenant.lists) {
    if ((facts & FactOf(list.kind)) == 0) continue;
    for (const TenantRecords::Found& entry : found) {
      if (entry.list != list.number) continue;
      if (!Counts(asked, list, entry.record, now, clock.accepted())) continue;
      report.matches.push_back(MatchOf(list, entry.record.made_at));
    }
    if (BlockCounts(asked, list, report.number)) {
      report.matches.push_back(MatchOf(list, absl::InfinitePast()));
    }
  }
  return absl::OkStatus();
}

}  // namespace dnc
