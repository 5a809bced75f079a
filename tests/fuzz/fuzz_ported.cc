// Reads ported numbers, with and without ranges.
#include "tests/fuzz/checked_read.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A line of 16 bytes may be 10,000 numbers.
  if (size > 512) return -1;
  const dnc::ReadRequest request{.name = "WIRELINE-TO-WIRELESS.TXT",
                                 .dialect = dnc::FileDialect::kPorted,
                                 .allow_unterminated = true};
  dnc::CollectingSink sink;
  dnc::FileFacts facts;
  dnc::CheckedRead(dnc::FuzzText(data, size), request, sink, facts);
  return 0;
}
