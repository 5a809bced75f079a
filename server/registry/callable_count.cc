// Tenants that count the same lists and have the same kinds of exemptions form a group. For one
// area code, only the groups matter for which a number may be callable after the change (IsOpen):
//
//   numbers that the change may open    all of the area code, if it was not open for one of them;
//                                       else those that the changed list loses
//   less those on a list that forbids calls for all of these groups       = callable
//
// A list that forbids calls for some of the groups only takes nothing away, so the result may be
// too high, but never too low. An exemption can lift some lists. The numbers on these are counted
// too, but no more of them than there are exemptions.
#include "server/registry/callable_count.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "server/index/number_set.h"

namespace dnc {
namespace {

// Returns which exemptions may lift an entry of a list of this kind.
uint8_t LiftableOf(ListKind kind) {
  if (kind == ListKind::kNational) return kLiftsNational;
  if (kind == ListKind::kState) return kLiftsState;
  if (kind == ListKind::kWireless) return kLiftsWireless;
  return kLiftsNothing;
}

// Returns how many numbers are in at least one of the sets. Only the smaller sets are walked; the
// largest one counts by its size.
uint64_t SizeOfUnion(std::vector<AreaSetPtr> sets) {
  std::sort(sets.begin(), sets.end(),
            [](const AreaSetPtr& a, const AreaSetPtr& b) { return a->size() > b->size(); });
  uint64_t size = 0;
  for (size_t i = 0; i < sets.size(); ++i) {
    if (i == 0) {
      size = sets[0]->size();
      continue;
    }
    sets[i]->ForEachNumber([&](uint32_t subscriber) {
      const auto holds = [subscriber](const AreaSetPtr& set) { return set->Contains(subscriber); };
      size += std::none_of(sets.begin(), sets.begin() + static_cast<std::ptrdiff_t>(i), holds) ? 1U
                                                                                               : 0U;
    });
  }
  return size;
}

}  // namespace

CallableCount::CallableCount(SnapshotPtr before, SnapshotPtr after, const std::string& list,
                             const Askers& askers, absl::Time now)
    : now_(now) {
  groups_.push_back({.is_policy = true, .terms = {}});
  if (askers != nullptr) AddGroups(askers());
  before_ = SideOf(std::move(before), list);
  after_ = SideOf(std::move(after), list);
}

void CallableCount::AddGroups(const std::vector<Asker>& askers) {
  std::map<std::tuple<std::vector<std::string>, bool, uint8_t>, Group> groups;
  for (const Asker& asker : askers) {
    uint8_t lifts = kLiftsNothing;
    // No relationship lifts a wireless number. Counting it anyway only makes the bound higher.
    if (asker.exemptions > 0) lifts = asker.terms.consent_lifts | asker.terms.ebr_lifts;
    Group& group = groups[{asker.terms.lists, asker.terms.wireless_counts, lifts}];
    const std::bitset<kAreaCodes> entitled = group.terms.entitled | asker.terms.entitled;
    group.terms = asker.terms;
    group.terms.entitled = entitled;
    group.exemptions += asker.exemptions;
    group.lifts = lifts;
  }
  for (auto& [key, group] : groups) groups_.push_back(std::move(group));
}

CallableCount::Side CallableCount::SideOf(SnapshotPtr snapshot, const std::string& list) const {
  Side side;
  for (const Group& group : groups_) {
    std::vector<ListEffect>& effects = side.effects.emplace_back();
    for (const SnapshotListPtr& one : snapshot->lists) {
      effects.push_back(EffectFor(*one, group.is_policy ? nullptr : &group.terms));
    }
  }
  const auto changed =
      std::find_if(snapshot->lists.begin(), snapshot->lists.end(),
                   [&list](const SnapshotListPtr& one) { return one->name == list; });
  side.changed = static_cast<size_t>(changed - snapshot->lists.begin());
  side.snapshot = std::move(snapshot);
  return side;
}

bool CallableCount::IsOpen(const Side& side, size_t group, int area_code) const {
  const TenantTerms* const terms = groups_[group].is_policy ? nullptr : &groups_[group].terms;
  return AreaFinding(*side.snapshot, side.effects[group], terms, now_, area_code).rules ==
         Finding().rules;
}

bool CallableCount::Forbids(const Side& side, size_t group, size_t list) {
  return MatchFinding(side.snapshot->lists[list]->kind, side.effects[group][list]).rules !=
         Finding().rules;
}

uint64_t CallableCount::Opened(const Side& from, const Side& to, int area_code, bool all,
                               const std::vector<size_t>& lists) {
  std::vector<AreaSetPtr> sets;
  for (const size_t list : lists) {
    const AreaSetPtr& set = to.snapshot->lists[list]->numbers.area(area_code);
    if (set != nullptr) sets.push_back(set);
  }
  if (all) return kNumbersPerArea - SizeOfUnion(std::move(sets));
  const auto set_of = [area_code](const Side& side) {
    const auto& lists_of = side.snapshot->lists;
    return side.changed < lists_of.size() ? lists_of[side.changed]->numbers.area(area_code)
                                          : AreaSetPtr();
  };
  const AreaSetPtr was = set_of(from);
  const AreaSetPtr is = set_of(to);
  if (was == is) return 0;
  uint64_t count = 0;
  ForEachDifference(was.get(), is.get(), [&](Change change) {
    if (change.added) return;
    const auto holds = [&change](const AreaSetPtr& set) {
      return set->Contains(change.subscriber);
    };
    count += std::none_of(sets.begin(), sets.end(), holds) ? 1U : 0U;
  });
  return count;
}

uint64_t CallableCount::Count(const Side& from, const Side& to, int area_code) const {
  std::vector<size_t> groups;  // those for which a number may be callable afterwards
  bool all = false;            // for some of them, no number of the area code was callable before
  bool changes = false;        // for some of them, the list forbade calls before
  uint64_t exemptions = 0;
  for (size_t g = 0; g < groups_.size(); ++g) {
    if (!IsOpen(to, g, area_code)) continue;
    groups.push_back(g);
    exemptions += groups_[g].exemptions;
    all = all || !IsOpen(from, g, area_code);
    changes =
        changes || (from.changed < from.snapshot->lists.size() && Forbids(from, g, from.changed));
  }
  if (!all && !changes) return 0;
  std::vector<size_t> forbidding;  // lists that forbid calls for all these groups
  std::vector<size_t> unlifted;    // those of them that no exemption of these groups lifts
  for (size_t l = 0; l < to.snapshot->lists.size(); ++l) {
    const uint8_t liftable = LiftableOf(to.snapshot->lists[l]->kind);
    const auto forbids = [&](size_t g) { return Forbids(to, g, l); };
    const auto lifts = [&](size_t g) { return (groups_[g].lifts & liftable) != 0; };
    if (!std::all_of(groups.begin(), groups.end(), forbids)) continue;
    forbidding.push_back(l);
    if (std::none_of(groups.begin(), groups.end(), lifts)) unlifted.push_back(l);
  }
  const uint64_t count = Opened(from, to, area_code, all, forbidding);
  if (unlifted.size() == forbidding.size()) return count;
  const uint64_t most = Opened(from, to, area_code, all, unlifted);
  return count + std::min(most - count, exemptions);
}

bool CallableCount::IsInUse(int area_code) const {
  if (known_[static_cast<size_t>(area_code)]) return true;
  const auto has = [area_code](const SnapshotListPtr& list) {
    return list->numbers.area(area_code) != nullptr;
  };
  const auto any_has = [&has](const Side& side) {
    return std::any_of(side.snapshot->lists.begin(), side.snapshot->lists.end(), has);
  };
  return any_has(before_) || any_has(after_);
}

CallableChange CallableCount::Of(int area_code) const {
  return {Count(before_, after_, area_code), Count(after_, before_, area_code)};
}

}  // namespace dnc
