#include "server/assembly/open_stores.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "server/assembly/store_pair.h"
#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/records/idempotency_keys.h"
#include "server/records/tenants_position.h"
#include "server/registry/release_store.h"
#include "server/storage/data_folder.h"
#include "server/storage/mark_file.h"
#include "server/storage/store_head.h"
#include "server/storage/tenant_columns.h"

namespace dnc {
namespace {

// How far the time that the operator gives may be from the machine's clock.
constexpr absl::Duration kNearly = absl::Hours(1);
// If the clock is behind by less than this, nobody needs to accept it.
constexpr absl::Duration kHardlyBehind = absl::Minutes(1);

std::string Text(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone());
}

// Returns who started the server, for the record: no key tells it at a start.
std::string Starter() {
  const char* const sudo = std::getenv("SUDO_USER");
  std::string who = UserName(getuid());
  if (sudo != nullptr && *sudo != '\0') who += StrCat(", called by ", std::string(sudo));
  return who;
}

std::vector<Asker> AskersOf(const Stores& stores) {
  std::vector<Asker> askers;
  for (const TenantViewPtr& view : stores.directory->All()) {
    Asker& asker = askers.emplace_back();
    asker.terms = view->tenant.terms;
    for (const auto& [id, list] : view->lists) {
      if (list.kind == TenantListKind::kInternal) continue;
      asker.exemptions += stores.tenant_records->Records(view->tenant.number, list.number);
    }
  }
  return askers;
}

// Opens a data folder step by step; Run names the steps in their order.
class Opening {
 public:
  Opening(const ServerConfig& config, const StartOptions& start, Clock* clock, Stores& stores)
      : config_(config), start_(start), clock_(clock), stores_(stores) {}

  absl::Status Run() {
    DNC_ASSIGN_OR_RETURN(const std::vector<std::string> notes, PrepareDataFolder(config_.data_dir));
    for (const std::string& note : notes) LogWarn("{}", note);
    StorePair pair(config_.data_dir, start_);
    DNC_RETURN_IF_ERROR(pair.LookAtFiles());
    DNC_RETURN_IF_ERROR(OpenBoth(pair));
    stores_.lost = pair.lost();
    stores_.order.StartFrom(std::max({published_revision_, tenants_.revision, stores_.lost.up_to}));
    DNC_RETURN_IF_ERROR(AcceptOrRefuseClock());
    DNC_RETURN_IF_ERROR(OpenContents());
    DNC_RETURN_IF_ERROR(RecordWhatWasSaid(pair));
    return KeepTimeFromNowOn();
  }

 private:
  StoreOptions PublishedStore() const {
    StoreOptions options = config_.published_store;
    options.path = config_.data_dir + "/store";
    options.on_stuck = start_.on_stuck;
    return options;
  }

  StoreOptions TenantStore() const {
    StoreOptions options = config_.tenant_store;
    options.path = config_.data_dir + "/tenants";
    options.columns = TenantColumns();
    options.request_is_old = [age = config_.records.request_id_age, clock = clock_](
                                 std::string_view key, std::string_view value) {
      return RequestIsOld(key, value, clock->Now(), age);
    };
    options.on_stuck = start_.on_stuck;
    return options;
  }

