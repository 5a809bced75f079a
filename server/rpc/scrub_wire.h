// ScrubRequest and ScrubResponse as bytes, for the call that must be fast: a batch by columns,
// without an allocation or a copy a number.
//
//   if (const auto asked = ReadScrubColumns(bytes)) {
//     ScrubColumnsWriter out(asked->count, most_snapshot_bytes);
//     ... asked->Number(i) ... out.verdicts()[i] = ..., out.reasons()[i] = ...
//     out.Take(snapshot, rest, &response);
//   }
//
// The bytes have one meaning, which is protobuf's. What the reader takes, protobuf reads as the
// same; everything else is left to protobuf. What the writer makes is what protobuf would make:
//
//   | 0a.. verdicts | 12.. reasons, aligned | 1a.. snapshot |   | 32.. earlier ends |
//     memory that is reserved before the numbers are             copied behind, if there
//     answered: the engine writes straight into it               are any
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "absl/types/span.h"
#include "dnc/v1/scrub_service.pb.h"
#include "dnc/v1/verdict.pb.h"
#include "server/wire/message_buffer.h"

namespace dnc {

inline constexpr size_t kFixedNumberBytes = 8;
inline constexpr size_t kPackedNumberBytes = 5;

// A number as five bytes, little-endian, as in ScrubRequest.packed_numbers.
inline uint64_t LoadPackedNumber(const char* bytes) {
  uint32_t low = 0;
  std::memcpy(&low, bytes, sizeof(low));
  return low | static_cast<uint64_t>(static_cast<uint8_t>(bytes[4])) << 32;
}

// A ScrubRequest that asks for columns, of now. Points into the bytes that it was read from.
struct ScrubColumns {
  const char* numbers = nullptr;
  size_t count = 0;
  size_t width = kFixedNumberBytes;  // of a number in bytes: one of the two above
  std::string_view scope;            // ASCII
  uint64_t at_least_revision = 0;

  uint64_t Number(size_t i) const {
    if (width == kPackedNumberBytes) return LoadPackedNumber(numbers + i * kPackedNumberBytes);
    uint64_t number = 0;
    std::memcpy(&number, numbers + i * kFixedNumberBytes, sizeof(number));
    return number;
  }
};

// A message as protobuf writes it.
MessageBuffer ToMessageBuffer(const google::protobuf::MessageLite& message);

// What `bytes` ask; nothing if protobuf must read them: other fields, a field twice, anything
// unusual.
std::optional<ScrubColumns> ReadScrubColumns(std::string_view bytes);

// How many numbers the request will ask for that begins with `bytes`, before any is read; nothing
// if the fields in the usual forms don't tell. Others may follow: only the whole request is
// certain.
std::optional<size_t> PeekCount(std::string_view bytes);

// A ScrubResponse in the making; verdicts and reasons are 0 until they are filled in.
class ScrubColumnsWriter {
 public:
  // `most_snapshot_bytes`: no fewer than the snapshot will take.
  ScrubColumnsWriter(size_t count, size_t most_snapshot_bytes);
  ScrubColumnsWriter(const ScrubColumnsWriter&) = delete;
  ScrubColumnsWriter& operator=(const ScrubColumnsWriter&) = delete;

  // Values below 128, of v1::Verdict.
  absl::Span<uint8_t> verdicts() { return verdicts_; }
  absl::Span<uint32_t> reasons() { return reasons_; }

  // The response, which rests on `snapshot`; `rest` has what follows: fields above the snapshot's.
  // Once, and the last.
  void Take(const v1::Snapshot& snapshot, const v1::ScrubResponse& rest, MessageBuffer* response);

 private:
  MessageBuffer memory_;
  uint8_t* begin_ = nullptr;
  uint8_t* end_ = nullptr;    // of what is written
  uint8_t* limit_ = nullptr;  // of the memory
  absl::Span<uint8_t> verdicts_;
  absl::Span<uint32_t> reasons_;
};

}  // namespace dnc
