#include "server/assembly/command_line.h"

#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/config/config_file.h"

namespace dnc {
namespace {

absl::StatusOr<absl::Time> ParseMoment(const std::string& text) {
  for (const char* const format : {absl::RFC3339_full, "%Y-%m-%dT%H:%M%Ez", "%Y-%m-%dT%H:%M:%E*S",
                                   "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%E*S", "%Y-%m-%d %H:%M"}) {
    absl::Time moment;
    std::string ignored;
    if (absl::ParseTime(format, text, absl::UTCTimeZone(), &moment, &ignored)) return moment;
  }
  return Error(reason::kInvalidRequest,
               "--accept-clock takes the time that it is, in UTC: 2026-08-05T14:00:00Z");
}

// The arguments as they were given. For those not given, the file or the default decides.
struct Arguments {
  std::string config_path, data_dir, listen, http_listen, metrics_listen, log_level, accept_clock;
  std::vector<std::string> load_dirs;
};

void AddOptions(CLI::App& app, Arguments& arguments, Command& command) {
  app.add_option("--config", arguments.config_path, "Configuration file (docs/configuration.md)");
  app.add_option("--data-dir", arguments.data_dir, "Folder for the server's data; made if missing");
  app.add_option("--listen", arguments.listen,
                 "HOST:PORT or unix:/PATH to serve gRPC on (127.0.0.1:50061)");
  app.add_option("--http-listen", arguments.http_listen,
                 "HOST:PORT to serve HTTP on (127.0.0.1:8061); empty: off");
  app.add_option("--metrics-listen", arguments.metrics_listen,
                 "HOST:PORT to serve metrics on (127.0.0.1:9461); empty: off");
  app.add_option("--load-dir", arguments.load_dirs, "Folder that LoadRelease may read; repeatable");
  app.add_option("--log-level", arguments.log_level, "debug, info, warn, error or off (info)");
  app.add_flag("--create-operator-key", command.create_operator_key,
               "Make a key for an operator, print it, and end; no server may run");
}

// Adds the options with which only an operator can decide something, for one start.
void AddStartOptions(CLI::App& app, Arguments& arguments, StartOptions& start) {
  app.add_flag("--new-tenants", start.new_tenants,
               "The tenants' half of the data folder is lost: begin it empty. Every opt-out, "
               "consent and key is gone then");
  app.add_flag("--new-published", start.new_published,
               "The published lists' half is lost: begin it empty, and load all lists again");
  app.add_flag("--restored", start.restored,
               "The data folder is a backup that was put back: what was written after it is lost, "
               "and nobody is told that it is there. Take it away again after the start");
  app.add_option("--accept-clock", arguments.accept_clock,
                 "The machine's clock is right though the stores are ahead of it; the time that it "
                 "is, 2026-08-05T14:00:00Z");
  app.add_option("--accept-clock-reason", start.accept_reason, "Why, for the record");
}

absl::Status Configure(const CLI::App& app, const Arguments& arguments, Command& command) {
  ServerConfig& config = command.config;
  if (!arguments.config_path.empty()) {
    DNC_ASSIGN_OR_RETURN(config, ReadConfigFile(arguments.config_path));
  }
  if (!arguments.data_dir.empty()) config.data_dir = arguments.data_dir;
  // An empty address is a valid value too: it turns HTTP or the metrics off.
  if (app.count("--listen") > 0) config.listen = arguments.listen;
  if (app.count("--http-listen") > 0) config.http.listen = arguments.http_listen;
  if (app.count("--metrics-listen") > 0) config.metrics_listen = arguments.metrics_listen;
  if (!arguments.log_level.empty()) config.log_level = arguments.log_level;
  if (!arguments.accept_clock.empty()) {
    DNC_ASSIGN_OR_RETURN(command.start.accept_clock, ParseMoment(arguments.accept_clock));
  }
  std::vector<std::string>& folders = config.intake.load_dirs;
  folders.insert(folders.end(), arguments.load_dirs.begin(), arguments.load_dirs.end());
  return CheckConfig(config);
}

}  // namespace

absl::StatusOr<std::optional<Command>> ReadCommandLine(int argc, char** argv,
                                                       const std::string& version, int* exit_code) {
  CLI::App app("Answers whether a number may be called, from the National Do Not Call Registry.",
               "dncd");
  app.set_version_flag("--version", "dncd " + version);
  Arguments arguments;
  std::optional<Command> command(std::in_place);
  AddOptions(app, arguments, *command);
  AddStartOptions(app, arguments, command->start);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  DNC_RETURN_IF_ERROR(Configure(app, arguments, *command));
  return command;
}

}  // namespace dnc
