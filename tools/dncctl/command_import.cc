// dncctl import: a CSV file into a list of the tenant.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <utility>

#include "tools/dncctl/commands.h"
#include "tools/dncctl/exit_code.h"
#include "tools/dncctl/import_file.h"
#include "tools/dncctl/input_file.h"
#include "tools/dncctl/output_file.h"
#include "tools/dncctl/progress_bar.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/record_csv.h"
#include "tools/dncctl/terminal.h"
#include "tools/dncctl/watchdog.h"

namespace dnc::ctl {
namespace {

// Without a file for them, so many refused lines are told.
constexpr uint64_t kRefusedTold = 20;

struct ImportArguments {
  std::string in;
  std::string refused;
  ImportFormat format;
  RecordFacts facts;
};

struct Counts {
  uint64_t added = 0;
  uint64_t already_there = 0;
  uint64_t updated = 0;
  uint64_t refused = 0;
  uint64_t revision = 0;
  uint64_t durable_line = 0;  // all lines up to this one have been answered
};

class Import {
 public:
  Import(Session& session, ImportFile* file, OutputFile* refused, uint64_t bytes, bool json)
      : session_(session),
        file_(*file),
        refused_(refused),
        bytes_(bytes),
        bar_(!json),
        watchdog_(&context_, session.timeout()) {}

  // The counts are those of what is durable, also after an error.
  absl::Status Run(const std::string& list) {
    bar_.Begin("importing");
    watchdog_.BeginWait();
    stream_ = session_.lists().ImportNumbers(&context_);
    watchdog_.EndWait();
    v1::ImportNumbersRequest first;
    first.set_list_id(list);
    absl::Status status = WriteRefusedHeading();
    if (status.ok()) status = stream_->Write(first) ? ReadAnswer({}) : Broken();
    if (status.ok()) status = Parts();
    bar_.Clear();
    if (!status.ok() && !broken_) context_.TryCancel();
    if (status.ok()) stream_->WritesDone();
    watchdog_.BeginWait();
    const absl::Status ended = FromGrpcStatus(stream_->Finish());
    watchdog_.EndWait();
    if (!status.ok() && !broken_) return status;
    if (watchdog_.fired()) return session_.Explain(absl::DeadlineExceededError(""));
    if (!ended.ok()) return session_.Explain(ended);
    return status;
  }

  const Counts& counts() const { return counts_; }

 private:
  // While the server writes one part, the next lies ready for it, and one more is parsed.
  absl::Status Parts() {
    constexpr size_t kUnderWay = 2;
    std::deque<ImportPart> under_way;
    bool more = true;
    while (more || !under_way.empty()) {
      if (!more || under_way.size() == kUnderWay) {
        if (auto status = End(under_way.front()); !status.ok()) return status;
        under_way.pop_front();
        continue;
      }
      ImportPart next;
      const auto read = file_.Next(&next);
      // What was sent is answered for all the same: it is durable.
      more = read.ok() && *read;
      if (!read.ok()) broken_file_ = read.status();
      if (!more) continue;
      if (!next.lines.empty() && !stream_->Write(next.request)) return Broken();
      under_way.push_back(std::move(next));
    }
    return broken_file_;
  }

  // Tells what became of a part, which was sent if anything of it could be.
  absl::Status End(ImportPart& part) {
    return part.lines.empty() ? Tell(std::move(part.refused)) : ReadAnswer(part);
  }

  absl::Status ReadAnswer(const ImportPart& part) {
    watchdog_.BeginWait();
    const bool read = stream_->Read(&answer_);
    watchdog_.EndWait();
    if (!read) return Broken();
    counts_.added += answer_.added();
    counts_.already_there += answer_.already_there();
    counts_.updated += answer_.updated();
    counts_.revision = std::max(counts_.revision, answer_.revision());
    std::vector<RefusedLine> refused = part.refused;
    for (const v1::RefusedRecord& record : answer_.refused()) {
      if (record.index() >= part.lines.size()) {
        return absl::InternalError("the server refused a record that it was not sent");
      }
      refused.push_back(part.lines[record.index()]);
      refused.back().because = record.message();
    }
    const uint64_t outcomes = answer_.added() + answer_.already_there() + answer_.updated() +
                              static_cast<uint64_t>(answer_.refused_size());
    if (outcomes != part.lines.size()) {
      return absl::InternalError(fmt::format("the server answered {} outcomes for {} records",
                                             outcomes, part.lines.size()));
    }
    if (!part.lines.empty()) counts_.durable_line = part.lines.back().line;
    return Tell(std::move(refused));
  }

  absl::Status WriteRefusedHeading() {
    if (refused_ == nullptr) return absl::OkStatus();
    return refused_->Write(fmt::format(
        "{1}{0}{2}{3}{4}\n", file_.delimiter(), kRefusedLine, kRefusedBecause,
        file_.heading().empty() ? "" : std::string(1, file_.delimiter()), file_.heading()));
  }

