// The lists of an export that is imported as a whole.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dnc/v1/list_service.pb.h"
#include "tools/dncctl/import_columns.h"
#include "tools/dncctl/session.h"

namespace dnc::ctl {

// The lists that the rows of a file name, in their order, `internal` for rows that name none; with
// what an export says of them, unless the kind is unspecified. Reads the whole file, which must
// have a column list_id. INVALID_ARGUMENT if it says two things of a list, or what can't be read.
absl::StatusOr<std::vector<v1::OwnList>> ListsOfFile(int fd, const ImportFormat& format);

// Makes those that `there` lacks. INVALID_ARGUMENT, and nothing is made, if one is there with
// another kind or scope; also for one that lacks and that the file says nothing of.
absl::Status MakeMissingLists(Session& session, const std::vector<v1::OwnList>& lists,
                              const v1::ListListsResponse& there);

// Blocks the area codes and exchanges in the list. Returns the revision; 0 if there are none.
absl::StatusOr<uint64_t> AddBlocks(Session& session, const std::string& list,
                                   const std::vector<std::string>& blocks);

}  // namespace dnc::ctl
