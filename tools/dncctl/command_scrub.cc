// dncctl scrub --in leads.csv --out result.csv --column phone.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/time/clock.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/exit_code.h"
#include "tools/dncctl/input_file.h"
#include "tools/dncctl/names.h"
#include "tools/dncctl/output_file.h"
#include "tools/dncctl/progress_bar.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/scrub_file.h"
#include "tools/dncctl/scrub_stream.h"
#include "tools/dncctl/scrub_summary.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

struct ScrubArguments {
  std::string in = "-";
  std::string out = "-";
  std::string column;
  char delimiter = ',';
  std::string as_of;
};

// The earliest entry of those that count against a call.
std::string ListedSince(const v1::NumberResult& result) {
  const google::protobuf::Timestamp* earliest = nullptr;
  for (const v1::Match& match : result.matches()) {
    if (match.effect() == v1::LIST_EFFECT_INFORM || !match.has_listed_since()) continue;
    if (earliest == nullptr || ToTime(match.listed_since()) < ToTime(*earliest)) {
      earliest = &match.listed_since();
    }
  }
  return earliest == nullptr ? std::string() : IsoTime(*earliest);
}

std::array<std::string, 4> AddedColumns(const v1::NumberResult& result) {
  return {Name(result.verdict()), fmt::format("{}", fmt::join(ReasonNames(result.reasons()), ";")),
          ListedSince(result), result.has_valid_until() ? IsoTime(result.valid_until()) : ""};
}

absl::Status WriteBatch(const ScrubFile& file, const ScrubBatch& batch,
                        const v1::ScrubResponse& answer, OutputFile* output,
                        ScrubSummary* summary) {
  std::string text;
  int next = 0;
  for (const ScrubRow& row : batch.rows) {
    if (row.blank) {
      summary->CountBlankLine();
      file.AppendRow(row, {}, &text);
      continue;
    }
    const v1::NumberResult& result = answer.results(next++);
    summary->CountRow(result.verdict());
    file.AppendRow(row, AddedColumns(result), &text);
  }
  if (answer.has_snapshot()) summary->AddSnapshot(answer.snapshot());
  return output->Write(text);
}

absl::Status ScrubTo(OutputFile* output, const GlobalOptions& options,
                     const ScrubArguments& arguments, ScrubFile* file, uint64_t size,
                     ScrubSummary* summary) {
  Session session(options);
  std::optional<absl::Time> as_of;
  if (!arguments.as_of.empty()) as_of = TimeArgument("--as-of", arguments.as_of);
  absl::Status status = output->Write(file->HeadingLine());
  if (!status.ok()) return status;
  ProgressBar bar(!options.json);
  bar.Begin("scrubbing");
  status = ScrubStream(
      session, as_of,
      [&](ScrubBatch* batch) {
        auto more = file->NextBatch(batch);
        bar.Update(file->bytes_read(), size, "");
        return more;
      },
      [&](const ScrubBatch& batch, const v1::ScrubResponse& answer) {
        return WriteBatch(*file, batch, answer, output, summary);
      });
  bar.Clear();
  return status.ok() ? output->Commit() : status;
}

int RunScrub(GlobalOptions options, const ScrubArguments& arguments) {
  const absl::Time begun = absl::Now();
  const bool to_stdout = arguments.out == "-";
  const bool json = options.json;
  if (to_stdout) options.json = false;  // stdout is the CSV's
  if (IsSameFile(arguments.in, arguments.out)) {
    ReportError(options, absl::InvalidArgumentError("--in and --out are the same file"));
    return kExitUsage;
  }
  // First of all, so that whatever goes wrong later leaves no result of an earlier day behind.
  auto output = OutputFile::Open(arguments.out);
  if (!output.ok()) return ReportError(options, output.status());
  const InputFile input(arguments.in);
  if (input.fd() < 0) {
    return ReportError(
        options, absl::NotFoundError(fmt::format("{}: {}", arguments.in, std::strerror(errno))));
  }
  ScrubFile file(input.fd(), arguments.delimiter);
  absl::Status status = file.ReadHeading(arguments.column);
  if (!status.ok()) {
    ReportError(options, status);
    return absl::IsInvalidArgument(status) ? kExitUsage : kExitError;
  }
  ScrubSummary summary;
  status = ScrubTo(output->get(), options, arguments, &file, input.size(), &summary);
  if (!status.ok()) {
    output->reset();  // removes what was written, before anybody reads the message
    ReportError(options, status);
    fmt::print(stderr, "{}; call none of the numbers\n",
               to_stdout ? "the output is not complete" : "no result was written");
    return kExitError;
  }
  const absl::Duration took = absl::Now() - begun;
  if (!json) {
    summary.Print(to_stdout ? "stdout" : arguments.out, took);
  } else if (to_stdout) {
    PrintJson(summary.ToJson("-", took), stderr);
  } else {
    PrintJson(summary.ToJson(arguments.out, took));
  }
  return kExitOk;
}

}  // namespace

void AddScrubCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto arguments = std::make_shared<ScrubArguments>();
  CLI::App* command =
      app->add_subcommand("scrub",
                          "Scrub a CSV file: keeps its columns and adds dnc_verdict, dnc_reasons, "
                          "dnc_listed_since and dnc_valid_until. An earlier OUT is removed first; "
                          "the new one appears when every row is answered");
  command->add_option("--in", arguments->in, "The input; - is stdin")->capture_default_str();
  command->add_option("--out", arguments->out, "The result; - is stdout")->capture_default_str();
  command->add_option("--column", arguments->column,
                      "Heading of the column with the numbers; if not given: the only column, or "
                      "one named phone, phone_number, number or telephone");
  AddDelimiterOption(command, &arguments->delimiter);
  command->add_option("--as-of", arguments->as_of, "Answer as of this moment, from history");
  command->footer("Exit codes: 0 every row answered, 1 error, 2 usage.");
  command->callback([&options, job, arguments] {
    if (!arguments->as_of.empty()) TimeArgument("--as-of", arguments->as_of);
    *job = [&options, arguments] { return RunScrub(options, *arguments); };
  });
}

}  // namespace dnc::ctl
