#include "server/assembly/store_pair.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/records/change_log.h"
#include "server/records/journal_position.h"
#include "server/storage/mark_file.h"
#include "server/storage/revision_note.h"

namespace dnc {
namespace {

// The files of the published lists' half. The note in it is about the other half.
constexpr std::string_view kRevision = "revision";
constexpr std::string_view kTenantsNote = "store/tenants.revision";
// The files of the tenants' half.
constexpr std::string_view kDirectory = "tenants.directory";
constexpr std::string_view kJournal = "tenants.journal";
constexpr std::string_view kPublishedNote = "tenants/store.revision";

// Returns where revisions go on after a restore: the microseconds since 1970. Nobody knows how many
// revisions were given after the copy was made, even by a folder that had been restored itself. But
// no server gives one every microsecond, so they are lower than this. It is exact in a double until
// 2255.
uint64_t RevisionOfNow() {
  return static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMicros(absl::Now())));
}

// Returns the files of the tenants' half that are beside the folders.
const std::vector<std::string_view>& TenantsFiles() {
  static const std::vector<std::string_view> files = {kDirectory, kJournal, "tenants.filter",
                                                      "tenants.seal"};
  return files;
}

absl::Status Refused(std::string_view what, std::string_view remedy) {
  return Error(reason::kStorageUnusable,
               StrCat(what, "; ", remedy, " (docs/operations.md, `The server does not start`)"));
}

constexpr std::string_view kWholeBackup =
    "restore the whole data folder from the newest backup: the folders `store` and `tenants`, and "
    "the files `clock`, `revision*` and `tenants.*`";

}  // namespace

std::string StorePair::Path(std::string_view name) const { return StrCat(data_dir_, "/", name); }

bool StorePair::Has(std::string_view name) const {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(Path(name), ignored));
}

absl::Status StorePair::RemoveFiles(const std::vector<std::string_view>& names) {
  for (const std::string_view name : names) {
    std::error_code error;
    std::filesystem::remove(Path(name), error);
    if (error) return FileError("removing", Path(name), error.value());
  }
  return absl::OkStatus();
}

absl::Status StorePair::Missing(std::string_view what, std::string_view why) const {
  const bool tenants = what == "tenants";
  return Refused(StrCat(Path(what),
                        tenants ? ", which holds the tenants' opt-outs, keys and lists,"
                                : ", which holds the published lists,",
                        " is missing or empty, but it was there: ", why),
                 StrCat(kWholeBackup,
                        tenants ? ". If the tenants' half is lost for good, --new-tenants begins "
                                  "it empty: every opt-out, consent and key is gone then"
                                : ". If the lists are lost for good, --new-published begins "
                                  "with none, and all of them have to be loaded again"));
}

absl::Status StorePair::MoveLooseNotes() {
  constexpr std::array<std::array<std::string_view, 3>, 2> kNotes = {
      {{"revision.tenants", kTenantsNote, "store/CURRENT"},
       {"tenants.published", kPublishedNote, "tenants/CURRENT"}}};
  for (const auto& [loose, note, store] : kNotes) {
    if (!Has(loose) || !Has(store)) continue;
    if (Has(note)) {
      DNC_RETURN_IF_ERROR(RemoveFiles({loose}));
      continue;
    }
    std::error_code error;
    std::filesystem::rename(Path(loose), Path(note), error);
    if (error) return FileError("renaming", Path(loose), error.value());
    DNC_RETURN_IF_ERROR(SyncFolderOf(Path(note)));
    DNC_RETURN_IF_ERROR(SyncFolderOf(Path(loose)));
  }
  return absl::OkStatus();
}

