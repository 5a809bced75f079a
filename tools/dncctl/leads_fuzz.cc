// Reads any bytes as leads and as a file to import. They must be refused, or read without losing a
// row. Each row of leads keeps its bytes, and has its verdict under the heading. Each line of an
// import is sent, reported as refused, or empty.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/check.h"
#include "tools/dncctl/import_file.h"
#include "tools/dncctl/scrub_file.h"

namespace {

using dnc::cli::Facts;
using dnc::cli::ImportFile;
using dnc::cli::ImportPart;
using dnc::cli::ScrubBatch;
using dnc::cli::ScrubFile;
using dnc::cli::ScrubRow;

int MemoryFile(std::string_view content) {
  static const int fd = memfd_create("leads.csv", 0);
  if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 ||
      write(fd, content.data(), content.size()) != static_cast<ssize_t>(content.size()) ||
      lseek(fd, 0, SEEK_SET) != 0) {
    std::abort();
  }
  return fd;
}

void Scrub(std::string_view text, bool replace) {
  ScrubFile file(MemoryFile(text), dnc::cli::CsvReader::kFindDelimiter);
  dnc::cli::ScrubTable table;
  table.replace = replace;
  if (!file.Open(table).ok()) return;
  const std::vector<std::string> added(file.number_columns() == 1 ? 4 : 4 + file.number_columns(),
                                       "LISTED");
  std::string out = file.HeadingLine();
  DNC_CHECK(out.empty() != file.has_heading(), "a heading is written where there is one");
  ScrubBatch batch;
  for (;;) {
    const auto more = file.NextBatch(&batch);
    if (!more.ok() || !*more) break;
    size_t texts = 0;
    for (const ScrubRow& row : batch.rows) {
      texts += row.texts;
      DNC_CHECK(row.blank == (row.texts == 0), "a row is asked about unless it is empty");
      out.clear();
      file.AppendRow(row, added, &out);
      DNC_CHECK(row.blank || out.find("LISTED") != std::string::npos, "a row has its verdict");
      DNC_CHECK(out.size() >= row.raw.size() + row.line_end.size(), "a row keeps its bytes");
    }
    DNC_CHECK(texts == batch.texts.size(), "each text is of a row");
  }
}

void Import(std::string_view text, Facts facts) {
  dnc::cli::ImportFormat format;
  format.list = "internal";
  format.ignore_others = true;
  auto file = ImportFile::Open(MemoryFile(text), format, dnc::cli::RecordFacts(), facts);
  if (!file.ok()) return;
  ImportPart part;
  for (;;) {
    const auto more = file->Next({3, 1'000}, &part);
    if (!more.ok() || !*more) break;
    const size_t lines = part.lines.size();
    DNC_CHECK(lines == static_cast<size_t>(part.request.records_size()), "a record for each line");
    for (const auto& refused : part.refused) DNC_CHECK(!refused.because.empty(), "a reason");
    size_t cut = 0;
    for (const ImportPart& smaller : CutPart(std::move(part), {1, 100})) {
      DNC_CHECK(smaller.lines.size() <= 1, "a part has its limit");
      cut += smaller.lines.size();
    }
    DNC_CHECK(cut == lines, "no line is lost by cutting");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Scrub(text, false);
  Scrub(text, true);
  Import(text, Facts::kKeepWithout);
  Import(text, Facts::kRefuse);
  return 0;
}
