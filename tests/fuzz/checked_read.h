// Checks what must be true of every read, whatever the bytes. The fuzzers of the formats share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/base/check.h"
#include "server/base/error.h"
#include "server/formats/test_files.h"

namespace dnc {

// A message may show an area code, a line or a time, but never seven digits in a row.
inline void CheckShowsNoNumber(std::string_view message) {
  int run = 0;
  for (const char c : message) {
    run = c >= '0' && c <= '9' ? run + 1 : 0;
    DNC_CHECK(run < 7, "an error message shows a number");
  }
}

// Reads `content`, keeps what it holds in `sink`, and checks the result. Returns whether it was
// read.
inline bool CheckedRead(std::string_view content, const ReadRequest& request, CollectingSink& sink,
                        FileFacts& facts) {
  absl::StatusOr<FileFacts> read = ReadContent(content, request, sink);
  if (!read.ok()) {
    DNC_CHECK(ErrorReason(read.status()) != reason::kInternal, "an error without a reason");
    const bool shows_limits = ErrorGuard(read.status()) == "archive-size";
    if (!shows_limits)
      CheckShowsNoNumber({read.status().message().data(), read.status().message().size()});
    return false;
  }
  facts = *std::move(read);
  DNC_CHECK(facts.kind != FileKind::kUnknown, "a read file has a kind");
  DNC_CHECK(facts.kind == FileKind::kFull ? sink.changes.empty() : sink.numbers.empty(),
            "a file has numbers or changes");
  DNC_CHECK(facts.records == sink.numbers.size() + sink.changes.size(), "records are counted");
  DNC_CHECK(facts.records + facts.outside_label > 0 || facts.kind == FileKind::kChange,
            "only a change list is empty");
  DNC_CHECK(facts.sha256.size() == 64 && facts.size_bytes == content.size(), "a file is hashed");
  for (const Number number : sink.numbers) {
    DNC_CHECK(number < kNumberLimit && IsAreaCode(AreaCodeOf(number)), "a number is well formed");
  }
  for (const ChangeRecord& change : sink.changes) {
    DNC_CHECK(change.number < kNumberLimit && IsAreaCode(AreaCodeOf(change.number)),
              "a changed number is well formed");
  }
  return true;
}

inline std::string_view FuzzText(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace dnc
