// The high-water mark: the last acknowledged revision, in a small file outside the database.
//
// If the database comes back with an older revision than the mark, it has lost acknowledged
// changes (a log cut off, an older copy put back), and no answer may rest on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dnc {

// Replaces the file atomically; durable when it returns OK. Errors: DISK_FULL, STORAGE.
absl::Status WriteMark(const std::string& path, uint64_t revision);

// nullopt: there is no such file. DATA_LOSS STORAGE: the file is damaged.
absl::StatusOr<std::optional<uint64_t>> ReadMark(const std::string& path);

// The same for a moment: the newest that the server knew.
absl::Status WriteTimeMark(const std::string& path, absl::Time time);
absl::StatusOr<std::optional<absl::Time>> ReadTimeMark(const std::string& path);

}  // namespace dnc