absl::Status StorePair::LookAtFiles() {
  DNC_RETURN_IF_ERROR(MoveLooseNotes());
  has_published_ = Has("store/CURRENT");
  has_tenants_ = Has("tenants/CURRENT");
  for (const std::string_view name :
       {kRevision, kTenantsNote, kDirectory, kJournal, kPublishedNote}) {
    if (!Has(name)) missing_marks_.push_back(name);
  }
  if (has_published_) return absl::OkStatus();  // BeforeTenants checks it
  if (has_tenants_) {
    if (!start_.new_published) return Missing("store", "the tenants' half is there");
    return absl::OkStatus();
  }
  std::vector<std::string_view> known = {"tenants", "uploads", "clock", kRevision};
  known.insert(known.end(), TenantsFiles().begin(), TenantsFiles().end());
  for (const std::string_view name : known) {
    if (!Has(name)) continue;
    return Refused(StrCat(data_dir_, " holds ", name,
                          ", but neither of its stores: a restore stopped half way, a disk is not "
                          "mounted, or something was removed"),
                   StrCat(kWholeBackup, ". To begin with nothing, empty the folder"));
  }
  return absl::OkStatus();
}

absl::Status StorePair::CheckPublishedMark(const Store& published) const {
  DNC_ASSIGN_OR_RETURN(const auto catalog, published.Get(Column::kMeta, "catalog"));
  return catalog.has_value() ? CheckMarks({kRevision}) : absl::OkStatus();
}

absl::Status StorePair::BeforeTenants(Store& published, uint64_t revision) {
  DNC_ASSIGN_OR_RETURN(const std::optional<StoreHead> head, ReadStoreHead(published));
  if (head.has_value()) lost_ = head->lost;
  if (has_tenants_) return absl::OkStatus();
  std::string why;
  if (head.has_value() && head->other != kNoStore) why = "the published lists' half names it";
  if (revision > 0) why = "lists were published, and it is made before";
  // Every version makes that folder after the tenants' store.
  if (!head.has_value() && has_published_ && Has("uploads")) why = "the folder `uploads` is there";
  for (const std::string_view name : TenantsFiles()) {
    if (Has(name)) why = StrCat(name, " is there");
  }
  if (why.empty()) return absl::OkStatus();  // the first start, or a crash during it
  if (!start_.new_tenants) return Missing("tenants", why);
  uint64_t lost = std::max(lost_.up_to, revision);
  if (const auto note = RevisionNote::Open(Path(kTenantsNote)); note.ok()) {
    lost = std::max(lost, (*note)->last().revision);
  }
  if (const auto mark = ReadMark(Path(kDirectory)); mark.ok()) {
    lost = std::max(lost, mark->value_or(0));
  }
  if (Has(kJournal)) {
    const auto journal = JournalPosition::Open(Path(kJournal));
    if (journal.ok() && (*journal)->last().has_value()) {
      lost = std::max(lost, (*journal)->last()->revision);
    }
  }
  lost_.Join({0, lost});
  told_ = StrCat(
      "the tenants' store was missing and began empty (--new-tenants); what tenants "
      "wrote up to revision ",
      lost, " is lost");
  LogError("{}", told_);
  return RemoveFiles(TenantsFiles());
}

absl::Status StorePair::Compare(const std::optional<StoreHead>& published,
                                const std::optional<StoreHead>& tenants) const {
  const bool names = published.has_value() && published->other != kNoStore;
  const bool named = tenants.has_value() && tenants->other != kNoStore;
  const bool same = (!names || (tenants.has_value() && tenants->id == published->other)) &&
                    (!named || (published.has_value() && published->id == tenants->other));
  if (same) return absl::OkStatus();
  return Refused(StrCat(Path("store"), " and ", Path("tenants"),
                        " do not belong together: each store names its other half, and these are "
                        "of two installations or of two times"),
                 kWholeBackup);
}

absl::Status StorePair::CheckMarks(const std::vector<std::string_view>& needed) const {
  for (const std::string_view name : missing_marks_) {
    if (std::find(needed.begin(), needed.end(), name) == needed.end()) continue;
    const bool of_lists = name == kRevision || name == kPublishedNote;
    return Refused(StrCat(Path(name), " is missing, so nobody can tell whether the folder `",
                          of_lists ? "store" : "tenants", "` holds all that was acknowledged"),
                   kWholeBackup);
  }
  return absl::OkStatus();
}

