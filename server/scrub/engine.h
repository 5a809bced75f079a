// The verdict engine: from a snapshot and numbers to verdicts. Pure: no clock, no storage, no RPC.
// Here it goes number by number through the rules (rules.h), as an auditor would; batch_engine.h
// gives the same answers fast.
//
// It fails closed: CLEAR is what remains when every rule that could forbid the call has been
// shown not to apply, or is lifted by an exemption of the tenant. The rules and their order are
// dnc.v1.Rule.
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
  // Null: nobody asks, and the published lists alone decide, under the server's policy.
  const TenantTerms* terms = nullptr;
  // With terms: what the tenant's records say, RecordFact bits, one a number.
  absl::Span<const uint8_t> facts;
  // When they say something else; ascending by index and time. Answers don't depend on it, only
  // how long they hold (answer_ends.h).
  absl::Span<const FactChange> changes = {};
};

// What the published lists say of a well-formed number at `now`. `effects`: of the snapshot's
// lists, for the tenant (EffectFor).
Finding PublishedFinding(const Snapshot& snapshot, absl::Span<const ListEffect> effects,
                         const TenantTerms* terms, absl::Time now, Number number);

// Answers numbers[i] with the rule that decided and all reasons that apply; the spans have the
// same size. `now` is the moment that ages are measured at.
void Scrub(const Snapshot& snapshot, absl::Time now, absl::Span<const ParsedNumber> numbers,
           absl::Span<Rule> rules, absl::Span<ReasonSet> reasons, const TenantSide& tenant = {});

}  // namespace dnc
