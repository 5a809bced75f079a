#include "server/rpc/translate_registry.h"

#include <algorithm>
#include <limits>
#include <string>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/rpc/translate_scrub.h"
#include "server/rpc/translate_time.h"

namespace dnc {
namespace {

// The values travel as they are; these hold the two sides together.
#define DNC_SAME(ours, theirs) static_assert(static_cast<int>(ours) == static_cast<int>(theirs))
DNC_SAME(FileKind::kUnknown, v1::FILE_KIND_UNSPECIFIED);
DNC_SAME(FileKind::kFull, v1::FILE_KIND_FULL);
DNC_SAME(FileKind::kChange, v1::FILE_KIND_CHANGE);
DNC_SAME(FileKind::kChange, v1::FileKind_MAX);
DNC_SAME(Guard::kShrink, v1::GUARD_SHRINK);
DNC_SAME(Guard::kVanished, v1::GUARD_VANISHED);
DNC_SAME(Guard::kOutsideLabel, v1::GUARD_OUTSIDE_LABEL);
DNC_SAME(Guard::kOlderDate, v1::GUARD_OLDER_DATE);
DNC_SAME(Guard::kFutureDate, v1::GUARD_FUTURE_DATE);
DNC_SAME(Guard::kSameFile, v1::GUARD_SAME_FILE);
DNC_SAME(Guard::kMisfit, v1::GUARD_MISFIT);
DNC_SAME(Guard::kChangeGap, v1::GUARD_CHANGE_GAP);
DNC_SAME(Guard::kArchiveSize, v1::GUARD_ARCHIVE_SIZE);
DNC_SAME(Guard::kOutsideBase, v1::GUARD_OUTSIDE_BASE);
DNC_SAME(Guard::kUnterminated, v1::GUARD_UNTERMINATED);
DNC_SAME(Guard::kFewNumbers, v1::GUARD_FEW_NUMBERS);
DNC_SAME(Guard::kLostWeek, v1::GUARD_LOST_WEEK);
DNC_SAME(Guard::kTwoDates, v1::GUARD_TWO_DATES);
static_assert(kGuardCount == v1::Guard_ARRAYSIZE);
DNC_SAME(LoadState::kWaiting, v1::LOAD_STATE_WAITING);
DNC_SAME(LoadState::kReading, v1::LOAD_STATE_READING);
DNC_SAME(LoadState::kStoring, v1::LOAD_STATE_STORING);
DNC_SAME(LoadState::kSucceeded, v1::LOAD_STATE_SUCCEEDED);
DNC_SAME(LoadState::kRefused, v1::LOAD_STATE_REFUSED);
DNC_SAME(LoadState::kRefused, v1::LoadState_MAX);
DNC_SAME(CoverageState::kCovered, v1::COVERAGE_STATE_COVERED);
DNC_SAME(CoverageState::kStale, v1::COVERAGE_STATE_STALE);
DNC_SAME(CoverageState::kDamaged, v1::COVERAGE_STATE_DAMAGED);
DNC_SAME(CoverageState::kDamaged, v1::CoverageState_MAX);
DNC_SAME(HistoryAction::kFirstSeen, v1::HISTORY_ACTION_FIRST_SEEN);
DNC_SAME(HistoryAction::kAdded, v1::HISTORY_ACTION_ADDED);
DNC_SAME(HistoryAction::kDeleted, v1::HISTORY_ACTION_DELETED);
DNC_SAME(HistoryAction::kRetired, v1::HISTORY_ACTION_RETIRED);
DNC_SAME(HistoryAction::kRolledBack, v1::HISTORY_ACTION_ROLLED_BACK);
DNC_SAME(HistoryAction::kRolledBack, v1::HistoryAction_MAX);
#undef DNC_SAME

// How large a page of loads gets, which may have thousands of findings each: well below what
// callers take.
constexpr size_t kMaxLoadsBytes = 1 << 20;

template <class To, class From>
To As(From value) {
  return static_cast<To>(static_cast<int>(value));
}

void FillFinding(const GuardFinding& finding, v1::GuardFinding* out) {
  out->set_guard(As<v1::Guard>(finding.guard));
  out->set_area_code(static_cast<uint32_t>(finding.area_code));
  out->set_file(finding.file);
  out->set_message(finding.message);
  out->set_allow(finding.allow);
  out->set_overridden(finding.overridden);
  out->set_becomes_callable(finding.becomes_callable);
  out->set_lost(finding.lost);
  out->set_of(finding.of);
  if (IsMoment(finding.since)) *out->mutable_since() = ToTimestamp(finding.since);
}

void FillPlan(const LoadPlan& plan, v1::LoadPlan* out) {
  out->set_list(plan.list);
  out->set_first(plan.first);
  out->mutable_area_codes()->Reserve(static_cast<int>(plan.areas.size()));
  for (const AreaPlan& area : plan.areas) {
    v1::AreaPlan* entry = out->add_area_codes();
    entry->set_area_code(static_cast<uint32_t>(area.area_code));
    entry->set_answered_before(area.answered_before);
    entry->set_answers_after(area.answers_after);
    entry->set_numbers_before(area.numbers_before);
    entry->set_numbers_after(area.numbers_after);
    entry->set_added(area.added);
    entry->set_lost(area.lost);
    entry->set_becomes_callable(area.becomes_callable);
    entry->set_no_longer_callable(area.no_longer_callable);
  }
  out->set_becomes_callable(plan.becomes_callable);
  out->set_no_longer_callable(plan.no_longer_callable);
}

}  // namespace

void FillFileReport(const FileReport& report, v1::FileReport* out) {
  out->set_name(report.name);
  out->set_size_bytes(report.size_bytes);
  out->set_sha256(report.sha256);
  out->set_kind(As<v1::FileKind>(report.kind));
  out->set_format(report.format);
  out->set_records(report.records);
  out->set_duplicates(report.duplicates);
  out->set_unassignable(report.unassignable);
  out->set_left_out(report.left_out);
  if (IsMoment(report.obtained_at)) *out->mutable_obtained_at() = ToTimestamp(report.obtained_at);
}

void FillRelease(const ReleaseInfo& release, v1::Release* out) {
  out->set_id(release.id);
  out->set_list(release.list);
  out->set_revision(release.revision);
  if (IsMoment(release.published_at)) {
    *out->mutable_published_at() = ToTimestamp(release.published_at);
  }
  if (IsMoment(release.obtained_at_oldest)) {
    *out->mutable_obtained_at_oldest() = ToTimestamp(release.obtained_at_oldest);
  }
  if (IsMoment(release.obtained_at_newest)) {
    *out->mutable_obtained_at_newest() = ToTimestamp(release.obtained_at_newest);
  }
  out->set_numbers(release.numbers);
  out->set_area_codes(release.area_codes);
  out->set_added(release.added);
  out->set_deleted(release.deleted);
  out->set_no_effect(release.no_effect);
  out->set_digest(release.digest);
  for (const FileReport& file : release.files) FillFileReport(file, out->add_files());
  out->set_parent_id(release.parent_id);
  out->set_in_force(release.in_force);
  out->set_kept(release.kept);
}

void FillLoad(const LoadInfo& load, v1::Load* out) {
  out->set_id(load.id);
  out->set_list(load.list);
  out->set_state(As<v1::LoadState>(load.state));
  out->set_bytes_done(load.bytes_done);
  out->set_bytes_total(load.bytes_total);
  out->set_records_done(load.records_done);
  if (IsMoment(load.created_at)) *out->mutable_created_at() = ToTimestamp(load.created_at);
  if (IsMoment(load.ended_at)) *out->mutable_ended_at() = ToTimestamp(load.ended_at);
  for (const FileReport& file : load.files) FillFileReport(file, out->add_files());
  if (load.release.has_value()) FillRelease(*load.release, out->mutable_release());
  if (!load.error.ok()) {
    out->set_error(std::string(load.error.message()));
    out->set_error_reason(ErrorReason(load.error));
    if (const auto guard = GuardFromName(ErrorGuard(load.error)); guard.has_value()) {
      out->set_refused_by(As<v1::Guard>(*guard));
    }
  }
  for (const Guard guard : load.overridden) out->add_overridden(As<v1::Guard>(guard));
  out->set_requested_by(load.requested_by);
  for (const GuardFinding& finding : load.findings) FillFinding(finding, out->add_findings());
  if (load.plan.has_value()) FillPlan(*load.plan, out->mutable_plan());
  out->set_dry_run(load.dry_run);
}

void FillLoads(const LoadsPage& page, v1::ListLoadsResponse* out) {
  out->set_next_page_token(page.next_token);
  size_t bytes = 0;
  for (const LoadInfo& load : page.loads) {
    FillLoad(load, out->add_loads());
    bytes += out->loads(out->loads_size() - 1).ByteSizeLong();
    if (bytes < kMaxLoadsBytes || load.id == page.loads.back().id) continue;
    out->set_next_page_token(PageToken(load.id));
    break;
  }
}

void FillCoverage(const CoverageInfo& coverage, v1::GetCoverageResponse* out) {
  out->set_list(coverage.list);
  out->set_release_id(coverage.release_id);
  out->set_covers_all(coverage.covers_all);
  out->mutable_area_codes()->Reserve(static_cast<int>(coverage.areas.size()));
  for (const AreaInfo& area : coverage.areas) {
    v1::AreaCodeCoverage* entry = out->add_area_codes();
    entry->set_area_code(static_cast<uint32_t>(area.area_code));
    entry->set_state(As<v1::CoverageState>(area.state));
    entry->set_numbers(area.numbers);
    if (IsMoment(area.obtained_at)) *entry->mutable_obtained_at() = ToTimestamp(area.obtained_at);
    if (IsMoment(area.stale_at)) *entry->mutable_stale_at() = ToTimestamp(area.stale_at);
    entry->set_digest(area.digest);
    entry->set_release_id(area.release_id);
    if (IsMoment(area.history_since)) {
      *entry->mutable_history_since() = ToTimestamp(area.history_since);
    }
    if (IsMoment(area.known_by_silence_at)) {
      *entry->mutable_known_by_silence_at() = ToTimestamp(area.known_by_silence_at);
    }
  }
}

void FillListStatus(const ListInfo& list, v1::ListStatus* out) {
  out->set_list(list.list);
  out->set_effect(ToProto(list.effect));
  out->set_required(list.required);
  if (list.release.has_value()) FillRelease(*list.release, out->mutable_release());
  out->set_covered(list.covered);
  out->set_stale(list.stale);
  out->set_damaged(list.damaged);
  out->set_max_age_days(static_cast<uint32_t>(list.max_age / absl::Hours(24)));
}

void FillStatus(const ServerStatus& status, v1::GetStatusResponse* out) {
  out->set_version(status.version);
  *out->mutable_started_at() = ToTimestamp(status.started_at);
  out->set_max_batch(static_cast<uint32_t>(status.max_batch));
  out->set_max_message_bytes(static_cast<uint64_t>(status.max_message_bytes));
  *out->mutable_newest_known_at() = ToTimestamp(status.newest_known_at);
  out->set_clock_behind(status.clock_behind);
  out->set_revision(status.revision);
  out->set_numbers(status.numbers);
  out->set_index_bytes(status.index_bytes);
  for (const ListInfo& list : status.lists) FillListStatus(list, out->add_lists());
  if (status.running_load.has_value()) {
    FillLoad(*status.running_load, out->mutable_running_load());
  }
}

namespace {

uint64_t Nanoseconds(absl::Duration duration) {
  return static_cast<uint64_t>(absl::ToInt64Nanoseconds(duration));
}

void FillActivityStep(const ActivityStep& step, v1::ActivityStep* out) {
  *out->mutable_start() = ToTimestamp(step.start);
  out->set_answers(step.answers);
  out->set_failed_calls(step.failed_calls);
  for (size_t verdict = 0; verdict < step.numbers.size(); ++verdict) {
    if (step.numbers.at(verdict) == 0) continue;
    v1::VerdictCount* count = out->add_numbers();
    count->set_verdict(static_cast<v1::Verdict>(verdict));
    count->set_numbers(step.numbers.at(verdict));
  }
  out->set_latency_p50_ns(Nanoseconds(step.p50));
  out->set_latency_p99_ns(Nanoseconds(step.p99));
  out->set_latency_p999_ns(Nanoseconds(step.p999));
}

}  // namespace

void FillActivity(const ReleaseAdmin::ActivityTold& told, v1::GetActivityResponse* out) {
  for (const ActivityStep& step : told.report.steps) FillActivityStep(step, out->add_steps());
  FillActivityStep(told.report.total, out->mutable_total());
  out->set_step_minutes(told.step_minutes);
}

void FillHistoryEvent(const HistoryEvent& event, v1::HistoryEvent* out) {
  out->set_list(event.list);
  out->set_action(As<v1::HistoryAction>(event.action));
  if (IsMoment(event.time)) *out->mutable_time() = ToTimestamp(event.time);
  out->set_release_id(event.release_id);
  out->set_requested_by(event.requested_by);
  out->set_reason(event.reason);
}

absl::StatusOr<LoadOptions> FromProto(const v1::LoadOptions& options) {
  LoadOptions result;
  result.list_told = !options.list().empty();
  if (result.list_told) result.list = options.list();
  if (options.has_obtained_at()) {
    DNC_ASSIGN_OR_RETURN(result.obtained_at, FromTimestamp(options.obtained_at()));
  }
  result.allow.assign(options.allow().begin(), options.allow().end());
  result.dry_run = options.dry_run();
  if (options.has_callable_limit()) result.callable_limit = options.callable_limit();
  result.refuse_first = options.refuse_first();
  result.csv.column = options.csv().column();
  // What does not fit is far above the limit, too.
  constexpr uint32_t kMaxInt = std::numeric_limits<int>::max();
  result.csv.column_number = static_cast<int>(std::min(options.csv().column_number(), kMaxInt));
  result.requested_by = options.requested_by();
  return result;
}

}  // namespace dnc
