#include "server/service/list_changes.h"

#include <utility>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/numbers/phone_number.h"
#include "server/service/request_errors.h"
#include "server/service/request_limits.h"

namespace dnc {
namespace {

RecordWrite::Item Refused(std::string why) {
  RecordWrite::Item item;
  item.refusal = std::move(why);
  return item;
}

RecordWrite::Item NotANumber(const std::string& text) {
  return Refused(StrCat("no North American number of ten digits, or of eleven with a leading 1: ",
                        WhyNoNumber(text)));
}

RecordWrite::Item RemovalOf(const std::string& text) {
  const ParsedNumber number = ParseNumber(text);
  if (!number.ok) return NotANumber(text);
  RecordWrite::Item item;
  item.record.number = number.number;
  return item;
}

absl::Status CheckBlocks(const std::vector<std::string>& blocks) {
  if (blocks.size() <= kMaxBlocksAtOnce) return absl::OkStatus();
  return InvalidRequest(StrCat("at most ", kMaxBlocksAtOnce, " blocks in one call"));
}

}  // namespace

absl::StatusOr<TenantList> FindList(const Caller& caller, const std::string& list_id) {
  const std::string& id = list_id.empty() ? kDefaultListId : list_id;
  const auto found = caller.tenant->lists.find(id);
  if (found != caller.tenant->lists.end()) return found->second;
  return Error(reason::kNotFound,
               "the tenant has no list of that id; look at ListLists, or make it with CreateList");
}

RecordWrite::Item ItemOf(GivenRecord given, const TenantList& list, absl::Time now,
                         const std::string& by) {
  // An opt-out that is meant for one list must not become a consent of another.
  if (!given.list_id.empty() && given.list_id != list.id) {
    return Refused(
        "`list_id` of the record names another list than that of the call; write it to its own "
        "list, or leave it out");
  }
  const ParsedNumber number = ParseNumber(given.number);
  if (!number.ok) return NotANumber(given.number);
  if (!given.unreadable.empty()) return Refused(std::move(given.unreadable));
  RecordWrite::Item item;
  item.dated = given.made_at.has_value();
  item.counts_until = given.counts_until;
  TenantRecord& record = item.record;
  record.number = number.number;
  record.made_at = given.made_at.value_or(now);
  record.expires_at = given.expires_at.value_or(record.expires_at);
  record.last_event_at = given.last_event_at.value_or(record.last_event_at);
  record.made_by = given.made_by.empty() ? by : given.made_by;
  record.channel = given.channel;
  record.reason = std::move(given.reason);
  record.note = std::move(given.note);
  record.ebr_kind = given.ebr_kind;
  record.source = std::move(given.source);
  return item;
}

absl::StatusOr<RecordWrite> ListChanges::NewWrite(const Caller& caller, const std::string& list_id,
                                                  size_t items) const {
  // While the server starts, the revisions that it gave before are not known yet.
  if (from_.registry->snapshot() == nullptr) return StillStarting();
  if (items > static_cast<size_t>(limits_.max_batch)) {
    return BatchTooLarge(items, "records in one message", limits_.max_batch, "Send smaller parts");
  }
  RecordWrite write;
  write.time = from_.clock->Now();
  DNC_ASSIGN_OR_RETURN(write.list, FindList(caller, list_id));
  write.tenant = caller.tenant;
  write.by = caller.key_id;
  write.max_records = from_.quotas->Effective(caller.tenant->tenant.quotas).max_records;
  write.items.reserve(items);
  return write;
}

absl::StatusOr<TenantList> ListChanges::CreateList(const Caller& caller, const TenantList& list) {
  return from_.directory->CreateList(caller.tenant->tenant.id, list, caller.key_id);
}

absl::StatusOr<uint64_t> ListChanges::AddBlocks(const Caller& caller, const std::string& list_id,
                                                const std::vector<std::string>& blocks) {
  DNC_RETURN_IF_ERROR(CheckBlocks(blocks));
  DNC_ASSIGN_OR_RETURN(const TenantList list, FindList(caller, list_id));
  return from_.directory->AddBlocks(caller.tenant->tenant.id, list.id, blocks, caller.key_id);
}

absl::StatusOr<uint64_t> ListChanges::RemoveBlocks(const Caller& caller, const std::string& list_id,
                                                   const std::vector<std::string>& blocks) {
  DNC_RETURN_IF_ERROR(CheckBlocks(blocks));
  DNC_ASSIGN_OR_RETURN(const TenantList list, FindList(caller, list_id));
  return from_.directory->RemoveBlocks(caller.tenant->tenant.id, list.id, blocks, caller.key_id);
}

void ListChanges::Add(const Caller& caller, AddRecordsCommand command, Done done) {
  absl::StatusOr<RecordWrite> write = NewWrite(caller, command.list_id, command.records.size());
  if (write.ok() && command.request_id.size() > kMaxRequestIdBytes) {
    write = InvalidRequest(StrCat("`request_id` has at most ", kMaxRequestIdBytes, " bytes"));
  }
  if (!write.ok()) {
    done(write.status());
    return;
  }
  write->request_id = std::move(command.request_id);
  write->request = std::move(command.request);
  for (GivenRecord& record : command.records) {
    write->items.push_back(ItemOf(std::move(record), write->list, write->time, caller.key_id));
  }
  from_.tenant_records->Submit(*std::move(write), std::move(done));
}

void ListChanges::Remove(const Caller& caller, RemoveRecordsCommand command, Done done) {
  absl::StatusOr<RecordWrite> write = NewWrite(caller, command.list_id, command.numbers.size());
  if (write.ok() && (command.request_id.size() > kMaxRequestIdBytes ||
                     command.reason.size() > kMaxRemovalReasonBytes)) {
    write = InvalidRequest(StrCat("`request_id` has at most ", kMaxRequestIdBytes,
                                  " bytes, `reason` ", kMaxRemovalReasonBytes));
  }
  if (!write.ok()) {
    done(write.status());
    return;
  }
  write->remove = true;
  write->request_id = std::move(command.request_id);
  write->request = std::move(command.request);
  write->remove_do_not_call = command.remove_do_not_call;
  write->reason = std::move(command.reason);
  for (const std::string& number : command.numbers) write->items.push_back(RemovalOf(number));
  from_.tenant_records->Submit(*std::move(write), std::move(done));
}

}  // namespace dnc
