#include "server/rpc/translate_list.h"

#include "server/base/str_cat.h"
#include "server/numbers/phone_number.h"
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

constexpr char kMalformed[] =
    "no North American number of ten digits, or of eleven with a leading 1";

RecordWrite::Item Refused(std::string why) {
  RecordWrite::Item item;
  item.refusal = std::move(why);
  return item;
}

// Keeps `time` where nothing is given; false if what is given is no time.
bool ReadTime(bool given, const google::protobuf::Timestamp& timestamp, absl::Time* time) {
  if (!given) return true;
  const absl::StatusOr<absl::Time> read = FromTimestamp(timestamp);
  if (read.ok()) *time = *read;
  return read.ok();
}

}  // namespace

RecordWrite::Item ToItem(const v1::Record& in, const TenantList& list, absl::Time now,
                         const std::string& by) {
  // An opt-out that is meant for one list must not become a consent of another.
  if (!in.list_id().empty() && in.list_id() != list.id) {
    return Refused(
        "`list_id` of the record names another list than that of the call; write it to its own "
        "list, or leave it out");
  }
  const ParsedNumber number = ParseNumber(in.number());
  if (!number.ok) return Refused(StrCat(kMalformed, ": ", WhyNoNumber(in.number())));
  if (in.channel() < v1::CHANNEL_UNSPECIFIED || in.channel() > v1::Channel_MAX ||
      in.ebr_kind() < v1::EBR_KIND_UNSPECIFIED || in.ebr_kind() > v1::EbrKind_MAX) {
    return Refused("`channel` or `ebr_kind` has a value that this server does not know");
  }
  RecordWrite::Item item;
  TenantRecord& record = item.record;
  record.number = number.number;
  record.made_at = now;
  if (!ReadTime(in.has_made_at(), in.made_at(), &record.made_at) ||
      !ReadTime(in.has_expires_at(), in.expires_at(), &record.expires_at) ||
      !ReadTime(in.has_last_event_at(), in.last_event_at(), &record.last_event_at)) {
    return Refused("a time lies outside of the years 1 to 9999");
  }
  record.made_by = in.made_by().empty() ? by : in.made_by();
  record.channel = static_cast<Channel>(in.channel());
  record.reason = in.reason();
  record.note = in.note();
  record.ebr_kind = static_cast<EbrKind>(in.ebr_kind());
  record.source = in.source();
  item.dated = in.has_made_at();
  if (in.has_counts_until()) {
    item.counts_until = absl::InfiniteFuture();
    if (!ReadTime(true, in.counts_until(), &*item.counts_until)) {
      return Refused("a time lies outside of the years 1 to 9999");
    }
  }
  return item;
}

RecordWrite::Item ToRemoval(const std::string& text) {
  const ParsedNumber number = ParseNumber(text);
  if (!number.ok) return Refused(StrCat(kMalformed, ": ", WhyNoNumber(text)));
  RecordWrite::Item item;
  item.record.number = number.number;
  return item;
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

}  // namespace dnc
