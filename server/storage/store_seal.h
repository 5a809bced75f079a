// The seal over a store's files: what each of them was when the store was closed.
//
// RocksDB opens a folder whose MANIFEST was cut at the end of a record, or replaced by an older
// one, without an error and without the newest keys. So a store that is closed in order leaves a
// list of its files beside its folder. Before the store is opened again, the list is compared with
// the files and removed. Files that match it are the whole store. Once the list is removed, nothing
// that happens to the folder later can pass for what was closed. docs/internals/disk-format.md has
// the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace dnc {

// What RocksDB knew when it closed; it reveals files that were changed while it was open.
struct KnownManifest {
  std::string name;
  uint64_t bytes = 0;  // at least
};

// Returns where the seal of the store in `folder` lies.
inline std::string StoreSealPath(const std::string& folder) { return folder + ".seal"; }

// Writes the seal of a closed store; durable when it returns OK. A store whose MANIFEST is not
// whole gets no seal, and the error says why.
absl::Status WriteStoreSeal(const std::string& folder, const KnownManifest& manifest);

// Removes the seal, and says whether the store's files match it. OK: they do, and the seal is
// durably gone. Anything else proves nothing. NOT_FOUND: there is no seal. DATA_LOSS STORAGE: a
// file, which the message names, differs from what was sealed, or the seal is damaged.
// FAILED_PRECONDITION STORAGE: another process has the store open, and the seal stays.
absl::Status TakeStoreSeal(const std::string& folder);

}  // namespace dnc