  absl::Status OpenBoth(StorePair& pair) {
    DNC_ASSIGN_OR_RETURN(stores_.registry_store, Store::Open(PublishedStore()));
    DNC_RETURN_IF_ERROR(pair.CheckPublishedMark(*stores_.registry_store));
    ReleaseStore releases(stores_.registry_store.get(), config_.data_dir + "/revision");
    DNC_ASSIGN_OR_RETURN(const storage::Catalog catalog, releases.ReadCatalog());
    published_revision_ = catalog.revision();
    DNC_RETURN_IF_ERROR(pair.BeforeTenants(*stores_.registry_store, published_revision_));
    DNC_ASSIGN_OR_RETURN(stores_.tenant_store, Store::Open(TenantStore()));
    DNC_ASSIGN_OR_RETURN(const AcceptedClock first, ReadAcceptedClock(*stores_.registry_store));
    DNC_ASSIGN_OR_RETURN(const AcceptedClock second, ReadAcceptedClock(*stores_.tenant_store));
    clock_->SetAccepted(first.revision >= second.revision ? first : second);
    DNC_ASSIGN_OR_RETURN(tenants_,
                         ReadTenantsPosition(*stores_.tenant_store, clock_->accepted().revision));
    DNC_RETURN_IF_ERROR(pair.Join(*stores_.registry_store, published_revision_,
                                  *stores_.tenant_store, tenants_.revision));
    if (!tenants_.reads_all || clock_->accepted().revision != 0) return absl::OkStatus();
    DNC_ASSIGN_OR_RETURN(const absl::Time newest, NewestInDirectory(stores_.tenant_store.get()));
    tenants_.newest = std::max(tenants_.newest, newest);
    return absl::OkStatus();
  }

  // Returns the newest moment that the stores know. What came before the last accepted clock does
  // not count.
  absl::StatusOr<absl::Time> NewestKnown() {
    const AcceptedClock& accepted = clock_->accepted();
    absl::Time newest = std::max(tenants_.newest, accepted.accepted_at);
    const ReleaseStore releases(stores_.registry_store.get(), "");
    DNC_ASSIGN_OR_RETURN(const auto published, releases.ReadReleases());
    for (const storage::Release& release : published) {
      if (release.revision() <= accepted.revision) continue;
      newest = std::max(newest, absl::FromUnixMicros(release.published_at()));
    }
    const auto mark = ReadTimeMark(config_.data_dir + kClockName);
    if (IsPermissionError(mark.status())) return mark.status();
    if (!mark.ok()) {
      LogWarn("{}; the clock is compared with the stores alone",
              std::string(mark.status().message()));
    } else if (mark->has_value()) {
      newest = std::max(newest, **mark);
    }
    return newest;
  }

  absl::Status AcceptOrRefuseClock() {
    DNC_ASSIGN_OR_RETURN(const absl::Time newest, NewestKnown());
    const absl::Time machine = clock_->Now();
    const absl::Duration behind = newest - machine;
    if (start_.accept_clock.has_value() && behind > kHardlyBehind) return Accept(newest, machine);
    if (start_.accept_clock.has_value()) {
      LogInfo("--accept-clock is not needed: the clock does not lie behind the stores");
    }
    clock_->BeginAt(newest);
    if (clock_->behind()) {
      LogError(
          "the machine's clock shows {}, but the stores know of {}: nobody knows how old anything "
          "is, so every number that would be clear is STALE. If the clock is wrong, set it right; "
          "if it was wrong before, stop dncd and start it with --accept-clock {} "
          "--accept-clock-reason TEXT (docs/operations.md, DncClockBehind)",
          Text(machine), Text(newest), Text(machine));
    } else if (behind > kHardlyBehind) {
      LogWarn(
          "the machine's clock shows {}, but the stores know of {}: time goes on from there until "
          "the clock has caught up (docs/operations.md, DncClockBehind)",
          Text(machine), Text(newest));
    }
    return absl::OkStatus();
  }

  absl::Status Accept(absl::Time newest, absl::Time machine) {
    if (absl::AbsDuration(*start_.accept_clock - machine) > kNearly) {
      return Error(reason::kInvalidNow,
                   StrCat("--accept-clock says that it is ", Text(*start_.accept_clock),
                          ", but the machine's clock shows ", Text(machine),
                          "; set the clock right, or give the time that it is"));
    }
    ReleaseStore releases(stores_.registry_store.get(), "");
    AcceptedClock accepted;
    accepted.revision = stores_.order.last();
    DNC_ASSIGN_OR_RETURN(accepted.release_id, releases.ReserveReleaseId());
    accepted.stores_time = std::max(newest, clock_->accepted().stores_time);
    accepted.accepted_at = machine;
    DNC_RETURN_IF_ERROR(WriteAcceptedClock(accepted, *stores_.registry_store));
    DNC_RETURN_IF_ERROR(WriteAcceptedClock(accepted, *stores_.tenant_store));
    clock_->SetAccepted(accepted);
    accepted_text_ =
        StrCat("accepted the machine's clock, ", Text(machine), ", though the stores knew of ",
               Text(newest), "; by ", Starter(),
               "; why: ", start_.accept_reason.empty() ? "not said" : start_.accept_reason);
    LogError(
        "{}. What had ended by {} stays ended, and lists that were too old then have to "
        "be loaded again",
        accepted_text_, Text(accepted.stores_time));
    return absl::OkStatus();
  }

