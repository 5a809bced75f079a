#include "server/rpc/translate_list.h"

#include <optional>

#include "server/records/record_meaning.h"
#include "server/rpc/error_status.h"
#include "server/rpc/translate_time.h"

namespace dnc {
namespace {

#define DNC_SAME(ours, theirs) static_assert(static_cast<int>(ours) == static_cast<int>(theirs))
DNC_SAME(TenantListKind::kInternal, v1::OWN_LIST_KIND_INTERNAL);
DNC_SAME(TenantListKind::kEbr, v1::OWN_LIST_KIND_EBR);
DNC_SAME(TenantListKind::kConsent, v1::OWN_LIST_KIND_CONSENT);
DNC_SAME(TenantListKind::kConsent, v1::OwnListKind_MAX);
DNC_SAME(Channel::kCall, v1::CHANNEL_CALL);
DNC_SAME(Channel::kText, v1::CHANNEL_TEXT);
DNC_SAME(Channel::kWeb, v1::CHANNEL_WEB);
DNC_SAME(Channel::kImport, v1::CHANNEL_IMPORT);
DNC_SAME(Channel::kAgent, v1::CHANNEL_AGENT);
DNC_SAME(Channel::kAgent, v1::Channel_MAX);
DNC_SAME(EbrKind::kTransaction, v1::EBR_KIND_TRANSACTION);
DNC_SAME(EbrKind::kInquiry, v1::EBR_KIND_INQUIRY);
DNC_SAME(EbrKind::kInquiry, v1::EbrKind_MAX);
DNC_SAME(WriteOutcome::kAdded, v1::WRITE_OUTCOME_ADDED);
DNC_SAME(WriteOutcome::kAlreadyThere, v1::WRITE_OUTCOME_ALREADY_THERE);
DNC_SAME(WriteOutcome::kUpdated, v1::WRITE_OUTCOME_UPDATED);
DNC_SAME(WriteOutcome::kRemoved, v1::WRITE_OUTCOME_REMOVED);
DNC_SAME(WriteOutcome::kNotThere, v1::WRITE_OUTCOME_NOT_THERE);
DNC_SAME(WriteOutcome::kRefused, v1::WRITE_OUTCOME_REFUSED);
DNC_SAME(WriteOutcome::kRefused, v1::WriteOutcome_MAX);
#undef DNC_SAME

// What is wrong with a record's own values; empty: nothing.
std::string WhyUnreadable(const v1::Record& in) {
  if (in.channel() < v1::CHANNEL_UNSPECIFIED || in.channel() > v1::Channel_MAX ||
      in.ebr_kind() < v1::EBR_KIND_UNSPECIFIED || in.ebr_kind() > v1::EbrKind_MAX) {
    return "`channel` or `ebr_kind` has a value that this server does not know";
  }
  return {};
}

// Reads a time if one is given; false if it is none.
bool ReadTime(bool given, const google::protobuf::Timestamp& timestamp,
              std::optional<absl::Time>* time) {
  if (!given) return true;
  const absl::StatusOr<absl::Time> read = FromTimestamp(timestamp);
  if (read.ok()) *time = *read;
  return read.ok();
}

// With an id, a repetition of the request is told from another one by all that it says.
template <typename Request, typename Command>
void ReadRequestId(const Request& request, Command* command) {
  if (request.request_id().empty()) return;
  command->request_id = request.request_id();
  command->request = request.SerializeAsString();
}

template <typename Request>
void ReadRecords(const Request& request, AddRecordsCommand* command) {
  command->records.reserve(static_cast<size_t>(request.records_size()));
  for (const v1::Record& record : request.records()) command->records.push_back(FromProto(record));
}

}  // namespace

GivenRecord FromProto(const v1::Record& in) {
  GivenRecord record;
  record.list_id = in.list_id();
  record.number = in.number();
  record.unreadable = WhyUnreadable(in);
  if (!record.unreadable.empty()) return record;
  if (!ReadTime(in.has_made_at(), in.made_at(), &record.made_at) ||
      !ReadTime(in.has_expires_at(), in.expires_at(), &record.expires_at) ||
      !ReadTime(in.has_last_event_at(), in.last_event_at(), &record.last_event_at) ||
      !ReadTime(in.has_counts_until(), in.counts_until(), &record.counts_until)) {
    record.unreadable = "a time lies outside of the years 1 to 9999";
    return record;
  }
  record.made_by = in.made_by();
  record.channel = static_cast<Channel>(in.channel());
  record.reason = in.reason();
  record.note = in.note();
  record.ebr_kind = static_cast<EbrKind>(in.ebr_kind());
  record.source = in.source();
  return record;
}

AddRecordsCommand FromProto(const v1::AddNumbersRequest& request) {
  AddRecordsCommand command;
  command.list_id = request.list_id();
  ReadRequestId(request, &command);
  ReadRecords(request, &command);
  return command;
}

RemoveRecordsCommand FromProto(const v1::RemoveNumbersRequest& request) {
  RemoveRecordsCommand command;
  command.list_id = request.list_id();
  ReadRequestId(request, &command);
  command.numbers.assign(request.numbers().begin(), request.numbers().end());
  command.remove_do_not_call = request.remove_do_not_call();
  command.reason = request.reason();
  return command;
}

AddRecordsCommand FromProto(const v1::ImportNumbersRequest& request, const std::string& list_id) {
  AddRecordsCommand command;
  command.list_id = list_id;
  ReadRecords(request, &command);
  return command;
}

void FillRecord(const TenantRecord& record, const TenantList& list, const AcceptedClock& accepted,
                v1::Record* out) {
  out->set_number(std::to_string(record.number));
  const auto set = [](absl::Time time, google::protobuf::Timestamp* field) {
    *field = ToTimestamp(time);
  };
  if (IsMoment(record.made_at)) set(record.made_at, out->mutable_made_at());
  out->set_made_by(record.made_by);
  out->set_channel(static_cast<v1::Channel>(record.channel));
  out->set_reason(record.reason);
  out->set_note(record.note);
  if (IsMoment(record.expires_at)) set(record.expires_at, out->mutable_expires_at());
  out->set_ebr_kind(static_cast<v1::EbrKind>(record.ebr_kind));
  if (IsMoment(record.last_event_at)) set(record.last_event_at, out->mutable_last_event_at());
  out->set_source(record.source);
  out->set_list_id(list.id);
  out->set_revision(record.revision);
  const absl::Time until = ToldUntil(list.kind, record, accepted);
  if (IsMoment(until)) set(until, out->mutable_counts_until());
}

void FillList(const TenantList& list, uint64_t records, v1::OwnList* out) {
  out->set_list_id(list.id);
  out->set_kind(static_cast<v1::OwnListKind>(list.kind));
  out->set_scope(list.scope);
  out->set_display_name(list.display_name);
  if (IsMoment(list.created_at)) *out->mutable_created_at() = ToTimestamp(list.created_at);
  out->set_records(records);
  for (const std::string& block : list.blocks) out->add_blocks(block);
}

absl::StatusOr<TenantList> FromProto(const v1::OwnList& in) {
  if (in.kind() <= v1::OWN_LIST_KIND_UNSPECIFIED || in.kind() > v1::OwnListKind_MAX) {
    return InvalidRequest("`kind` must be internal, EBR or consent");
  }
  if (in.blocks_size() > 0) {
    return InvalidRequest(
        "a list is made without `blocks`: they would not be in force; make the list and add them "
        "with AddBlocks");
  }
  if (in.has_created_at() || in.records() != 0) {
    return InvalidRequest(
        "`created_at` and `records` are what the server tells of a list; leave them out");
  }
  TenantList list;
  list.id = in.list_id();
  list.kind = static_cast<TenantListKind>(in.kind());
  list.scope = in.scope();
  list.display_name = in.display_name();
  return list;
}

void FillResult(const WriteResult& result, v1::WriteResult* out) {
  out->set_outcome(static_cast<v1::WriteOutcome>(result.outcome));
  out->set_message(result.message);
}

void FillCounts(const WriteReply& reply, v1::ImportNumbersResponse* out) {
  uint64_t added = 0;
  uint64_t already_there = 0;
  uint64_t updated = 0;
  uint64_t not_in_force = 0;
  for (size_t i = 0; i < reply.results.size(); ++i) {
    const WriteResult& result = reply.results[i];
    added += result.outcome == WriteOutcome::kAdded ? 1 : 0;
    already_there += result.outcome == WriteOutcome::kAlreadyThere ? 1 : 0;
    updated += result.outcome == WriteOutcome::kUpdated ? 1 : 0;
    if (result.outcome != WriteOutcome::kRefused) {
      not_in_force += result.message.empty() ? 0 : 1;
      continue;
    }
    v1::RefusedRecord* refused = out->add_refused();
    refused->set_index(static_cast<uint32_t>(i));
    refused->set_message(result.message);
    refused->set_over(result.over);
  }
  out->set_added(added);
  out->set_already_there(already_there);
  out->set_updated(updated);
  out->set_not_in_force(not_in_force);
  out->set_revision(reply.revision);
}

void FillChange(const RecordChange& change, const TenantList& list, const AcceptedClock& accepted,
                v1::WatchChangesResponse* out) {
  switch (change.what) {
    case RecordChange::What::kRecord: {
      v1::RecordChange* of_record = out->add_changes();
      of_record->set_outcome(static_cast<v1::WriteOutcome>(change.outcome));
      FillRecord(change.record, list, accepted, of_record->mutable_record());
      return;
    }
    case RecordChange::What::kBlock: {
      v1::BlockChange* of_block = out->add_block_changes();
      of_block->set_outcome(static_cast<v1::WriteOutcome>(change.outcome));
      of_block->set_list_id(list.id);
      of_block->set_block(change.block);
      return;
    }
    case RecordChange::What::kList:
      break;
  }
  // The list is told as it was made: what it blocks and holds is told as changes.
  v1::OwnList* made = out->add_lists_made();
  FillList(list, 0, made);
  made->clear_blocks();
}

}  // namespace dnc
