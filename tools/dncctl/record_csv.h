// Records of a tenant's lists as rows of CSV, by the names of their columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "dnc/v1/list_service.pb.h"

namespace dnc::ctl {

// Sets the field that a column of this name holds; an empty text leaves it unset. INVALID_ARGUMENT
// for a text that the field can't hold and for a name that is no column. The number is checked by
// the server alone.
absl::Status SetField(std::string_view column, const std::string& text, v1::Record* record);

// The columns that SetField knows, and that an import takes.
const std::vector<std::string>& RecordColumns();

// The heading and a row of an export: list_id and then RecordColumns, and no line end. What an
// export wrote, an import reads.
std::string ExportHeading();
std::string ExportRow(const v1::Record& record);

// Quoted where CSV (RFC 4180) needs it.
std::string CsvField(std::string_view text, char delimiter = ',');

}  // namespace dnc::ctl
