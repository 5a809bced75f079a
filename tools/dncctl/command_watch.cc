// dncctl watch: a tenant's changes as they come.
#include <fmt/format.h>

#include <memory>

#include "tools/dncctl/change_lines.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

struct WatchArguments {
  uint64_t after = 0;
};

int RunWatch(const GlobalOptions& options, const WatchArguments& arguments) {
  Session session(options);
  grpc::ClientContext context;
  v1::WatchChangesRequest request;
  request.set_after_revision(arguments.after);
  const auto stream = session.lists().WatchChanges(&context, request);
  v1::WatchChangesResponse part;
  uint64_t complete = arguments.after;
  bool read_by_someone = true;
  while (read_by_someone && stream->Read(&part)) {
    read_by_someone = PrintChanges(options, part);
    read_by_someone = std::fflush(stdout) == 0 && read_by_someone;
    if (part.last_of_revision()) complete = part.revision();
  }
  if (!read_by_someone) context.TryCancel();
  const absl::Status ended = FromGrpcStatus(stream->Finish());
  if (!read_by_someone) return ReportError(options, absl::AbortedError("nobody reads the changes"));
  fmt::print(stderr, "go on with: dncctl watch --after {}\n", complete);
  if (ended.ok()) return ReportError(options, absl::UnavailableError("the server ended the watch"));
  return ReportError(options, session.Explain(ended));
}

}  // namespace

void AddWatchCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto arguments = std::make_shared<WatchArguments>();
  CLI::App* command = app->add_subcommand(
      "watch", "Print the changes of the tenant's lists, those to come too, until interrupted");
  command
      ->add_option("--after", arguments->after,
                   "Changes after this revision; 0: all, if all are kept still")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  SetJob(command, options, job, arguments, RunWatch);
}

}  // namespace dnc::ctl
