// The central directory of a zip archive: whether the archive is complete, and where its list is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "server/formats/hashed_file.h"

namespace dnc {

// What the central directory says of the member that is the list.
struct ZipMember {
  std::string name;  // with its folders, as the directory has it
  uint32_t crc32 = 0;
  // How many members start before it in the file.
  size_t position = 0;
  // How many members the archive has in all.
  size_t members = 0;
  // Where the archive ends but for its comment, and zeros behind that.
  uint64_t end = 0;
};

// Reads the archive's directory and finds the only member that can be a list: all others must be
// folders, empty, or what file managers and `jar` put beside files (`._NAME` in `__MACOSX/`,
// `.DS_Store`, `Thumbs.db`, `desktop.ini`, `META-INF/MANIFEST.MF`). An empty one with a list's name
// (a date in front) is not passed over: it may be what was left of a list. libarchive looks for the
// end within the last 16 KiB and tolerates what follows or precedes; here it must end the file with
// a comment of any length (zeros may fill up the last block), and its directory must end where it
// starts, so that a cut, a joined or a nested archive is not taken for a whole one. Errors:
// DAMAGED_FILE; BAD_FILE if there is not exactly one such member, or it is encrypted, packed by a
// method that can't be read, or in another part of a split archive. They say what to do.
absl::StatusOr<ZipMember> ReadZipDirectory(HashedFile& file);

}  // namespace dnc
