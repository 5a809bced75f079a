// Between the registry's types and those of dnc/v1/registry_service.proto.
#pragma once

#include "absl/status/statusor.h"
#include "dnc/v1/registry_service.pb.h"
#include "server/intake/load_info.h"
#include "server/registry/registry.h"

namespace dnc {

void FillFileReport(const FileReport& report, v1::FileReport* out);
void FillRelease(const ReleaseInfo& release, v1::Release* out);
void FillLoad(const LoadInfo& load, v1::Load* out);
void FillCoverage(const CoverageInfo& coverage, v1::GetCoverageResponse* out);
void FillListStatus(const ListInfo& list, v1::ListStatus* out);
void FillHistoryEvent(const HistoryEvent& event, v1::HistoryEvent* out);

// INVALID_REQUEST for guards that do not exist, impossible times, and fields out of their range.
absl::StatusOr<LoadOptions> FromProto(const v1::LoadOptions& options);

}  // namespace dnc
