// The verdict engine: from a snapshot and numbers to verdicts. Pure: no clock, no storage, no RPC.
// Here it goes number by number through the rules (rules.h), as an auditor would; batch_engine.h
// gives the same answers fast.
//
// Fails closed: CLEAR is what remains when every rule that could forbid the call has been
// shown not to apply, or is lifted by an exemption of the tenant. The rules and their order are
// dnc.v1.Rule.
#pragma once

#include <cstdint>
#include <vector>

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
  // Null: nobody's, the published lists alone decide, under the server's policy.
  const TenantTerms* terms = nullptr;
  // With terms: what the tenant's own lists say, RecordFact bits, one a number.
  absl::Span<const uint8_t> facts;
  // And when they say something else; ascending by index and time. Answers don't depend on it, only
  // how long they hold (answer_ends.h).
  absl::Span<const FactChange> turns = {};
};

// What the published lists say of a well-formed number at `now`. `effects`: of the snapshot's
// lists, for the tenant (EffectFor).
Finding PublishedFinding(const Snapshot& snapshot, absl::Span<const ListEffect> effects,
                         const TenantTerms* terms, absl::Time now, Number number);

// Answers numbers[i] with the rule that decided and all reasons that apply; the spans have the
// same size. `now` is the moment that ages are measured at.
void Scrub(const Snapshot& snapshot, absl::Time now, absl::Span<const ParsedNumber> numbers,
           absl::Span<Rule> rules, absl::Span<ReasonSet> reasons, const TenantSide& tenant = {});

// What the answer for `numbers` rests on, a list each, in the order of snapshot.lists: the oldest
// obtained-at among the area codes asked for that the list covers; InfinitePast if none.
std::vector<absl::Time> OldestObtainedAt(const Snapshot& snapshot,
                                         absl::Span<const ParsedNumber> numbers);
// Of the same data, the oldest of each list: up to when it is known by silence; InfinitePast if it
// is not.
std::vector<absl::Time> OldestSilence(const Snapshot& snapshot,
                                      absl::Span<const ParsedNumber> numbers);
// The same of the moments from which ages count (AgedFrom): with a list's maximum age added, until
// when it answers. InfiniteFuture where it covers none.
std::vector<absl::Time> OldestAge(const Snapshot& snapshot, absl::Span<const ParsedNumber> numbers);

}  // namespace dnc
