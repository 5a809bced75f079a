// dncctl watch: a tenant's changes as they come.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "tools/cli/names.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/session.h"

namespace dnc::cli {
namespace {

constexpr size_t kNumberDigits = 10;

bool PrintJsonLine(uint64_t revision, const nlohmann::ordered_json& change) {
  nlohmann::ordered_json line = {{"revision", revision}};
  line.update(change);
  fmt::print("{}\n", line.dump(-1, ' ', true));
  return std::ferror(stdout) == 0;
}

bool PrintLine(uint64_t revision, const std::string& what, const std::string& list,
               const std::string& of) {
  fmt::print("{} {} {} {}\n", revision, what, Printable(list), Printable(of));
  return std::ferror(stdout) == 0;
}

std::string Outcome(v1::WriteOutcome outcome) {
  return WrittenName(v1::WriteOutcome_descriptor(), outcome);
}

// Returns 201XXXXXXX, which no program takes for a number.
std::string Pattern(std::string block) {
  if (block.size() < kNumberDigits) block.append(kNumberDigits - block.size(), 'X');
  return block;
}

// Prints `REVISION OUTCOME LIST NUMBER` for each record, the same for each block with X in place of
// the digits that it leaves open (`201XXXXXXX`), and `REVISION made LIST KIND` for each list.
// Scripts can split these lines at spaces, or read them as JSON. Returns false if nobody reads the
// output.
bool PrintChanges(const GlobalOptions& options, const v1::WatchChangesResponse& part) {
  bool read = true;
  for (const v1::OwnList& list : part.lists_made()) {
    read =
        read && (options.json ? PrintJsonLine(part.revision(), {{"list_made", ToJson(list)}})
                              : PrintLine(part.revision(), "made", list.list_id(),
                                          WrittenName(v1::OwnListKind_descriptor(), list.kind())));
  }
  for (const v1::BlockChange& change : part.block_changes()) {
    read = read && (options.json ? PrintJsonLine(part.revision(), ToJson(change))
                                 : PrintLine(part.revision(), Outcome(change.outcome()),
                                             change.list_id(), Pattern(change.block())));
  }
  for (const v1::RecordChange& change : part.changes()) {
    read = read && (options.json ? PrintJsonLine(part.revision(), ToJson(change))
                                 : PrintLine(part.revision(), Outcome(change.outcome()),
                                             change.record().list_id(), change.record().number()));
  }
  return read;
}

struct WatchArguments {
  uint64_t after = 0;
  double silence_seconds = 60;
};

// A watch that goes on over lost connections.
class Watch {
 public:
  Watch(const GlobalOptions& options, const WatchArguments& arguments)
      : options_(WithConnectionsOfItsOwn(options)),
        silence_(absl::Seconds(arguments.silence_seconds)),
        complete_(arguments.after) {}

  int Run() {
    absl::Duration pause = kFirstPause;
    // If a server was never there, its name is probably wrong, and waiting for it is useless.
    session_ = std::make_unique<Session>(options_);
    connected_ = session_->Connects();
    while (true) {
      const uint64_t before = complete_;
      heard_ = false;
      absl::Status ended = WatchOnce();
      if (unread_) {
        return ReportError(options_, absl::AbortedError("nobody reads the changes"));
      }
      if (!connected_ || !MayComeBack(ended)) return GiveUp(ended);
      if (heard_ || complete_ != before) pause = kFirstPause;
      fmt::print(stderr, "the watch was lost ({}); watching again after revision {}\n",
                 Printable(std::string(ended.message())), complete_);
      absl::SleepFor(pause);
      pause = std::min(pause * 2, kLongestPause);
      // This takes a new connection, because the old one may still be open and lead nowhere.
      session_ = std::make_unique<Session>(options_);
    }
  }

 private:
  static constexpr absl::Duration kFirstPause = absl::Milliseconds(250);
  static constexpr absl::Duration kLongestPause = absl::Seconds(10);

  static GlobalOptions WithConnectionsOfItsOwn(GlobalOptions options) {
    options.transport.shared = false;
    return options;
  }

  // Watches until the stream ends, and says why it did.
  absl::Status WatchOnce() {
    grpc::ClientContext context;
    v1::WatchChangesRequest request;
    request.set_after_revision(complete_);
    revision_.clear();
    Watchdog watchdog(&context, silence_);
    const auto stream = session_->lists().WatchChanges(&context, request);
    v1::WatchChangesResponse part;
    while (true) {
      watchdog.BeginWait();
      const bool read = stream->Read(&part);
      watchdog.EndWait();
      if (!read) break;
      heard_ = true;
      if (!Take(std::move(part))) break;
    }
    if (unread_) context.TryCancel();
    const absl::Status status = FromGrpcStatus(stream->Finish());
    if (watchdog.fired()) {
      return absl::UnavailableError(fmt::format("nothing was heard of {} for {}", options_.server,
                                                absl::FormatDuration(silence_)));
    }
    if (status.ok()) return absl::UnavailableError("the server ended the watch");
    return session_->Explain(status);
  }

  // Keeps the parts of a revision until it is complete. If a revision breaks off nothing of it is
  // shown, so nothing is shown twice. Returns false if nobody reads the output.
  bool Take(v1::WatchChangesResponse part) {
    const bool last = part.last_of_revision();
    const uint64_t revision = part.revision();
    revision_.push_back(std::move(part));
    if (!last) return true;
    for (const v1::WatchChangesResponse& each : revision_) {
      unread_ = unread_ || !PrintChanges(options_, each);
    }
    unread_ = std::fflush(stdout) != 0 || unread_;
    revision_.clear();
    complete_ = std::max(complete_, revision);
    return !unread_;
  }

  // Returns whether an error is about the connection, or about a server that may come back.
  static bool MayComeBack(const absl::Status& ended) {
    return absl::IsUnavailable(ended) || ReasonOf(ended) == "STREAM_SILENT" ||
           (ReasonOf(ended).empty() && (absl::IsCancelled(ended) || absl::IsInternal(ended) ||
                                        absl::IsUnknown(ended) || absl::IsDeadlineExceeded(ended)));
  }

  int GiveUp(const absl::Status& ended) const {
    fmt::print(stderr, "go on with: dncctl watch --after {}\n", complete_);
    return ReportError(options_, ended);
  }

  const GlobalOptions options_;
  std::unique_ptr<Session> session_;
  const absl::Duration silence_;
  uint64_t complete_;                               // everything up to this revision is shown
  std::vector<v1::WatchChangesResponse> revision_;  // the parts of the next one so far
  bool heard_ = false;                              // something came on this connection
  bool connected_ = false;                          // a connection existed at some time
  bool unread_ = false;                             // nobody reads the output
};

int RunWatch(const GlobalOptions& options, const WatchArguments& arguments) {
  return Watch(options, arguments).Run();
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
  command
      ->add_option("--silence", arguments->silence_seconds,
                   "Seconds after which a server that says nothing is taken for lost, and asked "
                   "anew; it says something every 20 seconds")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  SetJob(command, options, job, arguments, RunWatch);
}

}  // namespace dnc::cli
