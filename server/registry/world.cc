#include "server/registry/world.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/escaping.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "server/numbers/area_codes.h"

namespace dnc {
namespace {

std::shared_ptr<const SnapshotList> MakeList(const ListState* state, const PolicyList& policy) {
  auto list = std::make_shared<SnapshotList>();
  list->name = policy.name;
  const ListName name = ParseListName(policy.name).value_or(ListName{});
  list->kind = name.kind;
  list->effect = policy.effect.value_or(DefaultEffect(name.kind));
  list->required = policy.required;
  list->max_age = policy.max_age.value_or(DefaultMaxAge(name.kind));
  if (name.kind == ListKind::kState) {
    list->applies_to = AreaCodesOfState(name.qualifier);
  } else {
    list->applies_to.set();
  }
  if (state == nullptr || !state->loaded()) return list;
  list->release_id = state->head.id();
  list->digest = state->head.digest();
  list->numbers = state->numbers;
  if (state->covers_all()) {
    list->areas.fill({AreaState::kLoaded, state->whole_obtained_at});
  }
  for (const auto& [area_code, seal] : state->seals) {
    list->areas[area_code] = {AreaState::kLoaded, FromMicros(seal.obtained_at())};
  }
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    if (state->damaged[area_code]) list->areas[area_code].state = AreaState::kDamaged;
  }
  return list;
}

}  // namespace

std::vector<uint64_t> Lineage(const World& world, uint64_t release_id, uint64_t down_to) {
  std::vector<uint64_t> ids;
  while (release_id != 0 && release_id >= down_to) {
    const auto it = world.releases.find(release_id);
    if (it == world.releases.end()) break;
    ids.push_back(release_id);
    release_id = it->second->parent_id();
  }
  return ids;
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
  for (const PolicyList& named : policy.lists) {
    if (named.name == list.name) return named;
  }
  if (!policy.other_loaded_lists || !list.loaded()) return std::nullopt;
  return PolicyList{.name = list.name, .required = false};
}

SnapshotPtr MakeSnapshot(const World& world, const Policy& policy) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->revision = world.revision;
  const auto named = [&policy](const std::string& name) {
    return std::any_of(policy.lists.begin(), policy.lists.end(),
                       [&name](const PolicyList& list) { return list.name == name; });
  };
  for (const PolicyList& list : policy.lists) {
    const auto it = world.lists.find(list.name);
    const ListState* state = it == world.lists.end() ? nullptr : it->second.get();
    if (state == nullptr || !state->loaded()) {
      if (!list.required) continue;
    }
    snapshot->lists.push_back(MakeList(state, list));
  }
  for (const auto& [name, state] : world.lists) {
    if (named(name)) continue;
    const std::optional<PolicyList> list = PolicyOf(policy, *state);
    if (list.has_value()) snapshot->lists.push_back(MakeList(state.get(), *list));
  }
  return snapshot;
}

storage::Seals ToRecord(const ListState& list) {
  storage::Seals record;
  for (const auto& [area_code, seal] : list.seals) *record.add_seals() = seal;
  if (list.covers_all()) {
    record.set_obtained_at(ToMicros(list.whole_obtained_at));
    record.set_history_since(ToMicros(list.whole_history_since));
    record.set_first_release(list.whole_first_release);
  }
  return record;
}

void FromRecord(const storage::Seals& seals, ListState& list) {
  list.seals.clear();
  for (const storage::Seal& seal : seals.seals()) {
    list.seals[static_cast<int>(seal.area_code())] = seal;
  }
  if (list.covers_all()) {
    list.whole_obtained_at = FromMicros(seals.obtained_at());
    list.whole_history_since = FromMicros(seals.history_since());
    list.whole_first_release = seals.first_release();
  }
}

storage::Catalog ToCatalog(const World& world) {
  storage::Catalog catalog;
  catalog.set_revision(world.revision);
  for (const auto& [name, list] : world.lists) {
    storage::ListHead* head = catalog.add_lists();
    head->set_list_id(list->list_id);
    head->set_name(name);
    head->set_release_id(list->head.id());
  }
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
