#include "server/rpc/scrub_wire.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "server/base/check.h"

namespace dnc {
namespace {

using google::protobuf::io::CodedOutputStream;

static_assert(std::endian::native == std::endian::little,
              "numbers and reasons travel as they lie in memory");

// The tags of the fields, all of one byte: number and wire type.
enum RequestTag : uint8_t {
  kNumbers = 1 << 3 | 2,
  kDetail = 3 << 3 | 0,
  kAtLeastRevision = 5 << 3 | 0,
  kScope = 6 << 3 | 2,
  kPackedNumbers = 7 << 3 | 2,
};
enum ResponseTag : uint8_t {
  kVerdicts = 1 << 3 | 2,
  kReasons = 2 << 3 | 2,
  kSnapshot = 3 << 3 | 2,
};

// What protobuf makes of longer ones differs: values wrap around, lengths are refused.
constexpr int kMaxVarintBytes = 9;
constexpr int kMaxLengthBytes = 4;

// Takes the parts of a message off its front. After a failure everything fails.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  bool AtEnd() const { return rest_.empty(); }

  bool ReadTag(uint8_t* tag) {
    if (rest_.empty()) return false;
    *tag = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return true;
  }

  bool ReadVarint(uint64_t* value, int most_bytes = kMaxVarintBytes) {
    *value = 0;
    for (int i = 0; i < most_bytes && !rest_.empty(); ++i) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      *value |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool ReadBytes(std::string_view* bytes) {
    uint64_t size = 0;
    if (!ReadVarint(&size, kMaxLengthBytes) || size > rest_.size()) return false;
    *bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view rest_;
};

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool SetNumbers(std::string_view bytes, size_t width, ScrubColumns* columns) {
  if (bytes.size() % width != 0) return false;
  columns->numbers = bytes.data();
  columns->count = bytes.size() / width;
  columns->width = width;
  return true;
}

bool ReadField(uint8_t tag, WireReader& reader, ScrubColumns* columns) {
  std::string_view bytes;
  uint64_t detail = 0;
  switch (tag) {
    case kNumbers:
      return reader.ReadBytes(&bytes) && SetNumbers(bytes, kFixedNumberBytes, columns);
    case kPackedNumbers:
      return reader.ReadBytes(&bytes) && SetNumbers(bytes, kPackedNumberBytes, columns);
    case kDetail:
      return reader.ReadVarint(&detail) && detail <= 1;  // unspecified, columns
    case kAtLeastRevision:
      return reader.ReadVarint(&columns->at_least_revision);
    case kScope:
      return reader.ReadBytes(&columns->scope) && IsAscii(columns->scope);
    default:
      return false;
  }
}

size_t SizeWithPrefix(size_t bytes) { return 1 + CodedOutputStream::VarintSize64(bytes) + bytes; }

uint8_t* WritePrefix(uint8_t tag, size_t bytes, uint8_t* out) {
  *out++ = tag;
  return CodedOutputStream::WriteVarint64ToArray(bytes, out);
}

}  // namespace

MessageBuffer ToMessageBuffer(const google::protobuf::MessageLite& message) {
  const size_t size = message.ByteSizeLong();
  MessageBuffer buffer(size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(buffer.space()));
  buffer.SetMessage(0, size);
  return buffer;
}

std::optional<ScrubColumns> ReadScrubColumns(std::string_view bytes) {
  ScrubColumns columns;
  WireReader reader(bytes);
  uint32_t seen = 0;
  while (!reader.AtEnd()) {
    uint8_t tag = 0;
    if (!reader.ReadTag(&tag) || !ReadField(tag, reader, &columns)) return std::nullopt;
    // One of the forms of numbers, whether it is empty or not.
    const uint32_t field = 1U << (tag == kPackedNumbers ? kNumbers >> 3 : tag >> 3);
    if ((seen & field) != 0) return std::nullopt;
    seen |= field;
  }
  return columns;
}

std::optional<size_t> PeekCount(std::string_view bytes) {
  WireReader reader(bytes);
  uint8_t tag = 0;
  while (reader.ReadTag(&tag)) {
    uint64_t value = 0;
    std::string_view text;
    if (tag == kNumbers || tag == kPackedNumbers) {
      if (!reader.ReadVarint(&value)) return std::nullopt;
      return value / (tag == kNumbers ? kFixedNumberBytes : kPackedNumberBytes);
    }
    const bool known =
        tag == kScope ? reader.ReadBytes(&text)
                      : (tag == kDetail || tag == kAtLeastRevision) && reader.ReadVarint(&value);
    if (!known) return std::nullopt;
  }
  return std::nullopt;
}

ScrubColumnsWriter::ScrubColumnsWriter(size_t count, size_t most_snapshot_bytes) {
  size_t before_reasons = 0;
  size_t size = SizeWithPrefix(most_snapshot_bytes);
  if (count > 0) {  // protobuf leaves empty fields out
    const size_t reason_bytes = count * sizeof(uint32_t);
    before_reasons = SizeWithPrefix(count) + SizeWithPrefix(reason_bytes) - reason_bytes;
    size += before_reasons + reason_bytes;
  }
  // Room to move the beginning, so that the reasons lie where a uint32_t may.
  memory_ = MessageBuffer(size + sizeof(uint32_t) - 1);
  auto* const room = reinterpret_cast<uint8_t*>(memory_.space());
  const uintptr_t reasons_at = reinterpret_cast<uintptr_t>(room) + before_reasons;
  const size_t skip = (sizeof(uint32_t) - reasons_at % sizeof(uint32_t)) % sizeof(uint32_t);
  begin_ = room + skip;
  limit_ = begin_ + size;

  end_ = begin_;
  if (count == 0) return;
  end_ = WritePrefix(kVerdicts, count, end_);
  verdicts_ = absl::MakeSpan(end_, count);
  end_ = WritePrefix(kReasons, count * sizeof(uint32_t), end_ + count);
  reasons_ = absl::MakeSpan(reinterpret_cast<uint32_t*>(end_), count);
  end_ += count * sizeof(uint32_t);
  std::fill(verdicts_.begin(), verdicts_.end(), uint8_t{v1::VERDICT_UNSPECIFIED});
  std::fill(reasons_.begin(), reasons_.end(), 0U);
}

void ScrubColumnsWriter::Take(const v1::Snapshot& snapshot, const v1::ScrubResponse& rest,
                              MessageBuffer* response) {
  const size_t bytes = snapshot.ByteSizeLong();
  DNC_CHECK(SizeWithPrefix(bytes) <= static_cast<size_t>(limit_ - end_),
            "a snapshot takes no more bytes than was said");
  end_ = snapshot.SerializeWithCachedSizesToArray(WritePrefix(kSnapshot, bytes, end_));
  const auto size = static_cast<size_t>(end_ - begin_);
  const size_t more = rest.ByteSizeLong();
  if (more == 0) {
    memory_.SetMessage(static_cast<size_t>(begin_ - reinterpret_cast<uint8_t*>(memory_.space())),
                       size);
    *response = std::move(memory_);
    return;
  }
  MessageBuffer longer(size + more);
  std::memcpy(longer.space(), begin_, size);
  rest.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(longer.space()) + size);
  longer.SetMessage(0, size + more);
  *response = std::move(longer);
}

}  // namespace dnc
