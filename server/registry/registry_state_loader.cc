// How a start finds out what is in force, and how far it can be trusted.
//
//   catalog            which release of each list is in force
//     release          has the digest of its area seals
//       area seals     each: how many numbers, their digest, `generation`, `changed_by`
//         blocks       written whole by the release `generation`       [############]
//         changes      of the releases after it, up to `changed_by`           + + +
//                      together they must have the seal's count and digest
//
// An area code that does not match its seal is damaged, which answers nothing; the others go on. A
// list whose release or seals can't be read is damaged as a whole. Area codes are read side by
// side, since a start waits for them all.
#include "server/registry/registry_state_loader.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/synchronization/mutex.h"
#include "server/base/error.h"
#include "server/base/for_each_parallel.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/data_age.h"

namespace dnc {
namespace {

bool Matches(const storage::Seal& seal, const AreaSet* set) {
  if (set == nullptr) return seal.count() == 0;
  return seal.count() == set->size() && seal.digest_high() == set->digest().high &&
         seal.digest_low() == set->digest().low;
}

// Returns a list that counts as loaded although its release cannot be read; nothing of it is
// trusted.
ListStatePtr DamagedList(const storage::ListHead& head) {
  auto list = ToList(head);
  list->head.set_id(head.release_id());
  list->head.set_list(head.name());
  list->damaged.set();
  return list;
}

// Returns the lists of the catalog, and sets in `state` their releases, under canonical names. An
// earlier version took `state:tx` and `state:TX` for two lists; in that case one gets the canonical
// name and the other keeps the name that it has. Both count wherever the name counts.
std::vector<storage::ListHead> WithCanonicalNames(
    const storage::Catalog& catalog, RegistryState& state,
    const std::function<void(const std::string&)>& log) {
  std::set<std::string> taken;
  for (const storage::ListHead& head : catalog.lists()) {
    if (CanonicalOrSame(head.name()) == head.name()) taken.insert(head.name());
  }
  std::vector<storage::ListHead> heads(catalog.lists().begin(), catalog.lists().end());
  std::map<uint32_t, std::string> names;
  for (storage::ListHead& head : heads) {
    std::string name = CanonicalOrSame(head.name());
    if (name != head.name()) {
      if (taken.insert(name).second) {
        head.set_name(name);
      } else if (head.release_id() != 0) {
        log(StrCat("the lists ", name, " and ", head.name(),
                   " are one by name, and an earlier version kept them apart: both count. Load all "
                   "of the list into ",
                   name, ", then run `dncctl retire ", head.name(), "`"));
      }
    }
    names[head.list_id()] = head.name();
  }
  for (auto& [id, release] : state.releases) {
    const auto name = names.find(release->list_id());
    if (name == names.end() || release->list() == name->second) continue;
    auto renamed = std::make_shared<storage::Release>(*release);
    renamed->set_list(name->second);
    release = std::move(renamed);
  }
  return heads;
}

}  // namespace

absl::StatusOr<AreaSetPtr> ReadArea(const ReleaseStore& store, uint32_t list_id,
                                    const storage::Seal& seal,
                                    const std::vector<uint64_t>& lineage) {
  const int area_code = static_cast<int>(seal.area_code());
  AreaSetBuilder builder;
  DNC_RETURN_IF_ERROR(store.ReadBlocks(list_id, seal.generation(), area_code, builder));
  AreaSetPtr set = std::move(builder).Build();
  std::vector<Change> replay;
  for (auto id = lineage.rbegin(); id != lineage.rend(); ++id) {
    if (*id <= seal.generation() || *id > seal.changed_by()) continue;
    DNC_ASSIGN_OR_RETURN(const std::vector<StoredChange> changes,
                         store.ReadChanges(list_id, *id, area_code));
    for (const StoredChange& change : changes) replay.push_back({change.subscriber, change.added});
  }
  if (!replay.empty()) set = Folded(*WithChanges(set, replay).set);
  if (Matches(seal, set.get())) return set;
  return Error(reason::kStorageDamaged,
               StrCat("area code ", area_code, ": the stored numbers (", set->size(),
                      ") do not match their seal (", seal.count(),
                      "); the area code is not covered until it is loaded again"));
}

absl::StatusOr<ListStatePtr> ReadList(const ReleaseStore& store, const RegistryState& state,
                                      const storage::ListHead& head, int threads,
                                      const ListState* shared,
                                      const std::function<void(const std::string&)>& log) {
  DNC_RETURN_IF_ERROR(ParseListName(head.name()).status());
  auto list = ToList(head);
  if (head.release_id() == 0) return list;
  const auto release = state.releases.find(head.release_id());
  if (release == state.releases.end()) {
    return Error(reason::kStorageDamaged,
                 StrCat("release ", head.release_id(), " of list ", head.name(),
                        " is missing from the store; restore the data folder from a copy"));
  }
  list->head = *release->second;
  DNC_ASSIGN_OR_RETURN(const storage::Seals seals, store.ReadSeals(head.release_id()));
  FromRecord(seals, *list);
  if (DigestOfSeals(list->seals).ToHex() != list->head.digest()) {
    return Error(reason::kStorageDamaged,
                 StrCat("the seals of release ", head.release_id(), " do not match its digest"));
  }
  const std::vector<uint64_t> lineage = Lineage(state, head.release_id());
  std::vector<const storage::Seal*> todo;
  for (const auto& [area_code, seal] : list->seals) todo.push_back(&seal);
  absl::Mutex mutex;  // guards `list` and `log`
  ForEachParallel(todo.size(), threads, [&](size_t i) {
    const storage::Seal& seal = *todo[i];
    const int area_code = static_cast<int>(seal.area_code());
    if (shared != nullptr && !shared->damaged[area_code] &&
        Matches(seal, shared->numbers.area(area_code).get())) {
      const absl::MutexLock lock(&mutex);
      list->numbers.set_area(area_code, shared->numbers.area(area_code));
      return;
    }
    absl::StatusOr<AreaSetPtr> set = ReadArea(store, list->list_id, seal, lineage);
    const absl::MutexLock lock(&mutex);
    if (set.ok()) {
      list->numbers.set_area(area_code, *std::move(set));
    } else {
      list->damaged[area_code] = true;
      log(StrCat("list ", list->name, ", area code ", area_code, ": ", set.status().message()));
    }
  });
  FindBrought(store, state, *list);
  return list;
}

absl::StatusOr<RegistryStatePtr> LoadRegistryState(
    ReleaseStore& store, int threads, const std::function<void(const std::string&)>& log) {
  auto state = std::make_shared<RegistryState>();
  DNC_ASSIGN_OR_RETURN(const storage::Catalog catalog, store.ReadCatalog());
  FromRecord(catalog, *state);
  DNC_ASSIGN_OR_RETURN(std::vector<storage::Release> releases, store.ReadReleases());
  for (storage::Release& release : releases) {
    release.clear_files();
    const uint64_t id = release.id();
    state->releases[id] = std::make_shared<const storage::Release>(std::move(release));
  }
  for (const storage::ListHead& head : WithCanonicalNames(catalog, *state, log)) {
    absl::StatusOr<ListStatePtr> list = ReadList(store, *state, head, threads, nullptr, log);
    if (!list.ok()) log(StrCat("list ", head.name(), ": ", list.status().message()));
    state->lists[head.name()] = list.ok() ? *list : DamagedList(head);
  }
  return state;
}

}  // namespace dnc