  absl::Status OpenContents() {
    RevisionOrder* const order = &stores_.order;
    RegistryOptions registry = config_.registry;
    registry.data_dir = config_.data_dir;
    // Nothing is loaded before the rest is open, so the registry only asks for what exists.
    registry.askers = [stores = &stores_] { return AskersOf(*stores); };
    DNC_ASSIGN_OR_RETURN(
        stores_.registry,
        Registry::Open(std::move(registry), stores_.registry_store.get(), clock_, order));
    TenantRecordsOptions records = config_.records;
    records.data_dir = config_.data_dir;
    DNC_ASSIGN_OR_RETURN(
        stores_.tenant_records,
        TenantRecords::Open(std::move(records), stores_.tenant_store.get(), order, clock_));
    // The directory comes last, since opening it may write.
    DNC_ASSIGN_OR_RETURN(stores_.directory, TenantDirectory::Open(stores_.tenant_store.get(), order,
                                                                  clock_, config_.directory));
    // Finishes tenant removals that a crash interrupted.
    for (const TenantNumber tenant : stores_.directory->Removed()) {
      if (stores_.tenant_records->Records(tenant) == 0) continue;
      DNC_RETURN_IF_ERROR(stores_.tenant_records->Drop(tenant));
    }
    IntakeOptions intake = config_.intake;
    intake.data_dir = config_.data_dir;
    DNC_ASSIGN_OR_RETURN(stores_.intake,
                         Intake::Open(std::move(intake), stores_.registry_store.get(),
                                      stores_.registry.get(), clock_));
    stores_.directory->SetJournal(stores_.tenant_records->journal());
    return stores_.tenant_records->NoteListsOnce(stores_.directory->All());
  }

  // Records, among the operator's changes, what the options of this start gave up or accepted.
  absl::Status RecordWhatWasSaid(const StorePair& pair) {
    if (!pair.told().empty()) {
      DNC_RETURN_IF_ERROR(
          stores_.directory->Record("local", StrCat(pair.told(), "; said by ", Starter())));
    }
    if (accepted_text_.empty()) return absl::OkStatus();
    return stores_.directory->AcceptClock(clock_->accepted().stores_time, "local", accepted_text_);
  }

  // From now on the file `clock` has the newest known moment, even after a clock was accepted.
  absl::Status KeepTimeFromNowOn() {
    const std::string path = config_.data_dir + kClockName;
    const absl::Time now = clock_->Now();
    DNC_RETURN_IF_ERROR(WriteTimeMark(path, now));
    clock_->KeepBy(
        [path](absl::Time moment) {
          const absl::Status kept = WriteTimeMark(path, moment);
          if (!kept.ok()) LogWarn("the time is not kept: {}", std::string(kept.message()));
        },
        now);
    return absl::OkStatus();
  }

  const ServerConfig& config_;
  const StartOptions& start_;
  Clock* const clock_;
  Stores& stores_;
  uint64_t published_revision_ = 0;
  TenantsPosition tenants_;
  std::string accepted_text_;
};

}  // namespace

absl::Status OpenStores(const ServerConfig& config, const StartOptions& start, Clock* clock,
                        Stores& stores) {
  return Opening(config, start, clock, stores).Run();
}

}  // namespace dnc
