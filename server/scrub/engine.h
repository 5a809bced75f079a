// The verdict engine: it turns a snapshot and numbers into verdicts. It is pure: it uses no clock,
// no storage and no RPC. This engine goes through the rules (rules.h) number by number, as an
// auditor would; batch_engine.h gives the same answers fast.
//
// It fails closed: CLEAR is what remains when every rule that could forbid the call was shown not
// to apply, or is lifted by an exemption of the tenant. dnc.v1.Rule lists the rules and their
// order.
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/numbers/phone_number.h"
#include "server/scrub/rules.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/tenant_terms.h"
#include "server/scrub/verdict.h"

namespace dnc {

// The tenant's side of a scrub.
struct TenantSide {
  // Null if no tenant asks: then the published lists alone decide, under the server's policy.
  const TenantTerms* terms = nullptr;
  // If there are terms, what the tenant's records say: RecordFact bits for each number.
  absl::Span<const uint8_t> facts;
  // When the records will say something else; ascending by index and time. Answers do not depend on
  // it, only how long they hold (answer_ends.h).
  absl::Span<const FactChange> changes = {};
};

// Returns what the published lists say about a well-formed number at `now`. `effects` are those of
// the snapshot's lists for the tenant (EffectFor).
Finding PublishedFinding(const Snapshot& snapshot, absl::Span<const ListEffect> effects,
                         const TenantTerms* terms, absl::Time now, Number number);

// Answers each number with the rule that decided and all reasons that apply. The spans have the
// same size. Ages are measured at `now`.
void Scrub(const Snapshot& snapshot, absl::Time now, absl::Span<const ParsedNumber> numbers,
           absl::Span<Rule> rules, absl::Span<ReasonSet> reasons, const TenantSide& tenant = {});

}  // namespace dnc
