#include "server/intake/load_record.h"

#include <string>

#include "server/base/error.h"
#include "server/registry/stored_values.h"

namespace dnc {
namespace {

storage::Finding ToRecord(const GuardFinding& finding) {
  storage::Finding record;
  record.set_guard(static_cast<uint32_t>(finding.guard));
  record.set_area_code(static_cast<uint32_t>(finding.area_code));
  record.set_file(finding.file);
  record.set_message(finding.message);
  record.set_allow(finding.allow);
  record.set_overridden(finding.overridden);
  record.set_becomes_callable(finding.becomes_callable);
  record.set_lost(finding.lost);
  record.set_of(finding.of);
  if (finding.since != absl::InfinitePast()) record.set_since(ToMicros(finding.since));
  return record;
}

GuardFinding FromRecord(const storage::Finding& record) {
  GuardFinding finding;
  finding.guard = static_cast<Guard>(record.guard() < kGuardCount ? record.guard() : 0);
  finding.area_code = static_cast<int>(record.area_code());
  finding.file = record.file();
  finding.message = record.message();
  finding.allow = record.allow();
  finding.overridden = record.overridden();
  finding.becomes_callable = record.becomes_callable();
  finding.lost = record.lost();
  finding.of = record.of();
  if (record.since() != 0) finding.since = FromMicros(record.since());
  return finding;
}

}  // namespace

storage::Load ToRecord(const LoadInfo& info) {
  storage::Load record;
  record.set_id(info.id);
  record.set_list(info.list);
  record.set_created_at(ToMicros(info.created_at));
  record.set_ended_at(ToMicros(info.ended_at));
  record.set_bytes_total(info.bytes_total);
  record.set_records(info.records_done);
  for (const FileReport& file : info.files) *record.add_files() = ToFile(file);
  if (info.release.has_value()) record.set_release_id(info.release->id);
  record.set_error(std::string(info.error.message()));
  if (!info.error.ok()) {
    record.set_error_reason(ErrorReason(info.error));
    record.set_error_guard(ErrorGuard(info.error));
    record.set_error_code(static_cast<uint32_t>(info.error.code()));
  }
  for (const Guard guard : info.overridden) record.add_overridden(static_cast<uint32_t>(guard));
  record.set_requested_by(info.requested_by);
  for (const GuardFinding& finding : info.findings) *record.add_findings() = ToRecord(finding);
  record.set_dry_run(info.dry_run);
  return record;
}

LoadInfo FromRecord(const storage::Load& record) {
  LoadInfo info;
  info.id = record.id();
  info.list = record.list();
  info.dry_run = record.dry_run();
  const bool looked = record.dry_run() && record.error_code() == 0;
  const bool succeeded = record.release_id() != 0 || looked;
  info.state = succeeded ? LoadState::kSucceeded : LoadState::kRefused;
  info.bytes_done = info.bytes_total = record.bytes_total();
  info.records_done = record.records();
  info.created_at = FromMicros(record.created_at());
  info.ended_at = FromMicros(record.ended_at());
  for (const storage::File& file : record.files()) info.files.push_back(ToReport(file));
  if (record.release_id() != 0) {
    info.release.emplace();
    info.release->id = record.release_id();
    info.release->list = record.list();
  } else if (looked) {
    info.error = absl::OkStatus();
  } else if (!record.error_guard().empty()) {
    info.error = GuardError(record.error_guard(), record.error());
  } else {
    // As it was told when the load ended, also if a reason has another code by now.
    info.error = Error(
        FailureReason{record.error_reason(), static_cast<absl::StatusCode>(record.error_code())},
        record.error());
  }
  for (const uint32_t guard : record.overridden()) {
    info.overridden.push_back(static_cast<Guard>(guard));
  }
  info.requested_by = record.requested_by();
  for (const storage::Finding& finding : record.findings()) {
    info.findings.push_back(FromRecord(finding));
  }
  return info;
}

}  // namespace dnc
