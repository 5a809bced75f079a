#include "server/records/tenant_record.h"

#include <algorithm>

#include "server/records/record_keys.h"
#include "server/rules/ebr_rules.h"
#include "server/storage/checked_value.h"

namespace dnc {
namespace {

// The first byte of a value.
constexpr char kVersion = 1;

// The fields after the fixed part come in ascending order, each at most once.
enum class Tag : uint8_t {
  kMadeBy = 1,
  kChannel = 2,
  kReason = 3,
  kNote = 4,
  kExpiresAt = 5,
  kEbrKind = 6,
  kLastEventAt = 7,
  kSource = 8,
};

void PutVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// Small numbers of either sign become small varints.
uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

void PutTime(std::string& out, absl::Time time) {
  PutVarint(out, ZigZag(absl::ToUnixMicros(time)));
}

void PutText(std::string& out, Tag tag, std::string_view text) {
  if (text.empty()) return;
  out.push_back(static_cast<char>(tag));
  PutVarint(out, text.size());
  out.append(text);
}

absl::Status DamagedRecord() { return RecordsDamaged("a record of a tenant's list is damaged"); }

// Reads a value from its front. After the first fault all reads give nothing and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool done() const { return rest_.empty(); }

  uint8_t Byte() {
    if (rest_.empty()) return Fail();
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  // Only the shortest form is taken, so that a record has one encoding.
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      if (!ok_) return 0;
      const uint64_t part = byte & 0x7F;
      if (shift == 63 && part > 1) return Fail();
      value |= part << shift;
      if ((byte & 0x80) == 0) return byte == 0 && shift > 0 ? Fail() : value;
    }
    return Fail();
  }
  absl::Time Time() { return absl::FromUnixMicros(UnZigZag(Varint())); }
  std::string Text() {
    const uint64_t size = Varint();
    if (!ok_ || size == 0 || size > rest_.size()) return std::string(Fail(), ' ');
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  template <class Enum>
  Enum Value(Enum last) {
    const uint8_t value = Byte();
    if (value == 0 || value > static_cast<uint8_t>(last)) Fail();
    return ok_ ? static_cast<Enum>(value) : Enum{};
  }
  void MustBe(bool right) {
    if (!right) Fail();
  }

 private:
  uint8_t Fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

void ReadField(Tag tag, Reader& in, TenantRecord& record) {
  switch (tag) {
    case Tag::kMadeBy:
      record.made_by = in.Text();
      return;
    case Tag::kChannel:
      record.channel = in.Value(Channel::kAgent);
      return;
    case Tag::kReason:
      record.reason = in.Text();
      return;
    case Tag::kNote:
      record.note = in.Text();
      return;
    case Tag::kExpiresAt:
      record.expires_at = in.Time();
      return;
    case Tag::kEbrKind:
      record.ebr_kind = in.Value(EbrKind::kInquiry);
      return;
    case Tag::kLastEventAt:
      record.last_event_at = in.Time();
      return;
    case Tag::kSource:
      record.source = in.Text();
      return;
  }
  in.MustBe(false);
}

}  // namespace

std::string EncodeRecordKey(const RecordKey& key) {
  std::string out;
  out.reserve(kRecordKeyBytes);
  PutNumber(out, key.tenant, 4);
  PutNumber(out, key.number, 5);
  PutNumber(out, key.list, 4);
  return out;
}

absl::StatusOr<RecordKey> DecodeRecordKey(std::string_view bytes) {
  if (bytes.size() != kRecordKeyBytes) return DamagedRecord();
  RecordKey key;
  key.tenant = static_cast<TenantNumber>(GetNumber(bytes.substr(0, 4)));
  key.number = GetNumber(bytes.substr(4, 5));
  key.list = static_cast<ListNumber>(GetNumber(bytes.substr(9, 4)));
  if (key.tenant == 0 || key.list == 0 || key.number >= kNumberLimit) return DamagedRecord();
  return key;
}

std::string EncodeTenantRecord(std::string_view key, const TenantRecord& record) {
  std::string out;
  out.reserve(48);
  out.push_back(kVersion);
  PutVarint(out, record.revision);
  PutTime(out, record.made_at);
  PutText(out, Tag::kMadeBy, record.made_by);
  if (record.channel != Channel::kUnspecified) {
    out.push_back(static_cast<char>(Tag::kChannel));
    out.push_back(static_cast<char>(record.channel));
  }
  PutText(out, Tag::kReason, record.reason);
  PutText(out, Tag::kNote, record.note);
  if (record.expires_at != absl::InfiniteFuture()) {
    out.push_back(static_cast<char>(Tag::kExpiresAt));
    PutTime(out, record.expires_at);
  }
  if (record.ebr_kind != EbrKind::kNone) {
    out.push_back(static_cast<char>(Tag::kEbrKind));
    out.push_back(static_cast<char>(record.ebr_kind));
  }
  if (record.last_event_at != absl::InfinitePast()) {
    out.push_back(static_cast<char>(Tag::kLastEventAt));
    PutTime(out, record.last_event_at);
  }
  PutText(out, Tag::kSource, record.source);
  return AddCheck(key, out);
}

absl::StatusOr<TenantRecord> DecodeTenantRecord(std::string_view key, std::string_view value) {
  const absl::StatusOr<RecordKey> record_key = DecodeRecordKey(key);
  if (!record_key.ok()) return record_key.status();
  const auto content = RemoveCheck(key, value);
  if (!content.has_value()) return DamagedRecord();
  Reader in(*content);
  TenantRecord record;
  record.number = record_key->number;
  in.MustBe(in.Byte() == kVersion);
  record.revision = in.Varint();
  record.made_at = in.Time();
  uint8_t last = 0;
  while (in.ok() && !in.done()) {
    const uint8_t tag = in.Byte();
    in.MustBe(tag > last);
    last = tag;
    if (in.ok()) ReadField(static_cast<Tag>(tag), in, record);
  }
  if (!in.ok()) return DamagedRecord();
  return record;
}

absl::Time CountsUntil(TenantListKind kind, const TenantRecord& record) {
  if (kind != TenantListKind::kEbr) return record.expires_at;
  const absl::Time rule = EbrEnd(record.ebr_kind, record.last_event_at, AreaCodeOf(record.number));
  return std::min(rule, record.expires_at);
}

}  // namespace dnc
