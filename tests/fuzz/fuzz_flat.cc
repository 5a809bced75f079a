// Reads the FTC's flat text: no line is dropped, and none is read in two ways.
#include "server/formats/text_reader.h"
#include "tests/fuzz/checked_read.h"

namespace {

// Counts the lines that are not blank, leaving out a first line without digits. Lines end with LF
// or, if there is none, with CR; a Ctrl-Z at the end is not part of the text.
size_t CountRecords(std::string_view content) {
  while (!content.empty() && content.back() == '\x1A') content.remove_suffix(1);
  const char line_end = content.find('\n') == std::string_view::npos ? '\r' : '\n';
  size_t records = 0;
  for (bool first = true; !content.empty(); first = false) {
    const size_t end = content.find(line_end);
    std::string_view line = content.substr(0, end);
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const bool heading = first && line.find_first_of("0123456789") == std::string_view::npos;
    records += dnc::IsBlankRow(line) || heading ? 0 : 1;
  }
  return records;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view content = dnc::FuzzText(data, size);
  for (const char* name : {"list", "2026-8-5_201.txt"}) {
    dnc::CollectingSink sink;
    dnc::FileFacts facts;
    const dnc::ReadRequest request{.name = name, .allow_unterminated = true};
    if (!dnc::CheckedRead(content, request, sink, facts)) continue;
    if (facts.format != dnc::FileFormat::kFlat) continue;
    DNC_CHECK(facts.records + facts.outside_label == CountRecords(content), "no line is dropped");
  }
  return 0;
}
