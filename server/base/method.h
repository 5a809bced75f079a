// The methods of the services, as metrics name them.
#pragma once

#include <cstdint>
#include <string_view>

namespace dnc {

enum class Method : uint8_t {
  kScrub,
  kScrubStream,
  kCheckNumber,
  kUploadRelease,
  kLoadRelease,
  kWatchLoad,
  kListLoads,
  kListReleases,
  kGetCoverage,
  kRollBackRelease,
  kRetireList,
  kGetHistory,
  kGetStatus,
  kGetActivity,
  kHealthCheck,
  kHealthWatch,
  kCreateTenant,
  kUpdateTenant,
  kRemoveTenant,
  kGetTenant,
  kListTenants,
  kListTenantChanges,
  kCreateKey,
  kListKeys,
  kRevokeKey,
  kCreateList,
  kListLists,
  kAddNumbers,
  kRemoveNumbers,
  kGetRecord,
  kListRecords,
  kImportNumbers,
  kExportNumbers,
  kWatchChanges,
  kAddBlocks,
  kRemoveBlocks,
  kReflection,
  kHttpScrub,  // the call that dialers speak, by HTTP alone
};
inline constexpr int kMethodCount = 38;

// "Scrub", ...
std::string_view MethodName(Method method);

}  // namespace dnc
