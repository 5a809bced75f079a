#include "server/intake/past_areas.h"

#include <algorithm>
#include <utility>

#include "server/registry/registry_state_loader.h"

namespace dnc {

uint64_t PastAreas::LifeBefore(uint64_t below) const {
  uint64_t newest = 0;
  for (const auto& [id, release] : base_.state->releases) {
    if (id >= below) break;
    if (release->list_id() == before_.list_id) newest = id;
  }
  if (newest == 0) return 0;
  // A newer one may have been taken back before the list was retired.
  for (auto turn = before_.turns.rbegin(); turn != before_.turns.rend(); ++turn) {
    if (turn->to() != 0 || turn->from() >= below) continue;
    const bool ended_it = base_.state->releases.at(newest)->revision() < turn->revision();
    return ended_it && base_.state->releases.count(turn->from()) != 0 ? turn->from() : newest;
  }
  return newest;
}

std::vector<std::vector<uint64_t>> PastAreas::Lives() const {
  std::vector<std::vector<uint64_t>> lives;
  uint64_t below = ~uint64_t{0};
  uint64_t from = before_.head.id();
  if (from == 0) from = LifeBefore(below);
  while (from != 0) {
    std::vector<uint64_t> life = Lineage(*base_.state, from);
    // The life before this one ended before its first release.
    if (!life.empty()) {
      below = life.back();
      lives.push_back(std::move(life));
    }
    from = LifeBefore(below);
  }
  return lives;
}

// A release whose record can't be read is passed over, so what it alone told is not known.
const std::map<int, storage::Seal>& PastAreas::GoneSeals() {
  if (gone_seals_.has_value()) return *gone_seals_;
  gone_seals_.emplace();
  for (const std::vector<uint64_t>& life : Lives()) {
    for (const uint64_t id : life) {
      const absl::StatusOr<storage::Seals> seals = base_.store->ReadSeals(id);
      if (!seals.ok()) continue;
      AddGoneSeals(*seals, id);
      // What the last life of a list that covers all did not have, it had no more.
      if (before_.covers_all()) return *gone_seals_;
      // Nothing can have vanished before a release that lacks nothing.
      if (seals->vanished().empty() && !seals->seals().empty()) break;
    }
  }
  return *gone_seals_;
}

void PastAreas::AddGoneSeals(const storage::Seals& seals, uint64_t release_id) {
  for (const storage::Seal& seal : seals.seals()) {
    const auto [it, fresh] = gone_seals_->try_emplace(static_cast<int>(seal.area_code()), seal);
    if (fresh) gone_releases_[it->first] = release_id;
    // A list that covers all keeps its date apart.
    if (fresh && before_.covers_all()) it->second.set_obtained_at(seals.obtained_at());
  }
}

const storage::Seal* PastAreas::Seal(int area_code) {
  const auto now = before_.seals.find(area_code);
  if (now != before_.seals.end()) return &now->second;
  const std::map<int, storage::Seal>& gone = GoneSeals();
  const auto last = gone.find(area_code);
  return last == gone.end() ? nullptr : &last->second;
}

uint64_t PastAreas::Release(int area_code) {
  if (before_.seals.count(area_code) != 0) return before_.head.id();
  GoneSeals();
  const auto last = gone_releases_.find(area_code);
  return last == gone_releases_.end() ? 0 : last->second;
}

AreaSetPtr PastAreas::Numbers(int area_code) {
  const uint64_t id = Release(area_code);
  const storage::Seal* const known = Seal(area_code);
  return id == 0 || known == nullptr ? nullptr : KeptNumbers(id, *known);
}

// Numbers are kept of releases that can be gone back to, and of those that were in force when
// somebody went back or retired the list.
AreaSetPtr PastAreas::KeptNumbers(uint64_t release_id, const storage::Seal& seal) const {
  bool kept =
      std::any_of(before_.turns.begin(), before_.turns.end(),
                  [release_id](const storage::Turn& turn) { return turn.from() == release_id; });
  if (!kept && before_.loaded() && release_id >= before_.life.kept_from) {
    const std::vector<uint64_t> lineage = Lineage(*base_.state, before_.head.id(), release_id);
    kept = !lineage.empty() && lineage.back() == release_id;
  }
  if (!kept) return nullptr;
  absl::StatusOr<AreaSetPtr> numbers =
      ReadArea(*base_.store, before_.list_id, seal, Lineage(*base_.state, release_id));
  return numbers.ok() ? *std::move(numbers) : nullptr;
}

}  // namespace dnc
