// What must hold for any bytes: what ReadScrubColumns takes, protobuf reads as the same. For the
// property test and the fuzzer.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "dnc/v1/scrub_service.pb.h"
#include "server/base/check.h"
#include "server/rpc/scrub_wire.h"

namespace dnc {

// Whether the bytes were taken.
inline bool CheckReadAsProtobuf(const std::string& bytes) {
  const auto columns = ReadScrubColumns(bytes);
  if (!columns.has_value()) return false;
  v1::ScrubRequest request;
  DNC_CHECK(request.ParseFromString(bytes), "protobuf reads what was taken");
  DNC_CHECK(request.scope() == columns->scope, "the same scope");
  DNC_CHECK(request.at_least_revision() == columns->at_least_revision, "the same revision");
  DNC_CHECK(request.detail() <= v1::DETAIL_COLUMNS && !request.has_as_of() &&
                !request.has_as_answered_at() && request.texts_size() == 0,
            "nothing that columns don't tell");
  const std::string& packed = request.packed_numbers();
  DNC_CHECK(request.numbers_size() == 0 || packed.empty(), "one form of numbers");
  DNC_CHECK(packed.size() % kPackedNumberBytes == 0, "whole numbers");
  const size_t count =
      static_cast<size_t>(request.numbers_size()) + packed.size() / kPackedNumberBytes;
  DNC_CHECK(count == columns->count, "as many numbers");
  DNC_CHECK(PeekCount(bytes).value_or(count) == count, "the count that was foretold");
  for (size_t i = 0; i < count; ++i) {
    uint64_t number = 0;
    if (packed.empty()) {
      number = request.numbers(static_cast<int>(i));
    } else {
      for (size_t byte = 0; byte < kPackedNumberBytes; ++byte) {
        const auto value = static_cast<uint8_t>(packed[i * kPackedNumberBytes + byte]);
        number |= static_cast<uint64_t>(value) << (8 * byte);
      }
    }
    DNC_CHECK(columns->Number(i) == number, "the same numbers");
  }
  return true;
}

}  // namespace dnc
