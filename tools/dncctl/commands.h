// The commands of dncctl; each function adds a subcommand to the app. A parsed command stores its
// work in `job`, which runs when the whole command line has been understood, and returns the exit
// code.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dnc/v1/registry_service.pb.h"
#include "tools/cli/cli11_names.h"
#include "tools/dncctl/record_csv.h"
#include "tools/dncctl/session.h"

namespace dnc::cli {

using Job = std::function<int()>;

// How many rows a command asks for at once.
inline constexpr uint32_t kPageSize = 1000;

// Lets `command` call `then` when it has been parsed.
void WhenParsed(CLI::App* command, std::function<void()> then);

// Lets `command` put `run` into `job`. `prepare` checks and converts the arguments first, and may
// throw CLI::ValidationError.
template <typename Arguments>
void SetJob(CLI::App* command, const GlobalOptions& options, Job* job,
            const std::shared_ptr<Arguments>& arguments,
            int (*run)(const GlobalOptions&, const Arguments&),
            const std::function<void()>& prepare = {}) {
  WhenParsed(command, [&options, job, arguments, run, prepare] {
    if (prepare) prepare();
    *job = [&options, arguments, run] { return run(options, *arguments); };
  });
}

// `options` and `job` must outlive the app.
void AddLoadCommand(CLI::App* app, const GlobalOptions& options, Job* job);
void AddStatusCommand(CLI::App* app, const GlobalOptions& options, Job* job);
void AddReleaseCommands(CLI::App* app, const GlobalOptions& options, Job* job);
void AddCoverageCommand(CLI::App* app, const GlobalOptions& options, Job* job);
void AddCheckCommand(CLI::App* app, const GlobalOptions& options, Job* job);
void AddScrubCommand(CLI::App* app, const GlobalOptions& options, Job* job);
void AddHistoryCommand(CLI::App* app, const GlobalOptions& options, Job* job);
void AddDoctorCommand(CLI::App* app, const GlobalOptions& options, Job* job);
void AddTenantCommands(CLI::App* app, const GlobalOptions& options, Job* job);
void AddKeyCommands(CLI::App* app, const GlobalOptions& options, Job* job);
void AddListCommands(CLI::App* app, const GlobalOptions& options, Job* job);
void AddRecordCommands(CLI::App* app, const GlobalOptions& options, Job* job);
void AddImportCommand(CLI::App* app, const GlobalOptions& options, Job* job);
void AddExportCommand(CLI::App* app, const GlobalOptions& options, Job* job);
void AddWatchCommand(CLI::App* app, const GlobalOptions& options, Job* job);

// Adds an option for each fact. `facts` must outlive the app.
void AddFactOptions(CLI::App* command, RecordFacts* facts);

// Reads a time as ReadTime does, or fails the parse, for option callbacks.
absl::Time TimeArgument(const std::string& name, const std::string& text);

// What a list's state means for the answers, where that is unexpected.
struct ListWarning {
  std::string text;     // a sentence, with what to do
  bool damage = false;  // stored data is lost
};

// Returns the warnings of a list that is damaged, stale, or required and not loaded.
std::vector<ListWarning> ListWarnings(const v1::ListStatus& list);

}  // namespace dnc::cli
