#include "server/service/release_admin.h"

#include <string_view>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/numbers/phone_number.h"
#include "server/service/request_errors.h"
#include "server/service/request_limits.h"

namespace dnc {
namespace {

constexpr std::string_view kNoKey = "local";  // the id of a caller's key that has none
// Loads wait in a short queue, so the one that runs is among the newest.
constexpr size_t kNewestLoads = 128;

std::string ListOrNational(const std::string& list) { return list.empty() ? "national" : list; }

// Checks who asks for a rollback or a retirement and why, and notes the caller's key.
absl::Status Complete(const Caller& caller, ChangeLimits* limits) {
  if (limits->requested_by.size() > kMaxWhoAndWhyBytes ||
      limits->reason.size() > kMaxWhoAndWhyBytes) {
    return InvalidRequest(
        StrCat("`requested_by` and `reason` take at most ", kMaxWhoAndWhyBytes, " bytes each"));
  }
  if (limits->requested_by.empty()) {
    limits->requested_by = caller.key_id;
  } else if (caller.key_id != kNoKey) {
    limits->requested_by += StrCat(", key ", caller.key_id);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLoadOptions(const LoadOptions& options) {
  DNC_RETURN_IF_ERROR(CheckAllow(options.allow));
  if (options.csv.column_number > kMaxCsvColumns) {
    return InvalidRequest(
        StrCat("csv.column_number is above ", kMaxCsvColumns, "; columns count from 1"));
  }
  if (options.requested_by.size() > kMaxWhoAndWhyBytes) {
    return InvalidRequest(StrCat("requested_by is longer than ", kMaxWhoAndWhyBytes, " bytes"));
  }
  return absl::OkStatus();
}

absl::Status CheckLoadPaths(size_t paths) {
  if (paths == 0) return InvalidRequest("name at least one file in `paths`");
  if (paths <= kMaxLoadPaths) return absl::OkStatus();
  return InvalidRequest(StrCat("a load has at most ", kMaxLoadPaths, " files"));
}

absl::StatusOr<LoadInfo> ReleaseAdmin::Load(const LoadOptions& options,
                                            const std::vector<std::string>& paths) {
  DNC_RETURN_IF_ERROR(CheckLoadPaths(paths.size()));
  DNC_RETURN_IF_ERROR(CheckLoadOptions(options));
  return intake_->StartLoad(options, paths);
}

absl::StatusOr<RolledBack> ReleaseAdmin::RollBack(const Caller& caller, RollBackCommand command) {
  DNC_RETURN_IF_ERROR(Complete(caller, &command.limits));
  return registry_->RollBack(ListOrNational(command.list), command.expected_release_id,
                             command.limits);
}

absl::StatusOr<Retired> ReleaseAdmin::Retire(const Caller& caller, RetireCommand command) {
  // There is no default here: who retires a list has to name it.
  if (command.list.empty()) return InvalidRequest("name the list to retire");
  DNC_RETURN_IF_ERROR(Complete(caller, &command.limits));
  return registry_->Retire(command.list, command.limits);
}

absl::StatusOr<LoadsPage> ReleaseAdmin::Loads(const Page& page) const {
  LoadsPage told;
  told.loads = intake_->ListLoads(page.size + 1, page.before_id);
  told.next_token = CutToPage(page, &told.loads, [](const LoadInfo& load) { return load.id; });
  return told;
}

absl::StatusOr<ReleasesPage> ReleaseAdmin::Releases(const std::string& list,
                                                    const Page& page) const {
  ReleasesPage told;
  DNC_ASSIGN_OR_RETURN(told.releases, registry_->ListReleases(list, page.size + 1, page.before_id));
  told.next_token =
      CutToPage(page, &told.releases, [](const ReleaseInfo& release) { return release.id; });
  return told;
}

absl::StatusOr<CoverageInfo> ReleaseAdmin::Coverage(const std::string& list) const {
  return registry_->Coverage(ListOrNational(list));
}

absl::StatusOr<ReleaseAdmin::History> ReleaseAdmin::HistoryOf(const std::string& number) const {
  const ParsedNumber parsed = ParseNumber(number);
  if (!parsed.ok) {
    return InvalidRequest(
        StrCat("this is no North American number of ten digits, or of eleven with a leading 1: ",
               WhyNoNumber(number)));
  }
  DNC_ASSIGN_OR_RETURN(NumberHistory history, registry_->History(parsed.number));
  return History{parsed.number, std::move(history)};
}

absl::StatusOr<ReleaseAdmin::ActivityTold> ReleaseAdmin::ActivityBy(uint32_t step_minutes) const {
  constexpr uint32_t kUsualStep = 5;
  if (step_minutes > Activity::kMinutes) {
    return InvalidRequest(
        StrCat("step_minutes is above ", Activity::kMinutes, "; a step is at most the day"));
  }
  ActivityTold told;
  told.step_minutes = step_minutes == 0 ? kUsualStep : step_minutes;
  told.report = facts_.activity->Read(static_cast<int>(told.step_minutes));
  return told;
}

ServerStatus ReleaseAdmin::Status() const {
  ServerStatus status;
  status.version = facts_.version;
  status.started_at = facts_.started_at;
  status.max_batch = facts_.max_batch;
  status.max_message_bytes = facts_.max_message_bytes;
  status.newest_known_at = clock_->Now();
  status.clock_behind = clock_->behind();
  const SnapshotPtr snapshot = registry_->snapshot();
  if (snapshot == nullptr) return status;
  // The same order that answers tell their revision of.
  status.revision = facts_.order->last();
  for (const auto& list : snapshot->lists) {
    status.numbers += list->numbers.size();
    status.index_bytes += list->numbers.memory_bytes();
  }
  status.lists = registry_->Lists();
  for (LoadInfo& load : intake_->ListLoads(kNewestLoads, 0)) {
    if (load.state == LoadState::kReading || load.state == LoadState::kStoring) {
      status.running_load = std::move(load);
      break;
    }
  }
  return status;
}

}  // namespace dnc
