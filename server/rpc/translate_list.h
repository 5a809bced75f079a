// Between the records of tenants' lists and those of dnc/v1/list_service.proto.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dnc/v1/list_service.pb.h"
#include "server/records/tenant_records.h"

namespace dnc {

// A record to write, with the defaults of what is not given; one that cannot be read is an item
// with a refusal, in its place.
// So is one that says it is of another list than `list`, to which it is to be written.
RecordWrite::Item ToItem(const v1::Record& record, const TenantList& list, absl::Time now,
                         const std::string& by);

// A number to remove.
RecordWrite::Item ToRemoval(const std::string& number);

// `accepted`: the server's Clock::accepted.
void FillRecord(const TenantRecord& record, const TenantList& list, const AcceptedClock& accepted,
                v1::Record* out);
void FillList(const TenantList& list, uint64_t records, v1::OwnList* out);
// A list to make. INVALID_REQUEST also if it says what only the server can know, or blocks, which
// are added by themselves.
absl::StatusOr<TenantList> FromProto(const v1::OwnList& list);
void FillResult(const WriteResult& result, v1::WriteResult* out);

}  // namespace dnc
