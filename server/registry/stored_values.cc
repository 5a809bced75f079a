#include "server/registry/stored_values.h"

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "server/registry/registry_state.h"
#include "server/scrub/list_name.h"

namespace dnc {

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

std::shared_ptr<ListState> ToList(const storage::ListHead& head) {
  const auto known = [](int64_t micros, absl::Time unknown) {
    return micros == 0 ? unknown : FromMicros(micros);
  };
  auto list = std::make_shared<ListState>();
  list->list_id = head.list_id();
  list->name = head.name();
  list->kind = ParseListName(head.name()).value_or(ListName{}).kind;
  list->turns.assign(head.turns().begin(), head.turns().end());
  ListLife& life = list->life;
  life.absent_since = known(head.absent_since(), life.absent_since);
  life.loaded_since = known(head.loaded_since(), life.loaded_since);
  life.first_loaded_at = known(head.first_loaded_at(), life.first_loaded_at);
  life.oldest_release = head.oldest_release();
  life.history_since = known(head.history_since(), life.history_since);
  life.kept_from = head.kept_from();
  return list;
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

storage::File ToFile(const FileReport& report) {
  storage::File file;
  file.set_name(report.name);
  file.set_size_bytes(report.size_bytes);
  file.set_sha256(absl::HexStringToBytes(report.sha256));
  file.set_kind(static_cast<uint32_t>(report.kind));
  file.set_format(report.format);
  file.set_records(report.records);
  file.set_duplicates(report.duplicates);
  file.set_unassignable(report.unassignable);
  file.set_left_out(report.left_out);
  file.set_obtained_at(ToMicros(report.obtained_at));
  return file;
}

void FromRecord(const storage::Catalog& catalog, RegistryState& state) {
  state.revision = catalog.revision();
  if (catalog.begun_at() != 0) state.begun_at = FromMicros(catalog.begun_at());
  state.future_releases.insert(catalog.future_releases().begin(), catalog.future_releases().end());
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

void SumUp(const ListState& list, storage::Release& release) {
  int64_t oldest = ToMicros(list.covers_all() ? list.whole_obtained_at : absl::InfiniteFuture());
  int64_t newest = ToMicros(list.covers_all() ? list.whole_obtained_at : absl::InfinitePast());
  uint64_t numbers = 0;
  for (const auto& [area_code, seal] : list.seals) {
    numbers += seal.count();
    if (list.covers_all()) continue;
    oldest = std::min<int64_t>(oldest, seal.obtained_at());
    newest = std::max<int64_t>(newest, seal.obtained_at());
  }
  release.set_digest(DigestOfSeals(list.seals).ToHex());
  release.set_numbers(numbers);
  release.set_area_codes(list.covers_all() ? 0 : static_cast<uint32_t>(list.seals.size()));
  release.set_obtained_at_oldest(oldest);
  release.set_obtained_at_newest(newest);
}

}  // namespace dnc
