// Reads any bytes as a CSV file, record by record, without losing a byte; every field must be
// refused or set. What an export would write of the record must read as the same fields again.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "dnc/v1/list_service.pb.h"
#include "server/base/check.h"
#include "tools/cli/csv_reader.h"
#include "tools/dncctl/record_csv.h"

namespace {

int MemoryFile(std::string_view content) {
  static const int fd = memfd_create("records.csv", 0);
  if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 ||
      write(fd, content.data(), content.size()) != static_cast<ssize_t>(content.size()) ||
      lseek(fd, 0, SEEK_SET) != 0) {
    std::abort();
  }
  return fd;
}

// Returns the fields of a row of an export; none if its text on several lines looks like rows.
std::vector<std::string> FieldsOf(const std::string& written) {
  // The row is not the file's first line, which would be checked for the kind of the file.
  dnc::cli::CsvReader reader(MemoryFile(dnc::cli::ExportHeading() + "\n" + written + "\n"), ',');
  dnc::cli::CsvRecord row;
  DNC_CHECK(reader.Next(&row).ok(), "the heading is read");
  const auto more = reader.Next(&row);
  const bool lines = written.find_first_of("\r\n") != std::string::npos;
  DNC_CHECK(lines || (more.ok() && *more), "a written row is read");
  if (!more.ok()) return {};
  std::vector<std::string> fields;
  for (size_t i = 0; i < row.fields.size(); ++i) fields.push_back(row.Text(i));
  return fields;
}

// Exports a record with these fields, and reads it back.
void CheckRecord(const std::vector<std::string>& fields) {
  const std::vector<std::string>& columns = dnc::cli::RecordColumns();
  dnc::v1::Record record;
  for (size_t i = 0; i < fields.size() && i < columns.size(); ++i) {
    if (!dnc::cli::SetField(columns[i], fields[i], &record).ok()) return;
  }
  const std::vector<std::string> names = FieldsOf(dnc::cli::ExportHeading());
  const std::vector<std::string> written = FieldsOf(dnc::cli::ExportRow(record));
  if (written.empty()) return;
  DNC_CHECK(names.size() == written.size(), "a row has the heading's columns");
  dnc::v1::Record read;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == "list_id") continue;
    DNC_CHECK(dnc::cli::SetField(names[i], written[i], &read).ok(), "an export is read");
  }
  DNC_CHECK(dnc::cli::ExportRow(read) == dnc::cli::ExportRow(record), "an export is read the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  dnc::cli::CsvReader reader(MemoryFile(text), ',');
  dnc::cli::CsvRecord row;
  std::string whole;
  std::vector<std::vector<std::string>> rows;
  for (;;) {
    const auto more = reader.Next(&row);
    if (!more.ok() || !*more) {
      // UTF-16 becomes UTF-8.
      const bool same = text.substr(0, 2) != "\xFF\xFE" && text.substr(0, 2) != "\xFE\xFF" &&
                        text.substr(0, 4).find('\0') == std::string_view::npos;
      DNC_CHECK(!more.ok() || !same || whole == text, "every byte is in a record");
      break;
    }
    whole += row.raw + row.line_end;
    std::vector<std::string> fields;
    for (size_t i = 0; i < row.fields.size(); ++i) fields.push_back(row.Text(i));
    rows.push_back(std::move(fields));
  }
  for (const std::vector<std::string>& fields : rows) CheckRecord(fields);
  return 0;
}
