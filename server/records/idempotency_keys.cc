#include "server/records/idempotency_keys.h"

#include "server/base/str_cat.h"
#include "server/records/record_keys.h"
#include "server/storage/checked_value.h"
#include "xxhash.h"

namespace dnc {
namespace {

constexpr size_t kReplyHeadBytes = 8 + 16 + 8 + 4;

void AppendText(std::string& out, std::string_view text) {
  PutNumber(out, text.size(), 4);
  out.append(text);
}

void AppendTime(std::string& out, absl::Time time) {
  PutNumber(out, static_cast<uint64_t>(absl::ToUnixMicros(time)), 8);
}

}  // namespace

WriteDigest ContentDigest(const RecordWrite& write) {
  std::string text;
  PutNumber(text, write.list.number, 4);
  text.push_back(write.remove ? 1 : 0);
  text.push_back(write.remove_do_not_call ? 1 : 0);
  AppendText(text, write.reason);
  for (const RecordWrite::Item& item : write.items) {
    const TenantRecord& record = item.record;
    PutNumber(text, record.number, 8);
    // Not made_by: as it was given it is in `request`; else it is the key, and a repetition after
    // the keys were changed is the same request.
    text.push_back(static_cast<char>(record.channel));
    AppendText(text, record.reason);
    AppendText(text, record.note);
    AppendTime(text, record.expires_at);
    text.push_back(static_cast<char>(record.ebr_kind));
    AppendTime(text, record.last_event_at);
    AppendText(text, record.source);
    AppendText(text, item.refusal);
  }
  text.append(write.request);
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.high64, hash.low64};
}

bool RequestIsOld(std::string_view key, std::string_view value, absl::Time now,
                  absl::Duration age) {
  const auto content = RemoveCheck(key, value);
  if (!content.has_value() || content->size() < kReplyHeadBytes) return false;
  const auto time = static_cast<int64_t>(GetNumber(content->substr(0, 8)));
  return now - absl::FromUnixMicros(time) > age;
}

std::string RequestKey(TenantNumber tenant, std::string_view request_id) {
  return StrCat(TenantPrefix(tenant), request_id);
}

std::string EncodeReply(std::string_view key, const StoredReply& stored) {
  std::string content;
  AppendTime(content, stored.time);
  PutNumber(content, stored.content[0], 8);
  PutNumber(content, stored.content[1], 8);
  PutNumber(content, stored.reply.revision, 8);
  PutNumber(content, stored.reply.results.size(), 4);
  for (const WriteResult& result : stored.reply.results) {
    content.push_back(static_cast<char>(result.outcome));
    if (result.outcome == WriteOutcome::kRefused) AppendText(content, result.message);
  }
  return AddCheck(key, content);
}

absl::StatusOr<StoredReply> DecodeReply(std::string_view key, std::string_view value) {
  const absl::Status damaged = RecordsDamaged("a stored answer to a write is damaged");
  const auto content = RemoveCheck(key, value);
  if (!content.has_value() || content->size() < kReplyHeadBytes) return damaged;
  std::string_view rest = *content;
  const auto take = [&rest](size_t bytes) {
    const std::string_view part = rest.substr(0, bytes);
    rest.remove_prefix(part.size());
    return part;
  };
  StoredReply stored;
  stored.time = absl::FromUnixMicros(static_cast<int64_t>(GetNumber(take(8))));
  stored.content[0] = GetNumber(take(8));
  stored.content[1] = GetNumber(take(8));
  stored.reply.revision = GetNumber(take(8));
  for (uint64_t left = GetNumber(take(4)); left > 0; --left) {
    if (rest.empty()) return damaged;
    WriteResult result;
    result.outcome = static_cast<WriteOutcome>(take(1).front());
    if (result.outcome < WriteOutcome::kAdded || result.outcome > WriteOutcome::kRefused) {
      return damaged;
    }
    if (result.outcome == WriteOutcome::kRefused) {
      if (rest.size() < 4) return damaged;
      const uint64_t bytes = GetNumber(take(4));
      if (rest.size() < bytes) return damaged;
      result.message = std::string(take(bytes));
    }
    stored.reply.results.push_back(std::move(result));
  }
  if (!rest.empty()) return damaged;
  return stored;
}

}  // namespace dnc