absl::Status StorePair::CheckNote(std::string_view file, StoreId id, uint64_t revision,
                                  std::string_view what) const {
  const auto note = RevisionNote::Open(Path(file));
  if (IsPermissionError(note.status())) return note.status();
  if (!note.ok()) return Refused(std::string(note.status().message()), kWholeBackup);
  const Position& last = (*note)->last();
  if (last.store != id) {
    return Refused(StrCat(Path(file), " is of another installation than the folder `", what, "`"),
                   kWholeBackup);
  }
  if (last.revision <= revision) return absl::OkStatus();
  return Error(
      reason::kStorageDamaged,
      StrCat(Path(what), " is at revision ", revision, ", but ", Path(file), " knows revision ",
             last.revision, " of it: it is an older copy than the other half, or lost changes; ",
             kWholeBackup, ", and start once with --restored (docs/operations.md, `Back up`)"));
}

absl::Time StorePair::NewestKept() const {
  const auto mark = ReadTimeMark(data_dir_ + kClockName);
  return mark.ok() && mark->has_value() ? **mark : absl::UnixEpoch();
}

absl::Status StorePair::NoteRestored(Store& published, Store& tenants, uint64_t revision) {
  DNC_ASSIGN_OR_RETURN(std::optional<StoreHead> first, ReadStoreHead(published));
  DNC_ASSIGN_OR_RETURN(std::optional<StoreHead> second, ReadStoreHead(tenants));
  // Revisions go on at least this much higher, in case the clock is wrong.
  constexpr uint64_t kLeast = 1'000'000;
  lost_.Join({revision, std::max(std::max(lost_.up_to, revision) + kLeast, RevisionOfNow())});
  // A caller that watched must not go on as if nothing had happened.
  ChangeLog changes;
  DNC_RETURN_IF_ERROR(changes.Read(*tenants.Snapshot()));
  StoreBatch batch;
  changes.Drop(lost_.up_to, batch);
  DNC_RETURN_IF_ERROR(tenants.Write(batch));
  second->lost = first->lost = lost_;
  // If the server ran on the copy before this was declared, the clock file has later moments; then
  // the moment counts that was recorded when the copy was noticed.
  DNC_ASSIGN_OR_RETURN(const absl::Time copied, KnownWhenCopied(published));
  Untold& untold = first->untold;
  untold.since = std::min({untold.since, NewestKept(), copied});
  untold.until = std::max(untold.until, absl::Now());
  DNC_RETURN_IF_ERROR(WriteStoreHead(*second, tenants));
  DNC_RETURN_IF_ERROR(WriteStoreHead(*first, published));
  told_ = StrCat(told_, told_.empty() ? "" : "; ",
                 "the data folder was restored from a backup of revision ", revision,
                 " (--restored); what was written after it is lost, and revisions go on from ",
                 lost_.up_to);
  LogError(
      "{}. Write again what tenants kept since, before numbers are called; and take --restored "
      "away, or each start is a restore",
      told_);
  return absl::OkStatus();
}

absl::Status StorePair::NameEachOther(Store& published, Store& tenants, StoreHead& first,
                                      StoreHead& second) {
  // All files are written before the heads that require them. Missing marks were refused if
  // something had been written.
  for (const std::string_view name : {kRevision, kDirectory}) {
    if (!Has(name)) DNC_RETURN_IF_ERROR(WriteMark(Path(name), 0));
  }
  DNC_RETURN_IF_ERROR(JournalPosition::Open(Path(kJournal)).status());
  if (first.id == kNoStore) {
    first.id = NewStoreId();
    DNC_RETURN_IF_ERROR(WriteStoreHead(first, published));
  }
  if (second.id == kNoStore) second.id = NewStoreId();
  DNC_RETURN_IF_ERROR(RevisionNote::Make(Path(kTenantsNote), {second.id, 0}).status());
  DNC_RETURN_IF_ERROR(RevisionNote::Make(Path(kPublishedNote), {first.id, 0}).status());
  second.other = first.id;
  lost_.Join(first.lost);
  lost_.Join(second.lost);
  second.lost = first.lost = lost_;
  DNC_RETURN_IF_ERROR(WriteStoreHead(second, tenants));
  first.other = second.id;
  return WriteStoreHead(first, published);
}

