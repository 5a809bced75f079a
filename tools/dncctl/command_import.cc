// dncctl import: a CSV file into a list of the tenant.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "tools/dncctl/commands.h"
#include "tools/dncctl/exit_code.h"
#include "tools/dncctl/import_file.h"
#include "tools/dncctl/import_report.h"
#include "tools/dncctl/import_run.h"
#include "tools/dncctl/input_file.h"
#include "tools/dncctl/output_file.h"
#include "tools/dncctl/progress_bar.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

struct ImportArguments {
  std::string in;
  std::string refused;
  std::string kept;
  bool strict = false;
  ImportFormat format;
  RecordFacts facts;
};

// What is told at the end, beside the counts.
struct ImportTold {
  uint64_t refused = 0;
  uint64_t kept = 0;
  std::vector<std::string> left_out;
};

std::string LinesIn(uint64_t count, const std::string& file, const char* option) {
  if (count == 0) return "";
  if (!file.empty()) return "  in " + Printable(file) + "\n";
  return count <= LineReport::kTold ? ""
                                    : fmt::format("  all lines: repeat with {} FILE\n", option);
}

void PrintCounts(const GlobalOptions& options, const ImportArguments& arguments,
                 const ImportCounts& counts, const ImportTold& told) {
  if (options.json) {
    PrintJson({{"added", counts.added},
               {"already_there", counts.already_there},
               {"updated", counts.updated},
               {"refused", told.refused},
               {"kept_without_facts", told.kept},
               {"columns_left_out", told.left_out},
               {"revision", counts.revision},
               {"tenant_id", counts.tenant}});
    return;
  }
  const Style style(stdout);
  fmt::print("{}{} added, {} already there, {} updated, {} refused; revision {}\n",
             counts.tenant.empty() ? "" : Printable(counts.tenant) + ": ", WithCommas(counts.added),
             WithCommas(counts.already_there), WithCommas(counts.updated),
             told.refused == 0 ? "0" : style.Bad(WithCommas(told.refused)), counts.revision);
  if (told.refused > 0) {
    fmt::print("refused lines: {}\n{}", WithCommas(told.refused),
               LinesIn(told.refused, arguments.refused, "--refused"));
  }
  if (told.kept > 0) {
    fmt::print("kept without a fact that can't be read or taken: {}\n{}", WithCommas(told.kept),
               LinesIn(told.kept, arguments.kept, "--kept"));
  }
  if (!told.left_out.empty()) {
    fmt::print("columns left out: {}\n",
               Printable(fmt::format("{}", fmt::join(told.left_out, ", "))));
  }
}

// Facts are kept without only where an opt-out depends on it.
absl::StatusOr<Facts> FactsFor(Session& session, const ImportArguments& arguments) {
  if (arguments.strict) return Facts::kRefuse;
  const auto lists = session.Call(session.lists(), &v1::ListService::Stub::ListLists,
                                  v1::ListListsRequest::default_instance());
  if (!lists.ok()) return lists.status();
  for (const v1::OwnList& list : lists->lists()) {
    if (list.list_id() == arguments.format.list) {
      return list.kind() == v1::OWN_LIST_KIND_INTERNAL ? Facts::kKeepWithout : Facts::kRefuse;
    }
  }
  return Facts::kRefuse;  // the server tells that there is no such list
}

absl::StatusOr<std::unique_ptr<OutputFile>> OpenReport(const std::string& path) {
  if (path.empty()) return std::unique_ptr<OutputFile>();
  return OutputFile::Open(path);
}

int ReportBroken(const GlobalOptions& options, const ImportCounts& counts,
                 const absl::Status& status) {
  if (counts.durable_line > 0) {
    fmt::print(stderr, "lines up to {} are durable; repeat the import: what is there counts so\n",
               counts.durable_line);
  } else {
    fmt::print(stderr, "nothing was written\n");
  }
  return ReportError(options, status);
}

int RunImport(const GlobalOptions& options, const ImportArguments& arguments) {
  // An earlier file of lines is removed: not the input, and not one by the other.
  if (IsSameFile(arguments.in, arguments.refused) || IsSameFile(arguments.in, arguments.kept) ||
      (!arguments.refused.empty() && arguments.refused == arguments.kept)) {
    ReportError(options,
                absl::InvalidArgumentError("FILE, --refused and --kept must be different files"));
    return kExitUsage;
  }
  const InputFile input(arguments.in);
  if (input.fd() < 0) {
    return ReportError(
        options, absl::NotFoundError(fmt::format("{}: {}", arguments.in, std::strerror(errno))));
  }
  Session session(options);
  const auto facts = FactsFor(session, arguments);
  if (!facts.ok()) return ReportError(options, facts.status());
  auto file = ImportFile::Open(input.fd(), arguments.format, arguments.facts, *facts);
  if (!file.ok()) return ReportError(options, file.status());
  auto refused_file = OpenReport(arguments.refused);
  if (!refused_file.ok()) return ReportError(options, refused_file.status());
  auto kept_file = OpenReport(arguments.kept);
  if (!kept_file.ok()) return ReportError(options, kept_file.status());
  ProgressBar bar(!options.json);
  LineReport refused(kRefusedLine, kRefusedBecause, "", refused_file->get(), &bar);
  LineReport kept(kKeptLine, kKeptBecause, "kept, but ", kept_file->get(), &bar);
  ImportRun run(session, &*file, *facts, &refused, &kept, &bar, input.size());
  absl::Status status = run.Run(arguments.format.list);
  if (!status.ok()) return ReportBroken(options, run.counts(), status);
  for (auto* report : {&*refused_file, &*kept_file}) {
    if (status.ok() && *report != nullptr) status = (*report)->Commit();
  }
  if (!status.ok()) return ReportError(options, status);
  PrintCounts(options, arguments, run.counts(),
              {refused.count(), kept.count(), file->columns().left_out});
  return refused.count() == 0 ? kExitOk : kExitError;
}

}  // namespace

void AddImportCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto arguments = std::make_shared<ImportArguments>();
  arguments->format.list = "internal";
  CLI::App* command = app->add_subcommand(
      "import", "Add a CSV file's records to a list of the tenant; 1 if lines were refused");
  command->add_option("file", arguments->in, "The file; - for stdin")->required();
  arguments->format.AddOptions(command);
  command->add_option("--refused", arguments->refused, "File for the refused lines, with reasons");
  command->add_option("--kept", arguments->kept,
                      "File for the lines that were kept without a fact, with reasons");
  command->add_flag("--strict", arguments->strict,
                    "Refuse a line of which any fact can't be read or taken. Else a do-not-call "
                    "request is kept without it; exemptions are always read strictly");
  arguments->facts.AddOptions(command);
  SetJob(command, options, job, arguments, RunImport);
}

}  // namespace dnc::ctl
