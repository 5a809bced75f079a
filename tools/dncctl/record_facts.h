// The facts of a record as options of a command: --channel, --made-at, --expires-at and so on.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "dnc/v1/list_service.pb.h"

namespace dnc::ctl {

class RecordFacts {
 public:
  // Adds an option for each of RecordColumns but the number. *this must outlive the app.
  void AddOptions(CLI::App* command);

  // Sets what the options gave. INVALID_ARGUMENT for a text that a field can't hold.
  absl::Status Apply(v1::Record* record) const;

 private:
  std::map<std::string, std::string> texts_;  // by column
};

}  // namespace dnc::ctl
