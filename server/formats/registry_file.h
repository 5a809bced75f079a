// Reads a file of a published list, whatever its kind and format, into records.
//
// It accepts many forms, but never guesses. The content tells what a file is, and the name must
// agree. If they disagree, or if a line is not what the format allows, the whole file is refused.
// docs/formats.md has every form that is understood.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/numbers/phone_number.h"

namespace dnc {

// What a file's name tells: `2026-8-5_818_GUID.txt.zip`.
struct FileNameFacts {
  // 00:00 UTC of the date in the name, or of the oldest date if there are several. This is the
  // earliest moment of that day, so data never looks younger than it is.
  std::optional<absl::Time> date;
  // The part after the date, `818`; empty if the name has another form.
  std::string label;
  // The label as an area code, if it is three digits from 200 to 999.
  std::optional<int> area_code;

  // Returns whether the name has the form that the FTC gives its files: a date and a label.
  bool is_registrys() const { return date.has_value() && !label.empty(); }
};
// Reads a name, which may have folders in front. An impossible date (2026-13-40) is no date.
FileNameFacts ParseFileName(std::string_view name);

// The values of dnc.v1.FileKind.
enum class FileKind : uint8_t { kUnknown = 0, kFull = 1, kChange = 2 };
enum class FileFormat : uint8_t { kUnknown, kFlat, kXml, kCsv, kPorted };
std::string_view FileFormatName(FileFormat format);  // returns "flat", "xml", "csv" or "ported"

// The forms that a list expects of its files.
enum class FileDialect : uint8_t {
  kRegistry,  // the FTC's full and change lists, flat or XML
  kCsv,       // a column of numbers; also the FTC's flat full form
  kPorted,    // iconectiv's ported numbers, with or without ranges; also one-column CSV
};

struct CsvOptions {
  std::string column;  // heading; empty: the only column, or phone, phone_number, number, telephone
  int column_number = 0;  // from 1; 0: found by its heading
};

struct ReadLimits {
  uint64_t max_unpacked_bytes = 16ULL << 30;  // of one archive (guard `archive-size`)
  uint64_t max_ratio = 200;  // unpacked to packed size, checked from 1 MiB unpacked on (same guard)
  uint64_t max_line_bytes = 4096;  // longer lines are not a list's text
};

struct ReadRequest {
  std::string path;  // where the bytes are
  std::string name;  // the file's own name, for its date and label
  FileDialect dialect = FileDialect::kRegistry;
  CsvOptions csv;
  ReadLimits limits;
  bool ignore_archive_limits = false;  // the operator overrode `archive-size`
  bool allow_unterminated = false;     // the operator overrode `unterminated`
  // Is called on the reading thread with how many more bytes of the file have been read; may be
  // empty.
  std::function<void(uint64_t)> on_bytes;
  // Set by another thread to stop; the read then ends with CANCELLED, STOPPING. May be null.
  const std::atomic<bool>* stop = nullptr;
};

struct ChangeRecord {
  Number number = 0;
  absl::Time time;
  bool added = false;
};

// Receives what a file holds, in the file's order, called from the reading thread. A file has
// either numbers or changes. An error ends the read and is returned.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual absl::Status OnNumbers(absl::Span<const Number> numbers) = 0;
  virtual absl::Status OnChanges(absl::Span<const ChangeRecord> changes) = 0;
};

struct FileFacts {
  FileKind kind = FileKind::kUnknown;
  FileFormat format = FileFormat::kUnknown;
  FileNameFacts name;  // told by the names of the file and of the archive's member
  std::string member;  // the name of the archive's member with its folders; empty: no archive
  // Whether the file is written as the FTC writes its own: a full list as `AAA,NNNNNNN` without a
  // heading, a change list, or XML.
  bool registry_form = true;
  // The area code that the content claims: `val` of XML's <list>.
  std::optional<int> told_area_code;
  uint64_t size_bytes = 0;    // as stored: packed if it is an archive
  std::string sha256;         // of the stored bytes, 64 hexadecimal digits
  uint64_t records = 0;       // handed to the sink (a range counts each number)
  uint64_t unassignable = 0;  // those of them whose exchange starts with 0 or 1
  // Records of another area code than the label's, which are not handed on.
  uint64_t outside_label = 0;
  uint64_t first_outside_line = 0;
  int first_outside_area = 0;
};

// Reads the whole file. After any error, the caller must discard what the sink received. Fails with
// NOT_FOUND; DATA_LOSS DAMAGED_FILE (truncated or damaged archive); INVALID_ARGUMENT BAD_FILE (not
// exactly one list in an archive, a line that does not belong in a list, with its number, content
// that contradicts the name, an empty file, an unknown action, no such column); GuardError
// "archive-size" and "unterminated"; CANCELLED STOPPING; and whatever the sink returns.
absl::StatusOr<FileFacts> ReadRegistryFile(const ReadRequest& request, RecordSink& sink);

}  // namespace dnc
