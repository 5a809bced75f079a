// Writes the files of published lists, in every form that the server reads.
//
//   const ListFile file = FullList("national.txt", numbers, {.format = Format::kXml});
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace dnc::blackbox {

// A file as an operator would submit it.
struct ListFile {
  std::string name;
  std::string bytes;
};

enum class Format { kFlat, kFlatJoined, kXml };

struct Form {
  Format format = Format::kFlat;
  bool crlf = false;  // flat only
  bool zip = false;   // also appends .zip to the name
};

// One number of a change list.
struct ChangeLine {
  uint64_t number = 0;
  std::time_t time = 0;
  bool added = false;
};

// Writes `numbers` in the order given. `stem` is the name without its extension. XML groups the
// numbers by area code.
ListFile FullList(std::string_view stem, const std::vector<uint64_t>& numbers, Form form = {});
ListFile ChangeList(std::string_view stem, const std::vector<ChangeLine>& changes, Form form = {});

// Writes a heading `name,phone` and quoted cells in mixed writings.
ListFile CsvList(std::string_view stem, const std::vector<uint64_t>& numbers);

// Writes ported numbers, ten digits per line.
ListFile PortedList(std::string_view stem, const std::vector<uint64_t>& numbers);

// Returns `bytes` in a zip archive whose only member is `member`.
std::string Zipped(std::string_view member, std::string_view bytes);

// Returns `2026-8-5_LABEL_GUID` for the UTC day of `time`, as the registry names its files.
std::string RegistryStem(std::time_t time, std::string_view label);

// Returns 2026-08-05T12:00:00.
std::string IsoTime(std::time_t time);

// Returns seven or ten digits, with leading zeros.
std::string Digits(uint64_t value, int width);

}  // namespace dnc::blackbox
