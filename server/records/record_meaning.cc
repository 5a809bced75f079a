#include "server/records/record_meaning.h"

#include <algorithm>

#include "server/base/str_cat.h"

namespace dnc {
namespace {

std::string Moment(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

// Whether what counts until `until` had ended when a clock was accepted.
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
  // A do-not-call list counts also for a call whose scope is wider than the list's: for its brand,
  // or for the whole tenant.
  return kind == TenantListKind::kInternal && Covers(scope_, list_scope);
}

bool Counts(const AskedScope& asked, const TenantList& list, const TenantRecord& record,
            absl::Time now, const AcceptedClock& accepted) {
  return AskedList(asked, list).SpanOf(record, accepted).At(now);
}

bool BlockCounts(const AskedScope& asked, const TenantList& list, Number number) {
  if (list.kind != TenantListKind::kInternal || number >= kNumberLimit ||
      !asked.Counts(list.kind, list.scope)) {
    return false;
  }
  const std::string digits = std::to_string(number);
  return std::any_of(list.blocks.begin(), list.blocks.end(), [&digits](const std::string& block) {
    return digits.compare(0, block.size(), block) == 0;
  });
}

bool Holds(const TenantView::Blocks& blocks, Number number) {
  const auto exchange = static_cast<uint32_t>(number / kNumbersPerExchange);
  return blocks.area_codes[static_cast<size_t>(AreaCodeOf(number))] ||
         std::binary_search(blocks.exchanges.begin(), blocks.exchanges.end(), exchange);
}

}  // namespace dnc
