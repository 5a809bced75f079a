// The end of a zip archive: whether the archive is complete.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "server/formats/hashed_file.h"

namespace dnc {

// What the central directory says of the only member.
struct ZipMember {
  std::string name;  // with its folders, as the directory has it
  uint32_t crc32 = 0;
  bool encrypted = false;
};

// Reads the archive's end. libarchive looks for it within the last bytes and tolerates what
// follows or precedes; here it must end the file, and its directory must end where it starts, so
// that a cut, a joined or a nested archive is not taken for a whole one.
// Errors: DAMAGED_FILE; BAD_FILE if there is not exactly one member.
absl::StatusOr<ZipMember> ReadZipDirectory(HashedFile& file);

}  // namespace dnc
