// dnc.v1.TenantService.
#pragma once

#include "server/rpc/method_table.h"
#include "server/service/tenant_admin.h"

namespace dnc {

// Adds the service's methods. `admin` must outlive the calls.
void AddTenantService(TenantAdmin* admin, MethodTable* table);

}  // namespace dnc