absl::Status StorePair::Join(Store& published, uint64_t published_revision, Store& tenants,
                             uint64_t tenants_revision) {
  DNC_ASSIGN_OR_RETURN(std::optional<StoreHead> first, ReadStoreHead(published));
  DNC_ASSIGN_OR_RETURN(std::optional<StoreHead> second, ReadStoreHead(tenants));
  if (!has_published_ && has_tenants_) {  // with --new-published
    uint64_t lost = tenants_revision;
    if (const auto note = RevisionNote::Open(Path(kPublishedNote)); note.ok()) {
      lost = std::max(lost, (*note)->last().revision);
    }
    lost_.Join({0, lost});
    told_ = StrCat(
        "the published lists' store was missing and began empty (--new-published); all "
        "lists have to be loaded again. Revisions up to ",
        lost, " can't be asked for");
    LogError("{}", told_);
    DNC_RETURN_IF_ERROR(RemoveFiles({kRevision}));
    if (second.has_value()) second->other = kNoStore;
  } else if (!has_tenants_ && first.has_value()) {
    first->other = kNoStore;  // BeforeTenants has decided
  } else if (has_tenants_ && (start_.new_tenants || start_.new_published)) {
    LogError(
        "--new-tenants and --new-published do nothing while both stores are there; take them away, "
        "or a later loss begins empty without a question");
  }
  DNC_RETURN_IF_ERROR(Compare(first, second));
  const bool whole = first.has_value() && first->other != kNoStore && second.has_value() &&
                     second->other != kNoStore;
  if (whole) {
    DNC_RETURN_IF_ERROR(
        CheckMarks({kRevision, kTenantsNote, kDirectory, kJournal, kPublishedNote}));
    DNC_RETURN_IF_ERROR(CheckNote(kTenantsNote, second->id, tenants_revision, "tenants"));
    DNC_RETURN_IF_ERROR(CheckNote(kPublishedNote, first->id, published_revision, "store"));
    lost_.Join(first->lost);
    lost_.Join(second->lost);
  } else {
    // The stores come from a version that kept no heads, or one half begins anew.
    if (tenants_revision > 0) DNC_RETURN_IF_ERROR(CheckMarks({kDirectory, kJournal}));
    StoreHead head = first.value_or(StoreHead());
    StoreHead other = second.value_or(StoreHead());
    DNC_RETURN_IF_ERROR(NameEachOther(published, tenants, head, other));
  }
  DNC_ASSIGN_OR_RETURN(auto of_tenants, RevisionNote::Open(Path(kTenantsNote)));
  DNC_ASSIGN_OR_RETURN(auto of_published, RevisionNote::Open(Path(kPublishedNote)));
  tenants.SetNote(std::move(of_tenants));
  published.SetNote(std::move(of_published));
  tenants.NoteRevision(tenants_revision);
  published.NoteRevision(published_revision);
  DNC_ASSIGN_OR_RETURN(const bool copied, NoteCopied(Path(kTenantsNote), NewestKept(), published));
  if (copied && whole && !start_.restored) {
    LogWarn(
        "{} was copied since dncd ran on it. If it is a backup that was put back, opt-outs that "
        "were acknowledged after it are missing: stop dncd, and start it once with --restored "
        "(docs/operations.md, `Back up`)",
        data_dir_);
  }
  if (!start_.restored) return absl::OkStatus();
  return NoteRestored(published, tenants, std::max(published_revision, tenants_revision));
}

}  // namespace dnc
