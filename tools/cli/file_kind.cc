#include "tools/cli/file_kind.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "server/formats/byte_source.h"

namespace dnc::cli {
namespace {

struct Kind {
  std::string_view begins;
  const char* why;
};

using std::string_view_literals::operator""sv;

constexpr char kPicture[] =
    "is a picture; a number in it can't be read: get the list as CSV from where it comes";

constexpr char kPlainZip[] = "is a zip archive; unpack it first: unzip -p FILE > leads.csv";
constexpr std::string_view kGzip = "\x1F\x8B";

// The kinds that begin with these bytes. WhatZip looks into zip archives.
constexpr std::array kKinds = {
    Kind{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv,
         "is an old Excel workbook (.xls) or another Office document; open it and save it as CSV"},
    Kind{kGzip, "is compressed by gzip; unpack it first: gunzip -c FILE > leads.csv"},
    Kind{"BZh"sv, "is compressed by bzip2; unpack it first: bunzip2 -c FILE > leads.csv"},
    Kind{"\xFD"
         "7zXZ\0"sv,
         "is compressed by xz; unpack it first: unxz -c FILE > leads.csv"},
    Kind{"\x28\xB5\x2F\xFD"sv,
         "is compressed by zstd; unpack it first: unzstd -c FILE > leads.csv"},
    Kind{"7z\xBC\xAF\x27\x1C"sv, "is a 7z archive; unpack it first: 7z x FILE"},
    Kind{"Rar!\x1A\x07"sv, "is a RAR archive; unpack it first"},
    Kind{"%PDF-"sv, "is a PDF; it has pages and no rows: get the list as CSV from where it comes"},
    Kind{"{\\rtf"sv, "is a document (.rtf); save its table as CSV"},
    Kind{"\x89PNG\r\n"sv, kPicture},
    Kind{"\xFF\xD8\xFF"sv, kPicture},
    Kind{"GIF8"sv, kPicture},
    Kind{"II*\0"sv, kPicture},
    Kind{"MM\0*"sv, kPicture},
    Kind{"RIFF"sv, "is a sound, a video or a picture, and no table"},
    Kind{"SQLite format 3\0"sv, "is an SQLite database; export the table as CSV"},
    Kind{"PAR1"sv, "is a Parquet file; write it as CSV"},
    Kind{"Obj\x01"sv, "is an Avro file; write it as CSV"},
    Kind{"\x7F"
         "ELF"sv,
         "is a program, and no table"},
    Kind{"\xFF\xFE\0\0"sv, "is UTF-32; save it as CSV in UTF-8"},
    Kind{"\0\0\xFE\xFF"sv, "is UTF-32; save it as CSV in UTF-8"},
};

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// Tells which document a zip archive is: the names of its first parts are in the first bytes.
std::string WhatZip(std::string_view start) {
  const auto holds = [&](std::string_view part) {
    return start.find(part) != std::string_view::npos;
  };
  if (holds("[Content_Types].xml") || holds("xl/") || holds("_rels/.rels") || holds("docProps/")) {
    return "is an Excel workbook (.xlsx) or another Office document; open it and save it as CSV";
  }
  if (holds("opendocument")) {
    return "is an OpenDocument file (.ods); open it and save it as CSV";
  }
  return kPlainZip;
}

// Returns the start in lower case, without blanks and a byte order mark at its front.
std::string Opening(std::string_view start) {
  if (StartsWith(start, "\xEF\xBB\xBF")) start.remove_prefix(3);
  const auto first = std::find_if_not(start.begin(), start.end(), [](char c) {
    return absl::ascii_isspace(static_cast<unsigned char>(c));
  });
  std::string opening(first, start.end());
  absl::AsciiStrToLower(&opening);
  return opening;
}

std::string WhatMarkup(const std::string& opening) {
  for (const char* const tag : {"<!doctype html", "<html", "<head", "<body", "<table", "<script"}) {
    if (StartsWith(opening, tag)) {
      return "is a web page (HTML), perhaps of a login or an error; get the list itself as CSV";
    }
  }
  if (StartsWith(opening, "<?xml") || StartsWith(opening, "<!--")) {
    return "is XML or a web page; save it as CSV (Excel's XML too)";
  }
  if (StartsWith(opening, "{\"") || StartsWith(opening, "[{") || StartsWith(opening, "[\n{")) {
    return "is JSON; write it as CSV";
  }
  return "";
}

}  // namespace

Packing PackingOf(std::string_view start) {
  if (StartsWith(start, kGzip)) return Packing::kGzip;
  return IsZip(start) && WhatZip(start) == kPlainZip ? Packing::kZip : Packing::kNone;
}

std::string WhyNoTable(std::string_view start) {
  if (IsZip(start)) return WhatZip(start);
  for (const Kind& kind : kKinds) {
    if (StartsWith(start, kind.begins)) return kind.why;
  }
  // A tar archive has the name of its format at this place.
  if (start.size() > 262 && start.substr(257, 5) == "ustar") {
    return "is a tar archive; unpack it first: tar xf FILE";
  }
  if (start.size() > 12 && start.substr(4, 4) == "ftyp") {
    return "is a video or a picture, and no table";
  }
  return WhatMarkup(Opening(start));
}

}  // namespace dnc::cli
