// Which published lists count for a tenant, and until when.
#include <algorithm>

#include "tests/model/oracle_rules.h"
#include "tests/model/tenant_oracle.h"

namespace dnc::blackbox {

bool TenantOracle::Counts(const std::string& list) const {
  const v1::TenantPolicy& policy = tenant_.policy();
  if (list == "national") return true;
  if (list == "wireline" || (list == "wireless" && !policy.wireless_counts())) return false;
  return policy.lists().empty() ||
         std::find(policy.lists().begin(), policy.lists().end(), list) != policy.lists().end();
}

Oracle TenantOracle::Counted(const Oracle& published) const {
  Oracle counted = published;
  for (const char* const name :
       {"state:TX", "litigator:abc", "wireless", "wireline", "other:own-2"}) {
    if (!Counts(name)) counted.LeaveOut(name);
  }
  return counted;
}

bool TenantOracle::Misses(const Oracle& published, uint64_t number, bool as_of) const {
  const auto& named = tenant_.policy().lists();
  return std::any_of(named.begin(), named.end(), [&](const std::string& list) {
    return Counts(list) && AppliesTo(list, AreaOf(number)) && !published.Answers(list, as_of);
  });
}

std::time_t TenantOracle::ListsEnd(const Oracle& counted, uint64_t number) const {
  std::time_t end = 0;
  const int area = AreaOf(number);
  for (const auto& [name, list] : counted.lists()) {
    if (!list.loaded()) continue;
    const bool texas = area == 512 || area == 713 || area == 950;  // 950: of no known state
    if (name == "state:TX" && !texas) continue;
    const auto& obtained_at = list.now().obtained_at;
    const auto found = obtained_at.find(name == "national" ? area : 0);
    if (found == obtained_at.end()) continue;
    const std::time_t its_end = found->second + (name == "wireless" ? 15 : 31) * kDay;
    end = end == 0 ? its_end : std::min(end, its_end);
  }
  return end;
}

}  // namespace dnc::blackbox
