// The readers of the four formats. Each reads the whole text, hands its records to the batch, and
// sets the file's kind there. Errors as ReadRegistryFile; what they refuse is BAD_FILE with its
// line number.
#pragma once

#include "absl/status/status.h"
#include "server/formats/record_batch.h"
#include "server/formats/registry_file.h"
#include "server/formats/text_reader.h"

namespace dnc {

// The FTC's flat text: full list and change list.
absl::Status ReadFlat(TextReader& text, bool allow_unterminated, RecordBatch& batch);

// The FTC's XML: full list and change list.
absl::Status ReadXml(TextReader& text, RecordBatch& batch);

// A column of numbers.
absl::Status ReadCsv(TextReader& text, const CsvOptions& options, bool allow_unterminated,
                     RecordBatch& batch);

// One number or range a line.
absl::Status ReadPorted(TextReader& text, bool allow_unterminated, RecordBatch& batch);

}  // namespace dnc
