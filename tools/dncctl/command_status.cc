// dncctl status.
#include <fmt/format.h>

#include "absl/time/clock.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/exit_code.h"
#include "tools/dncctl/list_warnings.h"
#include "tools/dncctl/names.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

void PrintStatus(const GlobalOptions& options, const v1::GetStatusResponse& status) {
  const Style style(stdout);
  fmt::print("dncd {} at {}, up {}, revision {}\n", style.Strong(Printable(status.version())),
             Printable(options.server), HumanDuration(absl::Now() - ToTime(status.started_at())),
             status.revision());
  fmt::print("{} numbers in {} of memory\n", WithCommas(status.numbers()),
             HumanBytes(static_cast<double>(status.index_bytes())));
  if (status.clock_behind()) {
    fmt::print("{}\n", style.Bad(fmt::format(
                           "the server's clock lies a day or more behind {}, which its stores "
                           "know: what would be clear is STALE (docs/operations.md, "
                           "DncClockBehind)",
                           IsoTime(status.newest_known_at()))));
  }
  if (status.has_running_load()) {
    const v1::Load& load = status.running_load();
    fmt::print("load {} of {}: {}, {} of {}\n", load.id(), Printable(load.list()),
               Name(load.state()), HumanBytes(static_cast<double>(load.bytes_done())),
               HumanBytes(static_cast<double>(load.bytes_total())));
  }
  Table table({"LIST", "EFFECT", "REQUIRED", "RELEASE", "NUMBERS", "COVERED", "STALE", "DAMAGED",
               "OBTAINED", "MAX AGE"},
              {3, 4, 5, 6, 7});
  for (const v1::ListStatus& list : status.lists()) {
    const v1::Release& release = list.release();
    table.AddRow({list.list(), Name(list.effect()), list.required() ? "yes" : "no",
                  list.has_release() ? std::to_string(release.id()) : "none",
                  WithCommas(release.numbers()), std::to_string(list.covered()),
                  std::to_string(list.stale()), std::to_string(list.damaged()),
                  list.has_release() ? IsoTime(release.obtained_at_oldest()) : "",
                  fmt::format("{} days", list.max_age_days())});
  }
  table.Print(stdout);
  for (const v1::ListStatus& list : status.lists()) {
    for (const ListWarning& warning : ListWarnings(list)) {
      fmt::print("{}\n", warning.damage ? style.Bad(warning.text) : style.Warn(warning.text));
    }
  }
}

int RunStatus(const GlobalOptions& options) {
  Session session(options);
  const auto status = session.Call(session.registry(), &v1::RegistryService::Stub::GetStatus,
                                   v1::GetStatusRequest());
  if (!status.ok()) return ReportError(options, status.status());
  if (options.json) {
    PrintJson(ToJson(*status));
  } else {
    PrintStatus(options, *status);
  }
  return kExitOk;
}

}  // namespace

void AddStatusCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  CLI::App* command = app->add_subcommand("status", "Tell what the server is and holds");
  command->callback([&options, job] { *job = [&options] { return RunStatus(options); }; });
}

}  // namespace dnc::ctl
