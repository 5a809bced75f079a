// dncctl doctor: looks over an installation and says what to fix.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "tools/dncctl/commands.h"
#include "tools/dncctl/doctor.h"
#include "tools/dncctl/exit_code.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

struct DoctorArguments {
  std::string data_dir;
  std::string config;
  bool no_server = false;
};

const char* Word(Health health) {
  switch (health) {
    case Health::kGood:
      return "ok";
    case Health::kUnknown:
      return "unknown";
    case Health::kWarning:
      return "warning";
    case Health::kFailure:
      break;
  }
  return "failure";
}

int ExitCodeOf(Health worst) {
  if (worst == Health::kFailure) return kExitUnwell;
  return worst == Health::kWarning ? kExitWarnings : kExitOk;
}

void PrintJsonReport(const DoctorReport& report) {
  nlohmann::ordered_json object = {{"worst", Word(report.worst())},
                                   {"findings", nlohmann::ordered_json::array()}};
  for (const DoctorFinding& finding : report.findings()) {
    object["findings"].push_back({{"subject", finding.subject},
                                  {"health", Word(finding.health)},
                                  {"text", finding.text},
                                  {"remedy", finding.remedy}});
  }
  PrintJson(object);
}

void PrintReport(const DoctorReport& report) {
  const Style style(stdout);
  for (const DoctorFinding& finding : report.findings()) {
    std::string word = fmt::format("{:<8}", Word(finding.health));
    if (finding.health == Health::kGood) word = style.Good(word);
    if (finding.health == Health::kUnknown) word = style.Faint(word);
    if (finding.health == Health::kWarning) word = style.Warn(word);
    if (finding.health == Health::kFailure) word = style.Bad(word);
    fmt::print("{}{}: {}\n", word, Printable(finding.subject), Printable(finding.text));
    if (!finding.remedy.empty()) fmt::print("        -> {}\n", Printable(finding.remedy));
  }
}

int RunDoctor(const GlobalOptions& options, const DoctorArguments& arguments) {
  DoctorReport report;
  DoctorConfig config;
  if (!arguments.config.empty()) config = ReadDoctorConfig(arguments.config, &report);
  if (!arguments.data_dir.empty()) config.data_dir = arguments.data_dir;
  LookAtConfigured(config, &report);
  if (config.data_dir.empty()) {
    report.Unknown("data folder", "nobody said where it is", "give --data-dir or --config");
  } else {
    LookAtDataFolder(config.data_dir, &report);
  }
  LookAtMachine(config.data_dir, &report);
  if (arguments.no_server) {
    report.Unknown("server", "not asked, as --no-server says", "");
  } else {
    LookAtServer(options, &report);
    LookAtServedCertificate(options, &report);
  }
  if (options.json) {
    PrintJsonReport(report);
  } else {
    PrintReport(report);
  }
  return ExitCodeOf(report.worst());
}

}  // namespace

Health DoctorReport::worst() const {
  Health worst = Health::kGood;
  for (const DoctorFinding& finding : findings_) {
    if (finding.health != Health::kUnknown) worst = std::max(worst, finding.health);
  }
  return worst;
}

void AddDoctorCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  const auto arguments = std::make_shared<DoctorArguments>();
  CLI::App* command = app->add_subcommand(
      "doctor",
      "Look over an installation and say what to fix; 12 if something should be looked "
      "at, 13 if something is wrong");
  command->add_option("--data-dir", arguments->data_dir, "The server's data folder, to look at it");
  command->add_option("--config", arguments->config, "The server's configuration file");
  command->add_flag("--no-server", arguments->no_server, "Look at files and the machine alone");
  SetJob(command, options, job, arguments, &RunDoctor);
}

}  // namespace dnc::ctl
