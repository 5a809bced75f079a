// The keys of the store, and who writes them in which order (docs/internals/disk-format.md has the
// values):
//
//   column    key                                     written by
//   default   next-release                            ReserveReleaseId, before anything else
//   blocks    list | release | area code | exchange   WriteContent: no record names it yet
//   changes   list | release | area code              WriteContent
//   default   release/ID, seals/ID, catalog           Commit, as one batch: now it is in force
//   default   load/ID                                 WriteLoad, when the load has ended
//
// The ids in keys are big-endian, so all blocks of one release in one area code are neighbors.
// After the batch, Commit writes the catalog's revision to the mark, a file outside the store. A
// start that finds the mark ahead of the catalog knows that the store has lost acknowledged
// changes.
#include "server/registry/release_store.h"

#include <cstring>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/storage/checked_value.h"
#include "server/storage/mark_file.h"

namespace dnc {
namespace {

constexpr char kCatalogKey[] = "catalog";
constexpr char kNextReleaseKey[] = "next-release";
constexpr std::string_view kReleasePrefix = "release/";
constexpr std::string_view kSealsPrefix = "seals/";
constexpr std::string_view kLoadPrefix = "load/";
// A change takes twelve bytes, little-endian: four bytes of number * 4 + exact * 2 + added, with
// the highest bit set if it is repeated, and eight bytes of time.
constexpr size_t kChangeBytes = 12;
constexpr uint32_t kRepeated = uint32_t{1} << 31;

template <typename T>
void AppendBigEndian(T value, std::string& key) {
  for (int shift = 8 * (sizeof(T) - 1); shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(value >> shift & 0xFF));
  }
}

std::string IdKey(std::string_view prefix, uint64_t id) {
  std::string key(prefix);
  AppendBigEndian(id, key);
  return key;
}

std::string ContentKey(uint32_t list_id, uint64_t release_id, uint16_t area_code) {
  std::string key;
  AppendBigEndian(list_id, key);
  AppendBigEndian(release_id, key);
  AppendBigEndian(area_code, key);
  return key;
}

std::string BlockKey(uint32_t list_id, uint64_t release_id, uint16_t area_code, uint16_t exchange) {
  std::string key = ContentKey(list_id, release_id, area_code);
  AppendBigEndian(exchange, key);
  return key;
}

absl::Status Damaged(std::string_view what) {
  return Error(
      reason::kStorageDamaged,
      StrCat(
          "the stored ", what,
          " is damaged or missing; restore the data folder from the newest backup, or move `store` "
          "and `revision*` away, start with --new-published and load the lists again"));
}

absl::StatusOr<std::string_view> RemoveCheckOf(std::string_view key, std::string_view sealed,
                                               std::string_view what) {
  const std::optional<std::string_view> value = RemoveCheck(key, sealed);
  if (!value.has_value()) return Damaged(what);
  return *value;
}

template <typename Record>
absl::StatusOr<Record> Decode(std::string_view key, std::string_view sealed,
                              std::string_view what) {
  DNC_ASSIGN_OR_RETURN(const std::string_view value, RemoveCheckOf(key, sealed, what));
  Record record;
  if (!record.ParseFromArray(value.data(), static_cast<int>(value.size()))) return Damaged(what);
  return record;
}

template <typename Record>
void PutRecord(const std::string& key, const Record& record, StoreBatch& batch) {
  batch.Put(Column::kMeta, key, AddCheck(key, record.SerializeAsString()));
}

template <typename Record>
absl::StatusOr<Record> GetRecord(const Store& store, const std::string& key,
                                 std::string_view what) {
  DNC_ASSIGN_OR_RETURN(const std::optional<std::string> value, store.Get(Column::kMeta, key));
  if (!value.has_value()) return Damaged(what);
  return Decode<Record>(key, *value, what);
}

std::string EncodeChanges(const std::vector<StoredChange>& changes) {
  std::string bytes(changes.size() * kChangeBytes, '\0');
  char* out = bytes.data();
  for (const StoredChange& change : changes) {
    const uint32_t head = change.subscriber << 2 | (change.exact ? 2U : 0U) |
                          (change.added ? 1U : 0U) | (change.repeated ? kRepeated : 0U);
    std::memcpy(out, &head, sizeof(head));
    std::memcpy(out + sizeof(head), &change.at_micros, sizeof(change.at_micros));
    out += kChangeBytes;
  }
  return bytes;
}

}  // namespace

absl::StatusOr<Untold> ReleaseStore::ReadUntold() const {
  DNC_ASSIGN_OR_RETURN(const std::optional<StoreHead> head, ReadStoreHead(*store_));
  return head.value_or(StoreHead()).untold;
}

