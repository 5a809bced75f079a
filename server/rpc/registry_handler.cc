#include "server/rpc/registry_handler.h"

#include <string>
#include <string_view>
#include <vector>

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/numbers/phone_number.h"
#include "server/rpc/error_status.h"
#include "server/rpc/page.h"
#include "server/rpc/translate_registry.h"
#include "server/rpc/translate_time.h"

namespace dnc {
namespace {

// Of a page of loads, which may have thousands of findings each: well below what callers take.
constexpr size_t kMaxLoadsBytes = 1 << 20;
constexpr int kMaxPaths = 10'000;
constexpr size_t kMaxWhoAndWhy = 200;         // bytes each
constexpr std::string_view kNoKey = "local";  // the id of a caller's key that has none
// Loads wait in a short queue, so the one that runs is among the newest.
constexpr size_t kNewestLoads = 128;

std::string ListOrNational(const std::string& list) { return list.empty() ? "national" : list; }

// Of a rollback or a retirement.
template <typename Request>
absl::StatusOr<ChangeLimits> LimitsOf(const Caller& caller, const Request& request) {
  if (request.requested_by().size() > kMaxWhoAndWhy || request.reason().size() > kMaxWhoAndWhy) {
    return InvalidRequest(
        StrCat("`requested_by` and `reason` take at most ", kMaxWhoAndWhy, " bytes each"));
  }
  ChangeLimits limits{.dry_run = request.dry_run()};
  if (request.has_callable_limit()) limits.callable_limit = request.callable_limit();
  limits.requested_by = request.requested_by();
  if (limits.requested_by.empty()) {
    limits.requested_by = caller.key_id;
  } else if (caller.key_id != kNoKey) {
    limits.requested_by += StrCat(", key ", caller.key_id);
  }
  limits.reason = request.reason();
  return limits;
}
}  // namespace

absl::Status RegistryHandler::LoadRelease(const v1::LoadReleaseRequest& request,
                                          v1::LoadReleaseResponse* out) {
  if (request.paths_size() == 0) return InvalidRequest("name at least one file in `paths`");
  if (request.paths_size() > kMaxPaths) {
    return InvalidRequest(StrCat("a load has at most ", kMaxPaths, " files"));
  }
  DNC_ASSIGN_OR_RETURN(const LoadOptions options, FromProto(request.options()));
  const std::vector<std::string> paths(request.paths().begin(), request.paths().end());
  DNC_ASSIGN_OR_RETURN(const LoadInfo load, intake_->StartLoad(options, paths));
  FillLoad(load, out->mutable_load());
  return absl::OkStatus();
}

absl::Status RegistryHandler::GetLoad(uint64_t id, v1::Load* out) const {
  DNC_ASSIGN_OR_RETURN(const LoadInfo load, intake_->GetLoad(id));
  FillLoad(load, out);
  return absl::OkStatus();
}

absl::Status RegistryHandler::ListLoads(const v1::ListLoadsRequest& request,
                                        v1::ListLoadsResponse* out) const {
  DNC_ASSIGN_OR_RETURN(const Page page, ReadPage(request.page_size(), request.page_token()));
  std::vector<LoadInfo> loads = intake_->ListLoads(page.size + 1, page.before_id);
  out->set_next_page_token(CutToPage(page, &loads));
  size_t bytes = 0;
  for (const LoadInfo& load : loads) {
    FillLoad(load, out->add_loads());
    bytes += out->loads(out->loads_size() - 1).ByteSizeLong();
    if (bytes < kMaxLoadsBytes || load.id == loads.back().id) continue;
    out->set_next_page_token(std::to_string(load.id));
    break;
  }
  return absl::OkStatus();
}

absl::Status RegistryHandler::ListReleases(const v1::ListReleasesRequest& request,
                                           v1::ListReleasesResponse* out) const {
  DNC_ASSIGN_OR_RETURN(const Page page, ReadPage(request.page_size(), request.page_token()));
  DNC_ASSIGN_OR_RETURN(std::vector<ReleaseInfo> releases,
                       registry_->ListReleases(request.list(), page.size + 1, page.before_id));
  out->set_next_page_token(CutToPage(page, &releases));
  for (const ReleaseInfo& release : releases) FillRelease(release, out->add_releases());
  return absl::OkStatus();
}

absl::Status RegistryHandler::GetCoverage(const v1::GetCoverageRequest& request,
                                          v1::GetCoverageResponse* out) const {
  DNC_ASSIGN_OR_RETURN(const CoverageInfo coverage,
                       registry_->Coverage(ListOrNational(request.list())));
  FillCoverage(coverage, out);
  return absl::OkStatus();
}

absl::Status RegistryHandler::RollBackRelease(const Caller& caller,
                                              const v1::RollBackReleaseRequest& request,
                                              v1::RollBackReleaseResponse* out) {
  DNC_ASSIGN_OR_RETURN(const ChangeLimits limits, LimitsOf(caller, request));
  DNC_ASSIGN_OR_RETURN(
      const RolledBack back,
      registry_->RollBack(ListOrNational(request.list()), request.expected_release_id(), limits));
  FillRelease(back.release, out->mutable_release());
  out->set_revision(back.revision);
  out->set_becomes_callable(back.becomes_callable);
  out->set_no_longer_callable(back.no_longer_callable);
  return absl::OkStatus();
}

absl::Status RegistryHandler::RetireList(const Caller& caller, const v1::RetireListRequest& request,
                                         v1::RetireListResponse* out) {
  // No default here: who retires a list has to name it.
  if (request.list().empty()) return InvalidRequest("name the list to retire");
  DNC_ASSIGN_OR_RETURN(const ChangeLimits limits, LimitsOf(caller, request));
  DNC_ASSIGN_OR_RETURN(const Retired retired, registry_->Retire(request.list(), limits));
  out->set_revision(retired.revision);
  out->set_becomes_callable(retired.becomes_callable);
  out->set_required(retired.required);
  return absl::OkStatus();
}

absl::Status RegistryHandler::GetHistory(const v1::GetHistoryRequest& request,
                                         v1::GetHistoryResponse* out) const {
  const ParsedNumber parsed = ParseNumber(request.number());
  if (!parsed.ok) {
    return InvalidRequest(
        StrCat("this is no North American number of ten digits, or of eleven with a leading 1: ",
               WhyNoNumber(request.number())));
  }
  DNC_ASSIGN_OR_RETURN(const NumberHistory history, registry_->History(parsed.number));
  out->set_number(parsed.number);
  for (const HistoryEvent& event : history.events) FillHistoryEvent(event, out->add_events());
  for (const std::string& list : history.listed_on) out->add_listed_on(list);
  return absl::OkStatus();
}

absl::Status RegistryHandler::GetStatus(v1::GetStatusResponse* out) const {
  out->set_version(facts_.version);
  *out->mutable_started_at() = ToTimestamp(facts_.started_at);
  out->set_max_batch(static_cast<uint32_t>(facts_.max_batch));
  out->set_max_message_bytes(static_cast<uint64_t>(facts_.max_message_bytes));
  *out->mutable_newest_known_at() = ToTimestamp(clock_->Now());
  out->set_clock_behind(clock_->behind());
  const SnapshotPtr snapshot = registry_->snapshot();
  if (snapshot == nullptr) return absl::OkStatus();  // starting: revision 0 and no lists
  // As answers tell it.
  out->set_revision(facts_.order->last());
  uint64_t numbers = 0;
  uint64_t bytes = 0;
  for (const auto& list : snapshot->lists) {
    numbers += list->numbers.size();
    bytes += list->numbers.memory_bytes();
  }
  out->set_numbers(numbers);
  out->set_index_bytes(bytes);
  for (const ListInfo& list : registry_->Lists()) FillListStatus(list, out->add_lists());
  for (const LoadInfo& load : intake_->ListLoads(kNewestLoads, 0)) {
    if (load.state == LoadState::kReading || load.state == LoadState::kStoring) {
      FillLoad(load, out->mutable_running_load());
      break;
    }
  }
  return absl::OkStatus();
}

}  // namespace dnc
