#include "server/telemetry/load_counter.h"

#include <vector>

namespace dnc {
namespace {
constexpr size_t kNewest = 128;
}

const LoadCounts& LoadCounter::Update(const Intake& intake) {
  const std::vector<LoadInfo> loads = intake.ListLoads(kNewest, 0);
  for (const LoadInfo& load : loads) {
    const bool succeeded = load.state == LoadState::kSucceeded;
    const bool refused = load.state == LoadState::kRefused;
    if (load.created_at < since_ || !(succeeded || refused)) continue;
    if (!counted_.insert(load.id).second) continue;
    ++(succeeded ? counts_.succeeded : counts_.refused);
  }
  // Loads end nearly in order, so a load that has left this page never comes back.
  if (!loads.empty()) counted_.erase(counted_.begin(), counted_.lower_bound(loads.back().id));
  return counts_;
}

}  // namespace dnc
