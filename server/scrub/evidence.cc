// To find the oldest data that answered, the area codes of each list are sorted beforehand. The
// first one in this order that was asked about has the oldest data of all that were. A batch asks
// about most area codes of a large list, so the first or second look usually finds it.
//
//   by_age:  [ 907 | 212 | 303 | ... ]      asked about: 212, 303
//              no    yes: its data is the oldest that answered
#include "server/scrub/evidence.h"

#include <algorithm>
#include <utility>

namespace dnc {
namespace {

// Returns the list's coverage of the first of `areas` that was asked about; null if none was.
const AreaCoverage* FirstAsked(const SnapshotList& list, const std::vector<uint16_t>& areas,
                               const AskedAreas& asked) {
  for (const uint16_t area : areas) {
    if (asked.Has(area)) return &list.areas[area];
  }
  return nullptr;
}

}  // namespace

EvidenceSource::EvidenceSource(const Snapshot& snapshot, const AskedAreas& areas)
    : lists_revision_(snapshot.revision) {
  auto releases = std::make_shared<std::vector<ReleaseName>>();
  for (const auto& list : snapshot.lists) {
    releases->push_back({list->name, list->release_id, list->digest});
    orders_.push_back(OrderOf(*list, areas));
  }
  releases_ = std::move(releases);
}

EvidenceSource::Order EvidenceSource::OrderOf(const SnapshotList& list, const AskedAreas& areas) {
  Order order;
  bool published_first = false;
  areas.ForEach([&](uint16_t area) {
    const AreaCoverage& coverage = list.areas[area];
    if (coverage.state != AreaState::kLoaded) return;
    order.by_age.push_back(area);
    published_first = published_first || coverage.published_at < coverage.obtained_at;
  });
  std::stable_sort(order.by_age.begin(), order.by_age.end(), [&list](uint16_t a, uint16_t b) {
    const AreaCoverage& left = list.areas[a];
    const AreaCoverage& right = list.areas[b];
    return std::pair(left.obtained_at, left.known_by_silence_at) <
           std::pair(right.obtained_at, right.known_by_silence_at);
  });
  if (!published_first) return order;
  order.by_end = order.by_age;
  std::stable_sort(order.by_end.begin(), order.by_end.end(), [&list](uint16_t a, uint16_t b) {
    return AgedFrom(list.areas[a]) < AgedFrom(list.areas[b]);
  });
  return order;
}

void EvidenceSource::Fill(const Snapshot& snapshot, const AskedAreas& asked,
                          Evidence* evidence) const {
  evidence->lists_revision = lists_revision_;
  if (evidence->releases != releases_) {
    evidence->releases = releases_;
    evidence->ages.resize(orders_.size());
  }
  for (size_t l = 0; l < orders_.size(); ++l) {
    const SnapshotList& list = *snapshot.lists[l];
    const Order& order = orders_[l];
    ListAge& age = evidence->ages[l];
    const AreaCoverage* const oldest = FirstAsked(list, order.by_age, asked);
    if (oldest == nullptr) {
      age = ListAge();
      continue;
    }
    const AreaCoverage* const first_to_end =
        order.by_end.empty() ? oldest : FirstAsked(list, order.by_end, asked);
    age.obtained_at = oldest->obtained_at;
    age.valid_until = FreshUntil(*first_to_end, list.max_age);
    age.known_by_silence_at = oldest->known_by_silence_at;
  }
}

}  // namespace dnc
