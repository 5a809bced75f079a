#include "server/registry/release_limit.h"

#include <algorithm>

#include "server/base/status_macros.h"

namespace dnc {
namespace {

absl::StatusOr<storage::Seals> SealsOf(const ReleaseStore& store, const ListState& list,
                                       uint64_t release_id) {
  if (release_id == list.head.id()) return ToRecord(list);  // may not be stored yet
  return store.ReadSeals(release_id);
}

// Returns the oldest release that is needed to read the one in force and those to go back to.
absl::StatusOr<uint64_t> NeededFrom(const ReleaseStore& store, const ListState& list,
                                    const std::vector<uint64_t>& lineage) {
  uint64_t needed = list.head.id();
  for (const uint64_t id : lineage) {
    if (id < list.life.kept_from) break;
    needed = std::min(needed, id);
    DNC_ASSIGN_OR_RETURN(const storage::Seals seals, SealsOf(store, list, id));
    for (const storage::Seal& seal : seals.seals()) {
      if (seal.chain_length() > 0) needed = std::min(needed, seal.generation() + 1);
    }
  }
  return needed;
}

// Returns from when on history is complete without the changes of this release and those before it.
absl::Time WholeAfter(const ReleaseStore& store, const RegistryState& state, const ListState& list,
                      uint64_t release_id) {
  int64_t latest = state.releases.at(release_id)->obtained_at_newest();
  const absl::StatusOr<storage::Seals> seals = SealsOf(store, list, release_id);
  // Nothing in the release in force is later than its publication, so that moment is safe.
  if (!seals.ok()) return FromMicros(list.head.published_at());
  for (const storage::Seal& seal : seals->seals()) {
    latest = std::max<int64_t>({latest, seal.obtained_at(), seal.last_event_at()});
  }
  return FromMicros(latest);
}

}  // namespace

size_t ReleaseLimit::held() const {
  return static_cast<size_t>(std::max(max_releases, keep_releases + 3));
}

uint64_t RebaseBelow(const RegistryState& state, const ListState& before,
                     const ReleaseLimit& limit) {
  const std::vector<uint64_t> lineage = Lineage(state, before.head.id());
  // The depth is counted from the oldest release that can be gone back to.
  const size_t depth = limit.held() - static_cast<size_t>(limit.keep_releases) - 2;
  return lineage.size() < depth ? 0 : lineage[depth - 1];
}

absl::StatusOr<std::vector<uint64_t>> CutOff(const ReleaseStore& store, const RegistryState& state,
                                             const ReleaseLimit& limit, ListState& list) {
  std::vector<uint64_t> all;
  for (const auto& [id, release] : state.releases) {
    if (release->list_id() == list.list_id) all.push_back(id);
  }
  if (all.size() <= limit.held()) return std::vector<uint64_t>();
  std::vector<uint64_t> lineage = Lineage(state, list.head.id());
  DNC_ASSIGN_OR_RETURN(const uint64_t needed, NeededFrom(store, list, lineage));
  std::reverse(lineage.begin(), lineage.end());
  std::vector<uint64_t> cut;
  std::set_difference(all.begin(), all.end(), lineage.begin(), lineage.end(),
                      std::back_inserter(cut));
  const size_t excess = all.size() - limit.held();
  size_t forgotten = 0;  // how many of the lineage
  while (cut.size() < excess && lineage[forgotten] < needed) cut.push_back(lineage[forgotten++]);
  cut.resize(std::min(cut.size(), excess));
  if (forgotten == 0) return cut;
  // History begins at the oldest release that stays: its own changes refer to what is gone.
  for (size_t i = 0; i <= forgotten; ++i) {
    list.life.history_since =
        std::max(list.life.history_since, WholeAfter(store, state, list, lineage[i]));
  }
  list.life.oldest_release = lineage[forgotten];
  return cut;
}

}  // namespace dnc
