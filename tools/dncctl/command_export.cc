// dncctl export: a tenant's lists as CSV.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "tools/cli/output_file.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/record_csv.h"
#include "tools/dncctl/session.h"

namespace dnc::cli {
namespace {

struct ExportArguments {
  std::string list;
  std::string out;
};

struct Exported {
  uint64_t records = 0;
  uint64_t blocks = 0;
  uint64_t revision = 0;
};

// Returns what comes before the records: the heading, the lists besides the one that every tenant
// has, and what they block. The first part of an export has the lists.
std::string Head(const v1::ExportNumbersResponse& first, ExportColumns* columns) {
  for (const v1::OwnList& list : first.lists()) {
    columns->blocks = columns->blocks || list.blocks_size() > 0;
    columns->lists = columns->lists || list.list_id() != "internal";
  }
  std::string head = ExportHeading(*columns) + "\n";
  for (const v1::OwnList& list : first.lists()) {
    if (list.list_id() != "internal") head += ExportListRow(list, *columns) + "\n";
  }
  for (const v1::OwnList& list : first.lists()) {
    for (const std::string& block : list.blocks()) {
      head += ExportBlockRow(list.list_id(), block, *columns) + "\n";
    }
  }
  return head;
}

absl::StatusOr<Exported> Export(Session& session, const ExportArguments& arguments,
                                OutputFile& file) {
  grpc::ClientContext context;
  Watchdog watchdog(&context, session.timeout());
  v1::ExportNumbersRequest request;
  request.set_list_id(arguments.list);
  watchdog.BeginWait();
  const auto stream = session.lists().ExportNumbers(&context, request);
  v1::ExportNumbersResponse part;
  Exported exported;
  bool complete = false;
  ExportColumns columns;
  bool begun = false;
  absl::Status written;
  while (written.ok() && stream->Read(&part)) {
    watchdog.EndWait();
    if (!begun) written = file.Write(Head(part, &columns));
    begun = true;
    for (const v1::OwnList& list : part.lists()) {
      exported.blocks += static_cast<uint64_t>(list.blocks_size());
    }
    for (const v1::Record& record : part.records()) {
      if (written.ok()) written = file.Write(ExportRow(record, columns) + "\n");
    }
    exported.records += static_cast<uint64_t>(part.records_size());
    exported.revision = part.revision();
    complete = part.last();
    watchdog.BeginWait();
  }
  if (!written.ok()) context.TryCancel();
  const absl::Status ended = FromGrpcStatus(stream->Finish());
  if (!written.ok()) return written;
  if (watchdog.fired()) return session.Explain(absl::DeadlineExceededError(""));
  if (!ended.ok()) return session.Explain(ended);
  if (!complete) return absl::UnavailableError("the server ended the export too early; repeat it");
  if (auto status = file.Commit(); !status.ok()) return status;
  return exported;
}

int RunExport(const GlobalOptions& options, const ExportArguments& arguments) {
  Session session(options);
  auto file = OutputFile::Open(arguments.out);
  if (!file.ok()) return ReportError(options, file.status());
  const auto exported = Export(session, arguments, **file);
  if (!exported.ok()) return ReportError(options, exported.status());
  const bool to_stdout = arguments.out == "-";
  if (options.json && !to_stdout) {
    PrintJson({{"records", exported->records},
               {"blocks", exported->blocks},
               {"revision", exported->revision}});
  } else {
    fmt::print(to_stdout ? stderr : stdout, "{} records{} as of revision {}{}\n",
               WithCommas(exported->records),
               exported->blocks == 0 ? "" : fmt::format(" and {} blocks", exported->blocks),
               exported->revision, to_stdout ? "" : " in " + Printable(arguments.out));
  }
  return kExitOk;
}

}  // namespace

void AddExportCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* command = app->add_subcommand(
      "export", "Write the tenant's lists as CSV, complete and of one moment, or no file at all");
  command->add_option("--list", arguments->list, "The list; all if not given");
  command->add_option("--out", arguments->out, "The file to write; - for stdout")->required();
  SetJob(command, options, job, arguments, RunExport);
}

}  // namespace dnc::cli
