// dncgen: synthetic registry files, change lists and calling lists for tests, demos and benchmarks.
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "CLI/CLI.hpp"
#include "tools/dncgen/commands.h"

int main(int argc, char** argv) {
  // Archives hold local times, so without this the same command gives other bytes elsewhere.
  setenv("TZ", "UTC", 1);
  tzset();
  CLI::App app(
      "Writes synthetic files in the formats of the National Do Not Call Registry.\n"
      "The same arguments give the same bytes. No number in them is a person's.");
  app.name("dncgen");
  app.set_version_flag("--version", std::string("dncgen ") + DNC_VERSION);
  app.require_subcommand(1);
  absl::Status status;
  dnc::AddFullCommand(app, status);
  dnc::AddChangesCommand(app, status);
  dnc::AddLeadsCommand(app, status);
  dnc::AddListCommand(app, status);
  dnc::AddTenantsCommand(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (status.ok()) return 0;
  const std::string message(status.message());
  std::fprintf(stderr, "dncgen: %s\n", message.c_str());
  return 1;
}