absl::StatusOr<storage::Catalog> ReleaseStore::ReadCatalog() {
  DNC_ASSIGN_OR_RETURN(const std::optional<std::string> value,
                       store_->Get(Column::kMeta, kCatalogKey));
  storage::Catalog catalog;
  if (value.has_value()) {
    DNC_ASSIGN_OR_RETURN(catalog, Decode<storage::Catalog>(kCatalogKey, *value, "catalog"));
  }
  DNC_ASSIGN_OR_RETURN(const std::optional<uint64_t> mark, ReadMark(mark_path_));
  if (mark.value_or(0) > catalog.revision()) {
    return Error(
        reason::kStorageDamaged,
        StrCat("the store is at revision ", catalog.revision(), " but revision ", *mark,
               " was acknowledged: it has lost changes. Restore the newest copy of the data "
               "folder, or move `store` and `revision*` away, start with --new-published and load "
               "the lists again"));
  }
  if (mark.value_or(0) < catalog.revision()) {
    // A crash came between the commit and the mark. The commit holds.
    DNC_RETURN_IF_ERROR(WriteMark(mark_path_, catalog.revision()));
  }
  return catalog;
}

absl::StatusOr<std::vector<storage::Release>> ReleaseStore::ReadReleases() const {
  std::vector<storage::Release> releases;
  DNC_RETURN_IF_ERROR(
      store_->Scan(Column::kMeta, IdKey(kReleasePrefix, 0), IdKey(kReleasePrefix, ~0ULL),
                   [&releases](std::string_view key, std::string_view value) -> absl::Status {
                     DNC_ASSIGN_OR_RETURN(storage::Release release,
                                          Decode<storage::Release>(key, value, "release"));
                     releases.push_back(std::move(release));
                     return absl::OkStatus();
                   }));
  return releases;
}

absl::StatusOr<storage::Release> ReleaseStore::ReadRelease(uint64_t id) const {
  return GetRecord<storage::Release>(*store_, IdKey(kReleasePrefix, id), StrCat("release ", id));
}

absl::StatusOr<storage::Seals> ReleaseStore::ReadSeals(uint64_t release_id) const {
  return GetRecord<storage::Seals>(*store_, IdKey(kSealsPrefix, release_id),
                                   StrCat("seals of release ", release_id));
}

absl::StatusOr<std::vector<storage::Load>> ReleaseStore::ReadLoads(size_t limit) const {
  std::vector<storage::Load> loads;
  DNC_RETURN_IF_ERROR(store_->Scan(
      Column::kMeta, IdKey(kLoadPrefix, 0), IdKey(kLoadPrefix, ~0ULL),
      [&loads](std::string_view key, std::string_view value) -> absl::Status {
        DNC_ASSIGN_OR_RETURN(storage::Load load, Decode<storage::Load>(key, value, "load record"));
        loads.push_back(std::move(load));
        return absl::OkStatus();
      }));
  if (loads.size() > limit) loads.erase(loads.begin(), loads.end() - static_cast<long>(limit));
  return loads;
}

absl::StatusOr<uint64_t> ReleaseStore::ReserveReleaseId() {
  DNC_ASSIGN_OR_RETURN(const std::optional<std::string> value,
                       store_->Get(Column::kMeta, kNextReleaseKey));
  uint64_t id = 1;
  if (value.has_value()) {
    DNC_ASSIGN_OR_RETURN(const std::string_view bytes,
                         RemoveCheckOf(kNextReleaseKey, *value, "release counter"));
    if (bytes.size() != sizeof(id)) return Damaged("release counter");
    std::memcpy(&id, bytes.data(), sizeof(id));
  }
  const uint64_t next = id + 1;
  StoreBatch batch;
  batch.Put(Column::kMeta, kNextReleaseKey,
            AddCheck(kNextReleaseKey, {reinterpret_cast<const char*>(&next), sizeof(next)}));
  DNC_RETURN_IF_ERROR(store_->Write(batch));
  return id;
}

absl::Status ReleaseStore::WriteContent(uint32_t list_id, uint64_t release_id,
                                        const ReleaseContent& content) {
  uint64_t bytes = 0;
  for (const auto& [area_code, set] : content.blocks) bytes += set->memory_bytes();
  for (const auto& [area_code, changes] : content.changes) bytes += changes.size() * kChangeBytes;
  DNC_RETURN_IF_ERROR(store_->CheckRoom(bytes + bytes / 8));
  DNC_ASSIGN_OR_RETURN(auto blocks, store_->NewIngest(Column::kBlocks));
  for (const auto& [area_code, set] : content.blocks) {
    absl::Status status;
    const auto area = static_cast<uint16_t>(area_code);
    set->ForEachBlock([&](int exchange, std::string_view block) {
      if (!status.ok()) return;
      status =
          blocks->Add(BlockKey(list_id, release_id, area, static_cast<uint16_t>(exchange)), block);
    });
    DNC_RETURN_IF_ERROR(status);
  }
  DNC_RETURN_IF_ERROR(blocks->Finish());
  DNC_ASSIGN_OR_RETURN(auto changes_file, store_->NewIngest(Column::kChanges));
  for (const auto& [area_code, changes] : content.changes) {
    const std::string key = ContentKey(list_id, release_id, static_cast<uint16_t>(area_code));
    DNC_RETURN_IF_ERROR(changes_file->Add(key, AddCheck(key, EncodeChanges(changes))));
  }
  return changes_file->Finish();
}

