// Whether RocksDB's MANIFEST, which says what files a database consists of, is whole.
//
// RocksDB takes damage near the end of a MANIFEST for a torn write and opens the database without
// what came after: acknowledged keys are gone without an error. Checked here, before it opens:
// - CURRENT names a MANIFEST that exists. Without CURRENT there is nothing of a database in the
//   folder but what a crash while it was created leaves.
// - Every record up to the end of the MANIFEST has a right checksum (log format: blocks of 32 KiB,
//   headers of 7 bytes, or 11 of recycled logs, which a MANIFEST never has: refused).
// - Allowed: a last record, or its header, that the end of the file cuts off. A crash while RocksDB
//   appends leaves that, and the change it tells of was not acknowledged. Where the bytes that are
//   there are a whole record but for its length, the length is damaged: refused. Zeros in place of
//   a record are refused: file systems that write data before the size leave none.
// Not noticed: a MANIFEST cut off at or within a record (journal positions are for that). That the
// table files are there is RocksDB's own check.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace dnc {

// CRC-32C (Castagnoli) of `bytes`, continuing from `crc` (0 to begin).
uint32_t Crc32c(uint32_t crc, std::string_view bytes);

// The records of a MANIFEST's content. DATA_LOSS STORAGE.
absl::Status CheckManifestRecords(std::string_view content);

// The database in the folder `path`; OK if there is none. DATA_LOSS STORAGE with the remedy.
absl::Status CheckManifest(const std::string& path);

}  // namespace dnc
