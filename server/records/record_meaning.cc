#include "server/records/record_meaning.h"

#include <algorithm>

#include "server/base/str_cat.h"

namespace dnc {
namespace {

std::string Moment(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

// Whether what counts until then had ended when a clock was accepted.
bool HadEnded(TenantListKind kind, const TenantRecord& record, absl::Time until,
              const AcceptedClock& accepted) {
  return kind != TenantListKind::kInternal && accepted.HadEnded(record.revision, until);
}

}  // namespace

RecordFact FactOf(TenantListKind kind) {
  switch (kind) {
    case TenantListKind::kInternal:
      return kRecordDoNotCall;
    case TenantListKind::kEbr:
      return kRecordEbr;
    case TenantListKind::kConsent:
      break;
  }
  return kRecordConsent;
}

CountSpan SpanOf(TenantListKind kind, const TenantRecord& record) {
  CountSpan span;
  span.until = CountsUntil(kind, record);
  if (kind != TenantListKind::kInternal) span.from = record.made_at;
  if (kind == TenantListKind::kEbr) span.from = std::max(span.from, record.last_event_at);
  return span;
}

CountSpan SpanOf(TenantListKind kind, const TenantRecord& record, const AcceptedClock& accepted) {
  CountSpan span = SpanOf(kind, record);
  if (HadEnded(kind, record, span.until, accepted)) span.until = span.from;
  return span;
}

absl::Time ToldUntil(TenantListKind kind, const TenantRecord& record,
                     const AcceptedClock& accepted) {
  const absl::Time until = CountsUntil(kind, record);
  return HadEnded(kind, record, until, accepted) ? std::min(until, accepted.accepted_at) : until;
}

std::string WhyNotInForce(TenantListKind kind, const TenantRecord& record,
                          const AcceptedClock& accepted, absl::Time now) {
  const CountSpan span = SpanOf(kind, record, accepted);
  if (span.until == absl::InfinitePast()) return "it does not count: no rule gives it a time";
  if (span.until <= now || span.until <= span.from) {
    return StrCat("it does not count: it ended at ", Moment(ToldUntil(kind, record, accepted)));
  }
  if (span.from > now) return StrCat("it does not count before ", Moment(span.from));
  return "";
}

AskedScope::AskedScope(const TenantView& tenant, std::string_view scope) {
  if (tenant.scopes.find(scope) != tenant.scopes.end()) scope_ = scope;
}

bool AskedScope::Counts(TenantListKind kind, std::string_view list_scope) const {
  if (Covers(list_scope, scope_)) return true;
  // What is wider than the list: its brand, or the whole tenant.
  return kind == TenantListKind::kInternal && Covers(scope_, list_scope);
}

}  // namespace dnc
