// Reads the FTC's XML: everything between the brackets of a list, and whole documents.
#include "server/base/str_cat.h"
#include "tests/fuzz/checked_read.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view content = dnc::FuzzText(data, size);
  const dnc::ReadRequest request{.name = "list.xml"};
  dnc::CollectingSink sink;
  dnc::FileFacts facts;
  dnc::CheckedRead(dnc::StrCat("<", content), request, sink, facts);
  sink = {};
  dnc::CheckedRead(dnc::StrCat("<list><ac val='201'>", content, "</ac></list>"), request, sink,
                   facts);
  return 0;
}
