// The high-water mark: the last acknowledged revision, in a small file outside the database.
//
// If the database comes back with an older revision than the mark, it has lost acknowledged changes
// (its log was cut off, or an older copy was put back), and no answer may rest on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dnc {

// Replaces the file atomically; durable when it returns OK. Fails with DISK_FULL or STORAGE.
absl::Status WriteMark(const std::string& path, uint64_t revision);

// Returns nullopt if there is no such file. Fails with DATA_LOSS STORAGE if it is damaged.
absl::StatusOr<std::optional<uint64_t>> ReadMark(const std::string& path);

// Do the same with a moment: the newest one that the server has known.
absl::Status WriteTimeMark(const std::string& path, absl::Time time);
absl::StatusOr<std::optional<absl::Time>> ReadTimeMark(const std::string& path);

}  // namespace dnc
