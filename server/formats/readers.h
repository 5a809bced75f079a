// The readers of the four formats. Each reads the whole text, hands its records to the batch, and
// sets the file's kind there. They fail like ReadRegistryFile; a line that they refuse is BAD_FILE
// with its number.
#pragma once

#include "absl/status/status.h"
#include "server/formats/record_batch.h"
#include "server/formats/registry_file.h"
#include "server/formats/text_reader.h"

namespace dnc {

// Reads the FTC's flat text: a full list or a change list.
absl::Status ReadFlat(TextReader& text, bool allow_unterminated, RecordBatch& batch);

// Reads the FTC's XML: a full list or a change list.
absl::Status ReadXml(TextReader& text, RecordBatch& batch);

// Reads a column of numbers.
absl::Status ReadCsv(TextReader& text, const CsvOptions& options, bool allow_unterminated,
                     RecordBatch& batch);

// Reads one number or range per line.
absl::Status ReadPorted(TextReader& text, bool allow_unterminated, RecordBatch& batch);

}  // namespace dnc
