#include "server/base/method.h"

#include <array>
#include <cstddef>

namespace dnc {

std::string_view MethodName(Method method) {
  static constexpr std::array<std::string_view, kMethodCount> kNames = {"Scrub",
                                                                        "ScrubStream",
                                                                        "CheckNumber",
                                                                        "UploadRelease",
                                                                        "LoadRelease",
                                                                        "WatchLoad",
                                                                        "ListLoads",
                                                                        "ListReleases",
                                                                        "GetCoverage",
                                                                        "RollBackRelease",
                                                                        "RetireList",
                                                                        "GetHistory",
                                                                        "GetStatus",
                                                                        "GetActivity",
                                                                        "HealthCheck",
                                                                        "HealthWatch",
                                                                        "CreateTenant",
                                                                        "UpdateTenant",
                                                                        "RemoveTenant",
                                                                        "GetTenant",
                                                                        "ListTenants",
                                                                        "ListTenantChanges",
                                                                        "CreateKey",
                                                                        "ListKeys",
                                                                        "RevokeKey",
                                                                        "CreateList",
                                                                        "ListLists",
                                                                        "AddNumbers",
                                                                        "RemoveNumbers",
                                                                        "GetRecord",
                                                                        "ListRecords",
                                                                        "ImportNumbers",
                                                                        "ExportNumbers",
                                                                        "WatchChanges",
                                                                        "AddBlocks",
                                                                        "RemoveBlocks",
                                                                        "ServerReflectionInfo",
                                                                        "HttpScrub"};
  return kNames.at(static_cast<size_t>(method));
}

}  // namespace dnc
