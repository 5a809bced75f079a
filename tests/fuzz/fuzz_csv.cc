// Reads CSV, with the column found, named and counted.
#include "tests/fuzz/checked_read.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view content = dnc::FuzzText(data, size);
  for (const dnc::CsvOptions& options :
       {dnc::CsvOptions{}, dnc::CsvOptions{.column = "fax"}, dnc::CsvOptions{.column_number = 2}}) {
    const dnc::ReadRequest request{.name = "list.csv",
                                   .dialect = dnc::FileDialect::kCsv,
                                   .csv = options,
                                   .allow_unterminated = true};
    dnc::CollectingSink sink;
    dnc::FileFacts facts;
    dnc::CheckedRead(content, request, sink, facts);
  }
  return 0;
}
