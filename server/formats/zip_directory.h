// Reads the central directory of a zip archive: whether the archive is complete, and where its list
// is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "server/formats/hashed_file.h"

namespace dnc {

// What the central directory says about the member that is the list.
struct ZipMember {
  std::string name;  // with its folders, as written in the directory
  uint32_t crc32 = 0;
  // How many members start before it in the file.
  size_t position = 0;
  // How many members the archive has in all.
  size_t members = 0;
  // Where the archive ends, not counting its comment and zeros behind that.
  uint64_t end = 0;
};

// Reads the archive's directory and finds the only member that can be a list. All others must be
// folders, empty, or files that file managers and `jar` add (`._NAME` in `__MACOSX/`, `.DS_Store`,
// `Thumbs.db`, `desktop.ini`, `META-INF/MANIFEST.MF`). An empty member with a list's name (a date
// in front) is not skipped: it may be the remains of a list.
//
// libarchive looks for the end within the last 16 KiB, and tolerates bytes before and after the
// archive. Here the end record must end the file, with a comment of any length (zeros may fill up
// the last block), and the directory must end where the end record starts. So a cut, joined or
// nested archive is not taken for a whole one.
//
// Fails with DAMAGED_FILE, or with BAD_FILE if there is not exactly one such member, or if it is
// encrypted, packed by a method that is not supported, or in another part of a split archive. The
// messages say what to do.
absl::StatusOr<ZipMember> ReadZipDirectory(HashedFile& file);

}  // namespace dnc
