// A load: what it is asked to do, and what is told of it while it runs and afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/formats/registry_file.h"
#include "server/intake/guards.h"
#include "server/registry/load_plan.h"
#include "server/registry/release_info.h"

namespace dnc {

// A file on the server's disk.
struct LoadFile {
  std::string path;
  std::string name;  // as whoever brought it calls it
};

// What a load is asked to do; dnc.v1.LoadOptions says what each field means.
struct LoadOptions {
  std::string list = "national";
  // Whether somebody said which list it is. Otherwise each file must look like the national
  // registry's, by its form and its name.
  bool list_told = true;
  std::optional<absl::Time> obtained_at;
  std::vector<std::string> allow;  // findings that are overridden, each by its own name
  CsvOptions csv;
  std::string requested_by;
  bool dry_run = false;                    // compares, and changes nothing
  std::optional<uint64_t> callable_limit;  // numbers that may become callable
  bool refuse_first = false;               // first data is refused, so that a person is asked
};

enum class LoadState : uint8_t { kWaiting = 1, kReading, kStoring, kSucceeded, kRefused };

// What is told of a load; dnc.v1.Load says what each field means.
struct LoadInfo {
  uint64_t id = 0;
  std::string list;
  LoadState state = LoadState::kWaiting;
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;
  uint64_t records_done = 0;
  absl::Time created_at;
  absl::Time ended_at = absl::InfinitePast();  // InfinitePast: not yet
  std::vector<FileReport> files;
  std::optional<ReleaseInfo> release;
  absl::Status error;
  std::vector<Guard> overridden;
  std::string requested_by;
  std::vector<GuardFinding> findings;
  std::optional<LoadPlan> plan;  // once the files have been compared; not kept over a restart
  bool dry_run = false;
};

}  // namespace dnc
