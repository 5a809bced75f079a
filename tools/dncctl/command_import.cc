// dncctl import: a CSV file into a list of the tenant.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "tools/dncctl/commands.h"
#include "tools/dncctl/exit_code.h"
#include "tools/dncctl/import_file.h"
#include "tools/dncctl/import_lists.h"
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
  bool all_lists = false;
  ImportFormat format;
  RecordFacts facts;
};

// What became of the file, of all its lists.
struct ImportTotals {
  ImportCounts counts;
  uint64_t refused = 0;
  uint64_t kept = 0;
  uint64_t blocks = 0;
  std::vector<std::string> left_out;
};

std::string LinesIn(uint64_t count, const std::string& file, const char* option) {
  if (count == 0) return "";
  if (!file.empty()) return "  in " + Printable(file) + "\n";
  return count <= LineReport::kTold ? ""
                                    : fmt::format("  all lines: repeat with {} FILE\n", option);
}

void PrintTotals(const GlobalOptions& options, const ImportArguments& arguments,
                 const ImportTotals& told) {
  const ImportCounts& counts = told.counts;
  if (options.json) {
    PrintJson({{"added", counts.added},
               {"already_there", counts.already_there},
               {"updated", counts.updated},
               {"refused", told.refused},
               {"over", counts.over},
               {"not_in_force", counts.not_in_force},
               {"kept_without_facts", told.kept},
               {"blocks", told.blocks},
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
  if (counts.over > 0) {
    fmt::print("over already, not imported: {} (do-not-call requests whose end has passed)\n",
               WithCommas(counts.over));
  }
  if (counts.not_in_force > 0) {
    fmt::print("stored, but not in force now: {} (their end has passed, or they begin later)\n",
               WithCommas(counts.not_in_force));
  }
  if (told.blocks > 0) fmt::print("blocked area codes and exchanges: {}\n", told.blocks);
  if (!told.left_out.empty()) {
    fmt::print("columns left out: {}\n",
               Printable(fmt::format("{}", fmt::join(told.left_out, ", "))));
  }
}

// Unspecified of a list that is not there, which the server tells.
v1::OwnListKind KindOf(const v1::ListListsResponse& lists, const std::string& id) {
  for (const v1::OwnList& list : lists.lists()) {
    if (list.list_id() == id) return list.kind();
  }
  return v1::OWN_LIST_KIND_UNSPECIFIED;
}

// Facts are kept without only where an opt-out depends on it.
Facts FactsFor(const v1::ListListsResponse& lists, const std::string& id, bool strict) {
  const bool do_not_call = KindOf(lists, id) == v1::OWN_LIST_KIND_INTERNAL;
  return do_not_call && !strict ? Facts::kKeepWithout : Facts::kRefuse;
}

absl::StatusOr<std::unique_ptr<OutputFile>> OpenReport(const std::string& path) {
  if (path.empty()) return std::unique_ptr<OutputFile>();
  return OutputFile::Open(path);
}

void TellBroken(const ImportCounts& counts) {
  if (counts.durable_line > 0) {
    fmt::print(stderr, "lines up to {} are durable; repeat the import: what is there counts so\n",
               counts.durable_line);
  } else {
    fmt::print(stderr, "nothing was written\n");
  }
}

// The reports of both kinds, and the bar that they share the terminal with.
struct Reports {
  explicit Reports(bool quiet) : bar(!quiet) {}

  // Once, when the file's columns are known.
  absl::Status Open(const ImportArguments& arguments) {
    if (refused.has_value()) return absl::OkStatus();
    auto opened = OpenReport(arguments.refused);
    if (!opened.ok()) return opened.status();
    refused_file = *std::move(opened);
    opened = OpenReport(arguments.kept);
    if (!opened.ok()) return opened.status();
    kept_file = *std::move(opened);
    refused.emplace(kRefusedLine, kRefusedBecause, "", refused_file.get(), &bar);
    kept.emplace(kKeptLine, kKeptBecause, "kept, but ", kept_file.get(), &bar);
    return absl::OkStatus();
  }

  absl::Status Commit() const {
    for (const auto* file : {&refused_file, &kept_file}) {
      if (*file == nullptr) continue;
      if (auto status = (*file)->Commit(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  ProgressBar bar;
  std::unique_ptr<OutputFile> refused_file;
  std::unique_ptr<OutputFile> kept_file;
  std::optional<LineReport> refused;
  std::optional<LineReport> kept;
};

// Imports the rows of one list, from the file's begin.
absl::Status ImportList(Session& session, const InputFile& input, const ImportArguments& arguments,
                        const ImportFormat& format, Facts facts, Reports* reports,
                        ImportTotals* totals) {
  auto file = ImportFile::Open(input.fd(), format, arguments.facts, facts);
  if (!file.ok()) return file.status();
  if (auto status = reports->Open(arguments); !status.ok()) return status;
  ImportRun run(session, &*file, facts, &*reports->refused, &*reports->kept, &reports->bar,
                input.size());
  absl::Status status = run.Run(format.list);
  ImportCounts& counts = totals->counts;
  counts.added += run.counts().added;
  counts.already_there += run.counts().already_there;
  counts.updated += run.counts().updated;
  counts.over += run.counts().over;
  counts.not_in_force += run.counts().not_in_force;
  counts.revision = std::max(counts.revision, run.counts().revision);
  counts.tenant = run.counts().tenant;
  totals->left_out = file->columns().left_out;
  if (!status.ok()) {
    TellBroken(run.counts());
    return status;
  }
  const auto blocked = AddBlocks(session, format.list, file->blocks());
  if (!blocked.ok()) return blocked.status();
  counts.revision = std::max(counts.revision, *blocked);
  totals->blocks += file->blocks().size();
  return absl::OkStatus();
}

// Each list of the file by itself.
absl::Status ImportAllLists(Session& session, const InputFile& input,
                            const ImportArguments& arguments, v1::ListListsResponse there,
                            Reports* reports, ImportTotals* totals) {
  ImportFormat format = arguments.format;
  format.skip_other_lists = true;
  const auto lists = ListsOfFile(input.fd(), format);
  if (!lists.ok()) return lists.status();
  if (auto status = MakeMissingLists(session, *lists, there); !status.ok()) return status;
  there.mutable_lists()->Add(lists->begin(), lists->end());
  for (const v1::OwnList& list : *lists) {
    if (lseek(input.fd(), 0, SEEK_SET) != 0) {
      return absl::InvalidArgumentError("--all-lists reads the file several times: not from stdin");
    }
    format.list = list.list_id();
    const Facts facts = FactsFor(there, format.list, arguments.strict);
    auto status = ImportList(session, input, arguments, format, facts, reports, totals);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
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
  const auto lists = session.Call(session.lists(), &v1::ListService::Stub::ListLists,
                                  v1::ListListsRequest::default_instance());
  if (!lists.ok()) return ReportError(options, lists.status());
  Reports reports(options.json);
  ImportTotals totals;
  const Facts facts = FactsFor(*lists, arguments.format.list, arguments.strict);
  ImportFormat format = arguments.format;
  const v1::OwnListKind kind = KindOf(*lists, format.list);
  if (kind != v1::OWN_LIST_KIND_INTERNAL) format.exempts = kind;
  absl::Status status =
      arguments.all_lists ? ImportAllLists(session, input, arguments, *lists, &reports, &totals)
                          : ImportList(session, input, arguments, format, facts, &reports, &totals);
  if (status.ok()) status = reports.Commit();
  if (!status.ok()) return ReportError(options, status);
  totals.refused = reports.refused.has_value() ? reports.refused->count() : 0;
  totals.kept = reports.kept.has_value() ? reports.kept->count() : 0;
  PrintTotals(options, arguments, totals);
  return totals.refused == 0 ? kExitOk : kExitError;
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
  command->add_flag("--all-lists", arguments->all_lists,
                    "Import each row into the list that its list_id names: a whole export; lists "
                    "that are missing are made");
  arguments->facts.AddOptions(command);
  SetJob(command, options, job, arguments, RunImport);
}

}  // namespace dnc::ctl
