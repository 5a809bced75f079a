// Numbers drawn at random from a list, and from what stands beside it.
#pragma once

#include "tools/dncgen/base_set.h"
#include "tools/dncgen/random.h"

namespace dnc {

// A number of the places `ranks`, of which there is one at least, each as likely as the others.
Number DrawListed(const BaseSet& base, BaseSet::Ranks ranks, Random& random);

// A number that the base does not hold, in the exchange of one drawn from `ranks`. At least one of
// these exchanges must not be full.
Number DrawUnlisted(const BaseSet& base, BaseSet::Ranks ranks, Random& random);

}  // namespace dnc
