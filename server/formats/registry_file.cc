#include "server/formats/registry_file.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>

#include "absl/strings/ascii.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"
#include "server/formats/byte_source.h"
#include "server/formats/file_name.h"
#include "server/formats/flat_reader.h"
#include "server/formats/readers.h"
#include "server/formats/zip_directory.h"

namespace dnc {
namespace {

constexpr size_t kHeadBytes = 64;
constexpr std::string_view kDocuments[] = {".xlsx", ".xlsm", ".xlsb",   ".ods",
                                           ".docx", ".odt",  ".numbers"};

// Returns whether the name is that of a document format that is a zip archive inside.
bool IsDocumentName(std::string_view name) {
  const std::string base = LowerBaseName(name);
  return std::any_of(std::begin(kDocuments), std::end(kDocuments),
                     [&base](std::string_view ending) { return base.ends_with(ending); });
}

absl::StatusOr<std::unique_ptr<ByteSource>> OpenSource(HashedFile& file,
                                                       const ReadRequest& request) {
  std::array<char, kHeadBytes> bytes{};
  DNC_ASSIGN_OR_RETURN(const size_t got, file.ReadAt(0, bytes.data(), bytes.size()));
  const std::string_view head(bytes.data(), got);
  const bool is_zip = IsZip(head);
  if (is_zip && IsDocumentName(request.name)) {
    return BadFile("this is a spreadsheet or document; save the list from it as CSV in UTF-8");
  }
  if (is_zip && !IsZipName(request.name)) {
    return BadFile("the content is a zip archive, but the name does not end with .zip; rename it");
  }
  if (is_zip) return MakeZipSource(file, request);
  DNC_RETURN_IF_ERROR(RefuseForeignHead(head));
  if (IsZipName(request.name)) {
    // The last part of a split archive can begin with any bytes, but its end tells what it is.
    const absl::Status end = ReadZipDirectory(file).status();
    if (ErrorReason(end) == reason::kBadFile) return end;
    return BadFile("the name ends with .zip, but the content is no zip archive; download it again");
  }
  return MakePlainSource(file);
}

// Returns whether the lines of a text end with carriage returns alone, as on old Macintoshes. A
// single one may be half of a line end that was cut.
bool HasCarriageReturnsAlone(std::string_view head) {
  const size_t first = head.find('\r');
  return first != std::string_view::npos && first + 1 < head.size() &&
         head.find('\n') == std::string_view::npos;
}

// Adds to `status`, which refuses the text, what is unusual in the bytes that it may be about.
absl::Status WithCause(const TextReader& text, const absl::Status& status) {
  if (ErrorReason(status) != reason::kBadFile) return status;
  const std::string_view bytes = text.surroundings();
  std::string_view cause;
  if (bytes.find('\0') != std::string_view::npos) {
    cause = "the text holds NUL bytes: it is damaged, binary or in UTF-16; save it as UTF-8";
  } else if (bytes.find('\x1A') != std::string_view::npos) {
    cause =
        "the text holds Ctrl-Z, the end of a DOS file, before its end: files seem to be joined; "
        "load them one by one";
  } else {
    for (size_t at = 0; (at = bytes.find('\r', at)) != std::string_view::npos; ++at) {
      if (at + 1 == bytes.size() || bytes[at + 1] == '\n') continue;
      cause =
          "the text holds carriage returns that end no line, as those of an old Macintosh; save it "
          "with the line ends of Unix or Windows";
      break;
    }
  }
  return cause.empty() ? status : BadFile(StrCat(ToStd(status.message()), ". Perhaps: ", cause));
}

// Drops a byte order mark, finds out how lines end, and refuses what is not text. Returns the first
// bytes of the text.
absl::StatusOr<std::string_view> ReadHead(TextReader& text) {
  DNC_RETURN_IF_ERROR(text.FillTo(text.max_line_bytes()));
  if (text.buffered().starts_with("\xEF\xBB\xBF")) text.Consume(3, 0);
  if (HasCarriageReturnsAlone(text.buffered())) text.TakeCarriageReturns();
  const std::string_view head = text.buffered().substr(0, kHeadBytes);
  DNC_RETURN_IF_ERROR(RefuseForeignHead(head));
  if (IsZip(head)) {
    return BadFile("the archive's member is itself an archive; unpack it and load the list itself");
  }
  return head;
}

bool IsMarkup(std::string_view head) {
  const size_t first = head.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && head[first] == '<';
}

bool StartsWithExactRecord(std::string_view head) {
  const std::string_view line = head.substr(0, head.find_first_of("\r\n"));
  return line.size() == kExactRecordBytes - 1 && line[3] == ',' && ParseFlatRecord(line).ok();
}

FileFormat FormatOf(FileDialect dialect, std::string_view head) {
  switch (dialect) {
    case FileDialect::kRegistry:
      return IsMarkup(head) ? FileFormat::kXml : FileFormat::kFlat;
    case FileDialect::kCsv:
      return StartsWithExactRecord(head) ? FileFormat::kFlat : FileFormat::kCsv;
    case FileDialect::kPorted:
      return FileFormat::kPorted;
  }
  return FileFormat::kUnknown;
}

absl::Status ReadText(TextReader& text, const ReadRequest& request, FileFormat format,
                      RecordBatch& batch) {
  switch (format) {
    case FileFormat::kFlat:
      return ReadFlat(text, request.allow_unterminated, batch);
    case FileFormat::kXml:
      return ReadXml(text, batch);
    case FileFormat::kCsv:
      return ReadCsv(text, request.csv, request.allow_unterminated, batch);
    case FileFormat::kPorted:
      return ReadPorted(text, request.allow_unterminated, batch);
    case FileFormat::kUnknown:
      break;
  }
  return BadFile("the format of the file is not known");
}

// Returns whether this may be a change list without any change. It has no record, and only its name
// says what it is.
bool IsEmptyChangeList(const ReadRequest& request, const FileFacts& facts) {
  bool says_change = false;
  bool says_full = false;
  for (const std::string_view name :
       {std::string_view(request.name), std::string_view(facts.member)}) {
    const std::string base = LowerBaseName(name);
    const FileKind perhaps = KindInLetters(base);
    says_change =
        says_change || (KindInWords(base) == FileKind::kChange && perhaps == FileKind::kChange);
    says_full = says_full || perhaps == FileKind::kFull;
  }
  return request.dialect == FileDialect::kRegistry && says_change && !says_full;
}

absl::Status CheckContent(const ReadRequest& request, const FileFacts& facts) {
  if (facts.kind == FileKind::kUnknown) {
    return BadFile(
        "the file holds no record; whether it is a full list or a change list cannot "
        "be told. Download it again; an empty change list has `change` in its name");
  }
  if (facts.kind == FileKind::kChange && request.dialect != FileDialect::kRegistry) {
    return BadFile("this is a change list, but lists of this kind are loaded whole");
  }
  DNC_RETURN_IF_ERROR(
      CheckNameAgainstContent("the name", LowerBaseName(request.name), facts.kind, facts.format));
  return CheckNameAgainstContent("the name of the archive's member",
                                 absl::AsciiStrToLower(ToAbsl(facts.member)), facts.kind,
                                 facts.format);
}

}  // namespace

std::string_view FileFormatName(FileFormat format) {
  switch (format) {
    case FileFormat::kFlat:
      return "flat";
    case FileFormat::kXml:
      return "xml";
    case FileFormat::kCsv:
      return "csv";
    case FileFormat::kPorted:
      return "ported";
    case FileFormat::kUnknown:
      break;
  }
  return "unknown";
}

absl::StatusOr<FileFacts> ReadRegistryFile(const ReadRequest& request, RecordSink& sink) {
  FileFacts facts;
  DNC_ASSIGN_OR_RETURN(const std::unique_ptr<HashedFile> file,
                       HashedFile::Open(request.path, request.on_bytes, request.stop));
  facts.size_bytes = file->size();
  DNC_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, OpenSource(*file, request));
  facts.member = source->member();
  DNC_ASSIGN_OR_RETURN(facts.name, NameFactsOf(request.name, facts.member));
  TextReader text(*source, request.limits.max_line_bytes);
  DNC_ASSIGN_OR_RETURN(const std::string_view head, ReadHead(text));
  if (request.dialect != FileDialect::kRegistry && IsMarkup(head)) {
    return BadFile("the content is XML or a web page, not a list of numbers; get the list as text");
  }
  facts.format = FormatOf(request.dialect, head);
  RecordBatch batch(facts, sink);
  DNC_RETURN_IF_ERROR(WithCause(text, ReadText(text, request, facts.format, batch)));
  if (facts.kind == FileKind::kUnknown && IsEmptyChangeList(request, facts)) {
    facts.kind = FileKind::kChange;
  }
  DNC_RETURN_IF_ERROR(CheckContent(request, facts));
  DNC_RETURN_IF_ERROR(batch.Flush());
  DNC_ASSIGN_OR_RETURN(facts.sha256, file->Finish());
  return facts;
}

}  // namespace dnc
