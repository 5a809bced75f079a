// Checks that RocksDB's MANIFEST, which says what files a database consists of, is whole.
//
// RocksDB takes damage near the end of a MANIFEST for a torn write, and opens the database without
// what came after: acknowledged keys are lost without an error. So this is checked before RocksDB
// opens a database:
// - CURRENT names a MANIFEST that exists. If there is no CURRENT, the folder must hold no part of a
//   database except what a crash while it was being created leaves.
// - Every record up to the end of the MANIFEST has the right checksum. (In the log format, blocks
//   have 32 KiB and headers 7 bytes. Headers of recycled logs have 11; a MANIFEST has none of
//   these, so they are refused.)
// - The end of the file may cut off the last record or its header. A crash while RocksDB appends
//   leaves that, and the change in it was not acknowledged. But if the bytes are a whole record
//   except for its length, the length is damaged, and the file is refused. Zeros in place of a
//   record are refused too: file systems that write data before the size leave none.
// It does not notice a MANIFEST that is cut off at the end of a record or within one; the journal
// positions are there for that. RocksDB itself checks that the table files exist.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace dnc {

// Computes the CRC-32C (Castagnoli) of `bytes`, continuing from `crc` (0 to begin).
uint32_t Crc32c(uint32_t crc, std::string_view bytes);

// Checks the records of a MANIFEST's content. Fails with DATA_LOSS STORAGE.
absl::Status CheckManifestRecords(std::string_view content);

// Checks the database in the folder `path`; OK if there is none. Fails with DATA_LOSS STORAGE and
// the remedy.
absl::Status CheckManifest(const std::string& path);

}  // namespace dnc
