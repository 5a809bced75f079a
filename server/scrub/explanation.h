// An answer with everything known: for each number the rule that decided and the lists that hold
// it, and the evidence of the whole. The registry makes it, for now or for a past moment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/numbers/phone_number.h"
#include "server/scrub/evidence.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/verdict.h"

namespace dnc {

// The moment that a question asks about.
struct AskedMoment {
  // NOLINTNEXTLINE(google-explicit-constructor): a plain moment means what the lists said about it.
  AskedMoment(absl::Time moment, bool answered = false) : time(moment), as_answered(answered) {}

  absl::Time time;
  // True: the question is what was answered then, from what had been published. False: it is what
  // the lists said about that moment, by all that is known now.
  bool as_answered = false;
};

// A list that holds a number.
struct MatchInfo {
  std::string list;
  ListEffect effect = ListEffect::kDeny;
  absl::Time listed_since;
  bool listed_since_exact = false;
  uint64_t release_id = 0;  // 0 for a list of the tenant
  absl::Time obtained_at;
};

// Everything known about one number.
struct NumberReport {
  Number number = 0;  // 0: malformed
  Rule rule = Rule::kUnspecified;
  ReasonSet reasons = 0;
  std::vector<MatchInfo> matches;
  absl::Time valid_until = absl::InfinitePast();  // infinite: nothing holds, or nothing ends
};

struct Explanation {
  Evidence evidence;
  std::vector<NumberReport> numbers;  // in the order of the question
};

}  // namespace dnc
