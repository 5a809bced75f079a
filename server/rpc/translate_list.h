// Translates between what tenants write and read of their lists and the messages of
// dnc/v1/list_service.proto. Nothing is decided here.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "dnc/v1/list_service.pb.h"
#include "server/records/tenant_records.h"
#include "server/service/list_changes.h"
#include "server/service/list_queries.h"

namespace dnc {

// What a message says. A record that has values that this server does not know is `unreadable`.
GivenRecord FromProto(const v1::Record& record);
AddRecordsCommand FromProto(const v1::AddNumbersRequest& request);
RemoveRecordsCommand FromProto(const v1::RemoveNumbersRequest& request);
// A part of an import into `list_id`.
AddRecordsCommand FromProto(const v1::ImportNumbersRequest& request, const std::string& list_id);
// A list to make. INVALID_REQUEST also if it says what only the server can know, or blocks, which
// are added by themselves.
absl::StatusOr<TenantList> FromProto(const v1::OwnList& list);

// `accepted`: the server's Clock::accepted.
void FillRecord(const TenantRecord& record, const TenantList& list, const AcceptedClock& accepted,
                v1::Record* out);
void FillList(const TenantList& list, uint64_t records, v1::OwnList* out);
// What became of a write: for each record, or counted.
void FillResult(const WriteResult& result, v1::WriteResult* out);
void FillCounts(const WriteReply& reply, v1::ImportNumbersResponse* out);
// Adds a change to a part of a watch.
void FillChange(const RecordChange& change, const TenantList& list, const AcceptedClock& accepted,
                v1::WatchChangesResponse* out);

}  // namespace dnc
