#include "tests/support/list_files.h"

#include <archive.h>
#include <archive_entry.h>

#include <cstdio>
#include <cstdlib>
#include <map>

namespace dnc::blackbox {
namespace {

constexpr uint64_t kNumbersPerArea = 10'000'000;

std::string Number(uint64_t number, bool joined) {
  if (joined) return Digits(number, 10);
  return Digits(number / kNumbersPerArea, 3) + "," + Digits(number % kNumbersPerArea, 7);
}

ListFile Finish(std::string_view stem, std::string_view extension, std::string bytes, bool zip) {
  ListFile file{std::string(stem) + std::string(extension), std::move(bytes)};
  if (!zip) return file;
  file.bytes = Zipped(file.name, file.bytes);
  file.name += ".zip";
  return file;
}

// `rows` are `ph` elements by area code. A change list that names a single area code would speak
// for no other.
std::string XmlDocument(const std::map<uint64_t, std::string>& rows, bool says_area_code) {
  std::string text = "<?xml version='1.0' encoding='utf-8'?>\n<list";
  if (says_area_code && rows.size() == 1) text += " val='" + Digits(rows.begin()->first, 3) + "'";
  text += ">";
  for (const auto& [area_code, elements] : rows) {
    text += "<ac val='" + Digits(area_code, 3) + "'>" + elements + "</ac>\n";
  }
  return text + "</list>\n";
}

ssize_t AppendBytes(archive* /*zip*/, void* target, const void* bytes, size_t size) {
  static_cast<std::string*>(target)->append(static_cast<const char*>(bytes), size);
  return static_cast<ssize_t>(size);
}

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "the test cannot write its archive: %s\n", what);
  std::abort();
}

}  // namespace

std::string Digits(uint64_t value, int width) {
  char text[24];
  std::snprintf(text, sizeof text, "%0*llu", width, static_cast<unsigned long long>(value));
  return text;
}

std::string IsoTime(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return text;
}

std::string RegistryStem(std::time_t time, std::string_view label) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  return std::to_string(parts.tm_year + 1900) + "-" + std::to_string(parts.tm_mon + 1) + "-" +
         std::to_string(parts.tm_mday) + "_" + std::string(label) +
         "_36554E44-EAB3-4167-B3BF-13E73EE57B8A";
}

ListFile FullList(std::string_view stem, const std::vector<uint64_t>& numbers, Form form) {
  if (form.format == Format::kXml) {
    std::map<uint64_t, std::string> rows;
    for (const uint64_t number : numbers) {
      rows[number / kNumbersPerArea] += "<ph val='" + Digits(number % kNumbersPerArea, 7) + "' />";
    }
    return Finish(stem, ".xml", XmlDocument(rows, true), form.zip);
  }
  std::string text;
  text.reserve(numbers.size() * 13);
  for (const uint64_t number : numbers) {
    text += Number(number, form.format == Format::kFlatJoined);
    text += form.crlf ? "\r\n" : "\n";
  }
  return Finish(stem, ".txt", std::move(text), form.zip);
}

ListFile ChangeList(std::string_view stem, const std::vector<ChangeLine>& changes, Form form) {
  if (form.format == Format::kXml) {
    std::map<uint64_t, std::string> rows;
    for (const ChangeLine& change : changes) {
      rows[change.number / kNumbersPerArea] +=
          "<ph val='" + Digits(change.number % kNumbersPerArea, 7) + "' date='" +
          IsoTime(change.time) + "' action='" + (change.added ? "A" : "D") + "' />";
    }
    return Finish(stem, ".xml", XmlDocument(rows, false), form.zip);
  }
  std::string text;
  for (const ChangeLine& change : changes) {
    text += Number(change.number, form.format == Format::kFlat) + "," + IsoTime(change.time) +
            (change.added ? ",A" : ",D") + (form.crlf ? "\r\n" : "\n");
  }
  return Finish(stem, ".txt", std::move(text), form.zip);
}

ListFile CsvList(std::string_view stem, const std::vector<uint64_t>& numbers) {
  std::string text = "name,phone\n";
  size_t row = 0;
  for (const uint64_t number : numbers) {
    const std::string digits = Digits(number, 10);
    text += "\"Doe, J.\",";
    switch (row++ % 3) {
      case 0:
        text += digits;
        break;
      case 1:
        text += "\"(" + digits.substr(0, 3) + ") " + digits.substr(3, 3) + "-" + digits.substr(6) +
                "\"";
        break;
      default:
        text += "+1." + digits.substr(0, 3) + "." + digits.substr(3, 3) + "." + digits.substr(6);
    }
    text += "\n";
  }
  return {std::string(stem) + ".csv", std::move(text)};
}

ListFile PortedList(std::string_view stem, const std::vector<uint64_t>& numbers) {
  std::string text;
  for (const uint64_t number : numbers) text += Digits(number, 10) + "\r\n";
  return {std::string(stem) + ".TXT", std::move(text)};
}

std::string Zipped(std::string_view member, std::string_view bytes) {
  std::string result;
  archive* zip = archive_write_new();
  Require(archive_write_set_format_zip(zip) == ARCHIVE_OK, "format");
  archive_write_set_bytes_in_last_block(zip, 1);
  Require(archive_write_open(zip, &result, nullptr, AppendBytes, nullptr) == ARCHIVE_OK, "open");
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, std::string(member).c_str());
  archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0644);
  archive_entry_set_mtime(entry, 1'700'000'000, 0);
  Require(archive_write_header(zip, entry) == ARCHIVE_OK, "header");
  Require(
      archive_write_data(zip, bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size()),
      "data");
  archive_entry_free(entry);
  Require(archive_write_close(zip) == ARCHIVE_OK, "close");
  archive_write_free(zip);
  return result;
}

}  // namespace dnc::blackbox
