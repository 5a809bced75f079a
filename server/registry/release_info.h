// Describes a release and its files, and what leaving a release does: a rollback goes back to the
// release before, and after a retirement the list has none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/formats/registry_file.h"

namespace dnc {

// A file of a load; dnc.v1.FileReport says what each field means.
struct FileReport {
  std::string name;
  uint64_t size_bytes = 0;
  std::string sha256;
  FileKind kind = FileKind::kUnknown;
  std::string format;
  uint64_t records = 0;
  uint64_t duplicates = 0;
  uint64_t unassignable = 0;
  uint64_t left_out = 0;
  absl::Time obtained_at = absl::InfinitePast();
};

// A published release; dnc.v1.Release says what each field means.
struct ReleaseInfo {
  uint64_t id = 0;
  std::string list;
  uint64_t revision = 0;
  absl::Time published_at;
  absl::Time obtained_at_oldest;
  absl::Time obtained_at_newest;
  uint64_t numbers = 0;
  uint32_t area_codes = 0;
  uint64_t added = 0;
  uint64_t deleted = 0;
  uint64_t no_effect = 0;
  std::string digest;
  std::vector<FileReport> files;
  uint64_t parent_id = 0;
  bool in_force = false;
  bool kept = false;
};

// How far a rollback or a retirement may go, and who asks for it.
struct ChangeLimits {
  bool dry_run = false;                    // report what it would do, but change nothing
  std::optional<uint64_t> callable_limit;  // refuse if more numbers would become callable
  std::string requested_by = {};           // for the record, like `reason`: includes the key's id
  std::string reason = {};
};

// What a rollback does, or would do.
struct RolledBack {
  ReleaseInfo release;    // in force afterwards
  uint64_t revision = 0;  // revision of the change; 0: a dry run
  uint64_t becomes_callable = 0;
  uint64_t no_longer_callable = 0;
};

// What a retirement does, or would do.
struct Retired {
  uint64_t revision = 0;  // revision of the change; 0: a dry run
  uint64_t becomes_callable = 0;
  bool required = false;  // the policy requires the list
};

}  // namespace dnc
