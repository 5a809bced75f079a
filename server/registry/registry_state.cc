#include "server/registry/registry_state.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/registry/data_age.h"
#include "server/rules/area_codes.h"
#include "server/scrub/list_name.h"

namespace dnc {
namespace {

std::shared_ptr<const SnapshotList> MakeList(const RegistryState& state, const ListState* loaded,
                                             const PolicyList& policy) {
  auto list = std::make_shared<SnapshotList>();
  list->name = policy.name;
  const ListName name = ParseListName(policy.name).value_or(ListName{});
  list->kind = name.kind;
  list->effect = EffectOf(policy);
  list->required = policy.required;
  list->max_age = policy.max_age.value_or(DefaultMaxAge(name.kind));
  list->applies_to = AreaCodesToCover(name);
  if (loaded == nullptr || !loaded->loaded()) return list;
  list->release_id = loaded->head.id();
  list->digest = loaded->head.digest();
  list->numbers = loaded->numbers;
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    list->areas[area_code] = CoverageUnder(state, *loaded, area_code, list->max_age);
    if (loaded->damaged[area_code]) list->areas[area_code].state = AreaState::kDamaged;
  }
  return list;
}

}  // namespace

std::vector<uint64_t> Lineage(const RegistryState& state, uint64_t release_id, uint64_t down_to) {
  std::vector<uint64_t> ids;
  while (release_id != 0 && release_id >= down_to) {
    const auto it = state.releases.find(release_id);
    if (it == state.releases.end()) break;
    ids.push_back(release_id);
    release_id = it->second->parent_id();
  }
  return ids;
}

absl::StatusOr<std::vector<uint64_t>> WholeLineage(const RegistryState& state,
                                                   const ListState& list) {
  std::vector<uint64_t> ids = Lineage(state, list.head.id());
  const bool whole = !ids.empty() && (state.releases.at(ids.back())->parent_id() == 0 ||
                                      ids.back() == list.life.oldest_release);
  if (whole) return ids;
  return Error(reason::kStorageDamaged,
               StrCat("the history of list ", list.name,
                      " is damaged: the record of an earlier release is missing; restore the data "
                      "folder from a copy, or retire the list and load it again"));
}

ListStatePtr ListOf(const RegistryState& state, std::string_view name) {
  // Tries the name as it is written first: an earlier version may have left a list under another
  // spelling.
  for (const std::string& written : {std::string(name), CanonicalOrSame(name)}) {
    const auto it = state.lists.find(written);
    if (it != state.lists.end()) return it->second;
  }
  return nullptr;
}

absl::StatusOr<ListStatePtr> FindLoaded(const RegistryState& state, std::string_view name) {
  if (ListStatePtr list = ListOf(state, name); list != nullptr && list->loaded()) return list;
  return Error(reason::kNotFound, StrCat("no list \"", name.substr(0, 60),
                                         "\" is loaded; `dncctl status` shows those that are"));
}

std::shared_ptr<RegistryState> WithList(const RegistryState& state, ListStatePtr list) {
  auto changed = std::make_shared<RegistryState>(state);
  changed->lists[list->name] = std::move(list);
  return changed;
}

bool SurelyAbsent(const RegistryState& state, const ListState& list, absl::Time moment) {
  const ListLife& life = list.life;
  if (life.absent_since <= moment && moment < life.loaded_since) return true;
  return state.begun_at <= moment && moment < life.first_loaded_at;
}

Beginning BeginningOf(const RegistryState& state, const ListState& list, int area_code) {
  Beginning beginning;
  const auto seal = list.seals.find(area_code);
  if (seal != list.seals.end()) {
    beginning = {FromMicros(seal->second.history_since()), seal->second.first_release()};
  } else if (list.covers_all()) {
    beginning = {list.whole_history_since, list.whole_first_release};
  }
  beginning.since = std::max(beginning.since, list.life.history_since);
  if (beginning.release_id != 0 && state.releases.count(beginning.release_id) == 0) {
    beginning.release_id = list.life.oldest_release;
  }
  return beginning;
}

Digest DigestOfSeals(const std::map<int, storage::Seal>& seals) {
  std::string bytes;
  const auto append = [&bytes](auto value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  for (const auto& [area_code, seal] : seals) {
    append(static_cast<uint16_t>(area_code));
    append(static_cast<uint64_t>(seal.count()));
    append(static_cast<uint64_t>(seal.digest_high()));
    append(static_cast<uint64_t>(seal.digest_low()));
  }
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::optional<PolicyList> PolicyOf(const Policy& policy, const ListState& list) {
  const std::string canonical = CanonicalOrSame(list.name);
  for (PolicyList named : policy.lists) {
    if (named.name != canonical) continue;
    named.name = list.name;
    return named;
  }
  if (!policy.other_loaded_lists || !list.loaded()) return std::nullopt;
  return PolicyList{.name = list.name, .required = false};
}

SnapshotListPtr LoadedList(const RegistryState& state, const Policy& policy,
                           const ListState& list) {
  const std::optional<PolicyList> named = PolicyOf(policy, list);
  return named.has_value() ? MakeList(state, &list, *named) : nullptr;
}

SnapshotListPtr UnloadedList(const Policy& policy, const std::string& name) {
  const std::string canonical = CanonicalOrSame(name);
  for (PolicyList named : policy.lists) {
    if (named.name != canonical) continue;
    // A second list of an older version is not required, since the first one answers.
    named.required = named.required && name == canonical;
    named.name = name;
    return MakeList({}, nullptr, named);
  }
  if (!policy.other_loaded_lists) return nullptr;
  return MakeList({}, nullptr, PolicyList{.name = name, .required = false});
}

SnapshotListPtr ListInSnapshot(const RegistryState& state, const Policy& policy,
                               const ListState& list) {
  const std::string canonical = CanonicalOrSame(list.name);
  for (PolicyList named : policy.lists) {
    if (named.name != canonical) continue;
    named.name = list.name;
    return MakeList(state, &list, named);
  }
  return MakeList(state, &list, PolicyList{.name = list.name, .required = false});
}

SnapshotPtr MakeSnapshot(const RegistryState& state, const Policy& policy) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->revision = state.revision;
  const auto named = [&policy](const std::string& name) {
    return std::any_of(policy.lists.begin(), policy.lists.end(),
                       [&name](const PolicyList& list) { return list.name == name; });
  };
  for (const PolicyList& list : policy.lists) {
    const auto it = state.lists.find(list.name);
    const ListState* loaded = it == state.lists.end() ? nullptr : it->second.get();
    if (loaded == nullptr || !loaded->loaded()) {
      if (!list.required) {
        snapshot->unloaded.emplace_back(list.name, EffectOf(list));
        continue;
      }
    }
    snapshot->lists.push_back(MakeList(state, loaded, list));
  }
  for (const auto& [name, loaded] : state.lists) {
    if (named(name)) continue;
    if (!loaded->loaded()) continue;
    const std::optional<PolicyList> list = PolicyOf(policy, *loaded);
    if (list.has_value()) snapshot->lists.push_back(MakeList(state, loaded.get(), *list));
  }
  return snapshot;
}

}  // namespace dnc
