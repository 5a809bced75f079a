// What a tenant's lists and records mean for a call: which lists count for its scope, when a record
// counts, and what a block holds. This is said here and nowhere else: the scrub's fast path
// (record_reader.cc) and the matches of an answer both ask AskedList, and record_meaning_test.cc
// holds them together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/records/tenant_record.h"
#include "server/scrub/tenant_terms.h"
#include "server/tenants/tenant.h"

namespace dnc {

// What a record of a list of that kind says of its number, while it counts.
RecordFact FactOf(TenantListKind kind);

// From when on a record counts, and before when.
struct CountSpan {
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
  bool At(absl::Time now) const { return from <= now && now < until; }
};

// A do-not-call request counts at once, whatever date it bears. A consent or a relationship that is
// dated ahead counts from its date on.
CountSpan SpanOf(TenantListKind kind, const TenantRecord& record);

// The same where an operator has accepted a clock that lay behind the stores: an exemption that had
// ended by then never counts again.
CountSpan SpanOf(TenantListKind kind, const TenantRecord& record, const AcceptedClock& accepted);

// CountsUntil as it is told: such an exemption counts no longer since the clock was accepted.
absl::Time ToldUntil(TenantListKind kind, const TenantRecord& record,
                     const AcceptedClock& accepted);

// What whoever wrote a record is told if it does not count at `now`, or not yet; empty if it
// counts.
std::string WhyNotInForce(TenantListKind kind, const TenantRecord& record,
                          const AcceptedClock& accepted, absl::Time now);

// Which of a tenant's lists count for a call of a scope, so that the answer is the strictest within
// it: the do-not-call lists of the scope, of the wider ones, and of a brand's campaigns too; of the
// exemptions only those for the scope and wider ones. A call that names no scope, or one that no
// list of the tenant knows, gets the strictest answer of all: every do-not-call list counts, and of
// the exemptions only those for the whole tenant. The scope's text must outlive it.
class AskedScope {
 public:
  AskedScope(const TenantView& tenant, std::string_view scope);

  bool Counts(TenantListKind kind, std::string_view list_scope) const;

 private:
  std::string_view scope_;  // empty: the strictest answer of all
};

// One list as a call of a scope sees it. Small and quick to ask: a scrub makes one for each list of
// the tenant, and asks it for each record.
class AskedList {
 public:
  AskedList(const AskedScope& asked, const TenantList& list)
      : number_(list.number), kind_(list.kind), counts_(asked.Counts(list.kind, list.scope)) {}

  ListNumber number() const { return number_; }
  // What its records say while they count.
  RecordFact fact() const { return FactOf(kind_); }
  // When a record of the list counts for the call. Never, if the list does not count for its scope.
  CountSpan SpanOf(const TenantRecord& record, const AcceptedClock& accepted) const {
    if (!counts_) return {absl::InfinitePast(), absl::InfinitePast()};
    return dnc::SpanOf(kind_, record, accepted);
  }

 private:
  ListNumber number_;
  TenantListKind kind_;
  bool counts_;
};

// Whether a record of `list` counts for a call of the scope at `now`: exactly then FindFacts sets
// FactOf(list.kind) for its number, and the record is told as a match.
bool Counts(const AskedScope& asked, const TenantList& list, const TenantRecord& record,
            absl::Time now, const AcceptedClock& accepted);

// The same for the blocks of a list: whether one of them holds the number. A block counts always.
bool BlockCounts(const AskedScope& asked, const TenantList& list, Number number);
// For many numbers, where the blocks of a scope were gathered: whether they hold the number. Only
// if AskedScope::Counts says that a do-not-call list of that scope counts.
bool Holds(const TenantView::Blocks& blocks, Number number);

}  // namespace dnc
