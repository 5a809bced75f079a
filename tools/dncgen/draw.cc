#include "tools/dncgen/draw.h"

namespace dnc {

Number DrawListed(const BaseSet& base, BaseSet::Ranks ranks, Random& random) {
  return base.NthListed(ranks.first + random.Below64(ranks.end - ranks.first));
}

Number DrawUnlisted(const BaseSet& base, BaseSet::Ranks ranks, Random& random) {
  while (true) {
    const Number listed = DrawListed(base, ranks, random);
    for (int i = 0; i < 100; ++i) {
      const Number number =
          listed - listed % kNumbersPerExchange + random.Below(kNumbersPerExchange);
      if (!base.Contains(number)) return number;
    }
  }
}

}  // namespace dnc
