#include "server/registry/registry_state.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/escaping.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/registry/data_age.h"
#include "server/rules/area_codes.h"

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
    // A second list of an older version is not asked for: the first answers.
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

storage::ListHead ToHead(const ListState& list) {
  const auto known = [](absl::Time time) {
    const bool is = time != absl::InfiniteFuture() && time != absl::InfinitePast();
    return is ? ToMicros(time) : 0;
  };
  storage::ListHead head;
  head.set_list_id(list.list_id);
  head.set_name(list.name);
  head.set_release_id(list.head.id());
  head.set_absent_since(known(list.life.absent_since));
  head.set_loaded_since(known(list.life.loaded_since));
  head.set_first_loaded_at(known(list.life.first_loaded_at));
  head.set_oldest_release(list.life.oldest_release);
  head.set_history_since(known(list.life.history_since));
  head.set_kept_from(list.life.kept_from);
  for (const storage::Turn& turn : list.turns) *head.add_turns() = turn;
  return head;
}

ListLife ToLife(const storage::ListHead& head) {
  const auto known = [](int64_t micros, absl::Time unknown) {
    return micros == 0 ? unknown : FromMicros(micros);
  };
  ListLife life;
  life.absent_since = known(head.absent_since(), life.absent_since);
  life.loaded_since = known(head.loaded_since(), life.loaded_since);
  life.first_loaded_at = known(head.first_loaded_at(), life.first_loaded_at);
  life.oldest_release = head.oldest_release();
  life.history_since = known(head.history_since(), life.history_since);
  life.kept_from = head.kept_from();
  return life;
}

storage::Seals ToRecord(const ListState& list) {
  storage::Seals record;
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    const auto number = static_cast<uint32_t>(area_code);
    const bool sealed = list.seals.count(area_code) != 0;
    if (list.damaged[number] && !sealed) record.add_damaged(number);
    if (list.vanished[number] && !sealed) record.add_vanished(number);
  }
  for (const auto& [area_code, seal] : list.seals) *record.add_seals() = seal;
  if (list.covers_all()) {
    record.set_obtained_at(ToMicros(list.whole_obtained_at));
    record.set_history_since(ToMicros(list.whole_history_since));
    record.set_first_release(list.whole_first_release);
    record.set_brought_by(list.whole_brought_by);
    record.set_brought_at(list.whole_brought_at);
  }
  return record;
}

void FromRecord(const storage::Seals& seals, ListState& list) {
  list.seals.clear();
  for (const storage::Seal& seal : seals.seals()) {
    list.seals[static_cast<int>(seal.area_code())] = seal;
  }
  for (const uint32_t area_code : seals.damaged()) list.damaged[area_code % kAreaCodes] = true;
  for (const uint32_t area_code : seals.vanished()) list.vanished[area_code % kAreaCodes] = true;
  if (list.covers_all()) {
    list.whole_obtained_at = FromMicros(seals.obtained_at());
    list.whole_history_since = FromMicros(seals.history_since());
    list.whole_first_release = seals.first_release();
    list.whole_brought_by = seals.brought_by();
    list.whole_brought_at = seals.brought_at();
  }
}

storage::Catalog ToCatalog(const RegistryState& state) {
  storage::Catalog catalog;
  catalog.set_revision(state.revision);
  if (state.begun_at != absl::InfiniteFuture()) catalog.set_begun_at(ToMicros(state.begun_at));
  for (const auto& [name, list] : state.lists) *catalog.add_lists() = ToHead(*list);
  for (const uint64_t id : state.future_releases) catalog.add_future_releases(id);
  return catalog;
}

FileReport ToReport(const storage::File& file) {
  FileReport report;
  report.name = file.name();
  report.size_bytes = file.size_bytes();
  report.sha256 = absl::BytesToHexString(file.sha256());
  report.kind = static_cast<FileKind>(file.kind());
  report.format = file.format();
  report.records = file.records();
  report.duplicates = file.duplicates();
  report.unassignable = file.unassignable();
  report.left_out = file.left_out();
  report.obtained_at = FromMicros(file.obtained_at());
  return report;
}

ReleaseInfo ToInfo(const storage::Release& release) {
  ReleaseInfo info;
  info.id = release.id();
  info.list = release.list();
  info.revision = release.revision();
  info.published_at = FromMicros(release.published_at());
  info.obtained_at_oldest = FromMicros(release.obtained_at_oldest());
  info.obtained_at_newest = FromMicros(release.obtained_at_newest());
  info.numbers = release.numbers();
  info.area_codes = release.area_codes();
  info.added = release.added();
  info.deleted = release.deleted();
  info.no_effect = release.no_effect();
  info.digest = release.digest();
  for (const storage::File& file : release.files()) info.files.push_back(ToReport(file));
  info.parent_id = release.parent_id();
  return info;
}

}  // namespace dnc