absl::Status ReleaseStore::Commit(const storage::Catalog& catalog, const storage::Release* release,
                                  const storage::Seals* seals,
                                  const std::vector<uint64_t>& cut_off) {
  StoreBatch batch;
  for (const uint64_t id : cut_off) {
    batch.Delete(Column::kMeta, IdKey(kReleasePrefix, id));
    batch.Delete(Column::kMeta, IdKey(kSealsPrefix, id));
  }
  if (release != nullptr) PutRecord(IdKey(kReleasePrefix, release->id()), *release, batch);
  if (seals != nullptr) PutRecord(IdKey(kSealsPrefix, release->id()), *seals, batch);
  PutRecord(kCatalogKey, catalog, batch);
  DNC_RETURN_IF_ERROR(store_->Write(batch));
  store_->NoteRevision(catalog.revision());
  // The commit holds whether or not the mark can be written, and an error here would report a
  // durable change as refused. The next commit or start catches up a mark that lags.
  WriteMark(mark_path_, catalog.revision()).IgnoreError();
  return absl::OkStatus();
}

absl::Status ReleaseStore::WriteLoad(const storage::Load& load, uint64_t drop_id) {
  StoreBatch batch;
  PutRecord(IdKey(kLoadPrefix, load.id()), load, batch);
  if (drop_id != 0) batch.Delete(Column::kMeta, IdKey(kLoadPrefix, drop_id));
  return store_->Write(batch);
}

absl::Status ReleaseStore::ReadBlocks(uint32_t list_id, uint64_t generation, int area_code,
                                      AreaSetBuilder& builder) const {
  const auto area = static_cast<uint16_t>(area_code);
  return store_->Scan(Column::kBlocks, ContentKey(list_id, generation, area),
                      ContentKey(list_id, generation, static_cast<uint16_t>(area + 1)),
                      [&builder](std::string_view key, std::string_view block) -> absl::Status {
                        if (key.size() != 16) return Damaged("block key");
                        const int exchange =
                            static_cast<uint8_t>(key[14]) << 8 | static_cast<uint8_t>(key[15]);
                        return builder.AddBlock(exchange, block);
                      });
}

absl::StatusOr<std::vector<StoredChange>> ReleaseStore::ReadChanges(uint32_t list_id,
                                                                    uint64_t release_id,
                                                                    int area_code) const {
  const std::string key = ContentKey(list_id, release_id, static_cast<uint16_t>(area_code));
  std::vector<StoredChange> changes;
  DNC_ASSIGN_OR_RETURN(const std::optional<std::string> sealed, store_->Get(Column::kChanges, key));
  if (!sealed.has_value()) return changes;
  DNC_ASSIGN_OR_RETURN(const std::string_view bytes, RemoveCheckOf(key, *sealed, "change record"));
  if (bytes.size() % kChangeBytes != 0) return Damaged("change record");
  changes.resize(bytes.size() / kChangeBytes);
  const char* in = bytes.data();
  for (StoredChange& change : changes) {
    uint32_t head = 0;
    std::memcpy(&head, in, sizeof(head));
    std::memcpy(&change.at_micros, in + sizeof(head), sizeof(change.at_micros));
    change.repeated = (head & kRepeated) != 0;
    change.subscriber = (head & ~kRepeated) >> 2;
    change.exact = (head & 2U) != 0;
    change.added = (head & 1U) != 0;
    const bool possible = !change.repeated || (change.exact && change.added);
    if (change.subscriber >= kNumbersPerArea || !possible) return Damaged("change record");
    in += kChangeBytes;
  }
  return changes;
}

absl::Status ReleaseStore::CollectBlocks(uint32_t list_id,
                                         absl::FunctionRef<bool(uint64_t)> keeps) {
  return Collect(Column::kBlocks, list_id, keeps);
}

absl::Status ReleaseStore::CollectChanges(uint32_t list_id,
                                          absl::FunctionRef<bool(uint64_t)> keeps) {
  return Collect(Column::kChanges, list_id, keeps);
}

absl::Status ReleaseStore::Collect(Column column, uint32_t list_id,
                                   absl::FunctionRef<bool(uint64_t)> keeps) {
  const std::string end = ContentKey(list_id + 1, 0, 0);
  std::string from = ContentKey(list_id, 0, 0);
  while (true) {
    DNC_ASSIGN_OR_RETURN(const std::optional<std::string> key, store_->FirstKey(column, from, end));
    if (!key.has_value()) return absl::OkStatus();
    uint64_t release_id = 0;
    for (int i = 4; i < 12; ++i) release_id = release_id << 8 | static_cast<uint8_t>((*key)[i]);
    from = ContentKey(list_id, release_id + 1, 0);
    if (!keeps(release_id)) {
      DNC_RETURN_IF_ERROR(store_->Drop(column, ContentKey(list_id, release_id, 0), from));
    }
  }
}

}  // namespace dnc
