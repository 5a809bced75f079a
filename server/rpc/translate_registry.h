// Translates between what operators ask of the published lists and the messages of
// dnc/v1/registry_service.proto. Nothing is decided here.
#pragma once

#include "absl/status/statusor.h"
#include "dnc/v1/registry_service.pb.h"
#include "server/intake/load_info.h"
#include "server/registry/registry.h"
#include "server/service/release_admin.h"

namespace dnc {

void FillFileReport(const FileReport& report, v1::FileReport* out);
void FillRelease(const ReleaseInfo& release, v1::Release* out);
void FillLoad(const LoadInfo& load, v1::Load* out);
// Tells as many loads of the page as a caller's limit of a message allows; the token says where the
// rest begins.
void FillLoads(const LoadsPage& page, v1::ListLoadsResponse* out);
void FillCoverage(const CoverageInfo& coverage, v1::GetCoverageResponse* out);
void FillListStatus(const ListInfo& list, v1::ListStatus* out);
void FillHistoryEvent(const HistoryEvent& event, v1::HistoryEvent* out);
void FillStatus(const ServerStatus& status, v1::GetStatusResponse* out);
void FillActivity(const ReleaseAdmin::ActivityTold& told, v1::GetActivityResponse* out);

// INVALID_REQUEST for an impossible time; CheckLoadOptions checks the rest.
absl::StatusOr<LoadOptions> FromProto(const v1::LoadOptions& options);

}  // namespace dnc