  absl::Status Tell(std::vector<RefusedLine> refused) {
    std::sort(refused.begin(), refused.end(),
              [](const auto& a, const auto& b) { return a.line < b.line; });
    for (const RefusedLine& line : refused) {
      ++counts_.refused;
      if (refused_ != nullptr) {
        auto status =
            refused_->Write(fmt::format("{1}{0}{2}{0}{3}\n", file_.delimiter(), line.line,
                                        CsvField(line.because, file_.delimiter()), line.raw));
        if (!status.ok()) return status;
      } else if (counts_.refused <= kRefusedTold) {
        bar_.Clear();
        fmt::print(stderr, "line {}: {}\n", line.line, Printable(line.because));
      }
    }
    bar_.Update(file_.bytes_read(), bytes_, fmt::format("{} refused", counts_.refused));
    return absl::OkStatus();
  }

  absl::Status Broken() {
    broken_ = true;
    return absl::UnavailableError("the server ended the import too early; repeat it");
  }

  Session& session_;
  ImportFile& file_;
  OutputFile* const refused_;  // null: told on stderr
  const uint64_t bytes_;
  ProgressBar bar_;
  grpc::ClientContext context_;
  Watchdog watchdog_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ImportNumbersRequest, v1::ImportNumbersResponse>>
      stream_;
  v1::ImportNumbersResponse answer_;
  Counts counts_;
  bool broken_ = false;
  absl::Status broken_file_;
};

void PrintCounts(const GlobalOptions& options, const ImportArguments& arguments,
                 const Counts& counts) {
  if (options.json) {
    PrintJson({{"added", counts.added},
               {"already_there", counts.already_there},
               {"updated", counts.updated},
               {"refused", counts.refused},
               {"revision", counts.revision}});
    return;
  }
  const Style style(stdout);
  fmt::print("{} added, {} already there, {} updated, {} refused; revision {}\n",
             WithCommas(counts.added), WithCommas(counts.already_there), WithCommas(counts.updated),
             counts.refused == 0 ? "0" : style.Bad(WithCommas(counts.refused)), counts.revision);
  if (counts.refused == 0) return;
  if (!arguments.refused.empty()) {
    fmt::print("refused lines: {}\n", Printable(arguments.refused));
  } else if (counts.refused > kRefusedTold) {
    fmt::print("all refused lines: repeat with --refused FILE\n");
  }
}

int RunImport(const GlobalOptions& options, const ImportArguments& arguments) {
  // The earlier file of refused lines is removed: not the input.
  if (!arguments.refused.empty() && IsSameFile(arguments.in, arguments.refused)) {
    ReportError(options, absl::InvalidArgumentError("FILE and --refused are the same file"));
    return kExitUsage;
  }
  const InputFile input(arguments.in);
  if (input.fd() < 0) {
    return ReportError(
        options, absl::NotFoundError(fmt::format("{}: {}", arguments.in, std::strerror(errno))));
  }
  auto file = ImportFile::Open(input.fd(), arguments.format, arguments.facts);
  if (!file.ok()) return ReportError(options, file.status());
  std::unique_ptr<OutputFile> refused;
  if (!arguments.refused.empty()) {
    auto opened = OutputFile::Open(arguments.refused);
    if (!opened.ok()) return ReportError(options, opened.status());
    refused = *std::move(opened);
  }
  Session session(options);
  Import import(session, &*file, refused.get(), input.size(), options.json);
  absl::Status status = import.Run(arguments.format.list);
  const Counts& counts = import.counts();
  if (!status.ok()) {
    if (counts.durable_line > 0) {
      fmt::print(stderr, "lines up to {} are durable; repeat the import: what is there counts so\n",
                 counts.durable_line);
    } else {
      fmt::print(stderr, "nothing was written\n");
    }
    return ReportError(options, status);
  }
  if (refused != nullptr) status = refused->Commit();
  if (!status.ok()) return ReportError(options, status);
  PrintCounts(options, arguments, counts);
  return counts.refused == 0 ? kExitOk : kExitError;
}

}  // namespace

void AddImportCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto arguments = std::make_shared<ImportArguments>();
  ImportFormat& format = arguments->format;
  format.list = "internal";
  format.number_column = "number";
  CLI::App* command = app->add_subcommand(
      "import", "Add a CSV file's records to a list of the tenant; 1 if lines were refused");
  command->add_option("file", arguments->in, "The file; - for stdin")->required();
  command->add_option("--list", format.list, "The list")->capture_default_str();
  command->add_option("--column", format.number_column, "The heading of the numbers")
      ->capture_default_str();
  command
      ->add_option("--columns", format.columns,
                   "The columns of a file without a heading: number,made_at,- (- leaves one out)")
      ->delimiter(',');
  command->add_option("--ignore", format.ignored, "Headings to leave out")->delimiter(',');
  AddDelimiterOption(command, &format.delimiter);
  command->add_option("--refused", arguments->refused, "File for the refused lines, with reasons");
  arguments->facts.AddOptions(command);
  SetJob(command, options, job, arguments, RunImport);
}

}  // namespace dnc::ctl
