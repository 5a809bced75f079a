// dncctl scrub --in leads.csv --out result.csv --column phone.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/time/clock.h"
#include "tools/cli/input_file.h"
#include "tools/cli/output_file.h"
#include "tools/cli/progress_bar.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/scrub_file.h"
#include "tools/dncctl/scrub_result.h"
#include "tools/dncctl/scrub_stream.h"

namespace dnc::cli {
namespace {

struct ScrubArguments {
  std::string in = "-";
  std::string out = "-";
  ScrubTable table;
  char delimiter = CsvReader::kFindDelimiter;
  std::string as_of;
  std::string as_answered_at;
  std::string scope;
  bool allow_unreadable = false;
};

// Returns the next `count` answers.
std::vector<const v1::NumberResult*> TakeResults(const v1::ScrubResponse& answer, size_t count,
                                                 int* next) {
  std::vector<const v1::NumberResult*> results;
  for (size_t i = 0; i < count; ++i) results.push_back(&answer.results((*next)++));
  return results;
}

absl::Status WriteBatch(const ScrubFile& file, const ScrubBatch& batch,
                        const v1::ScrubResponse& answer, OutputFile* output,
                        ScrubSummary* summary) {
  std::string text;
  int next = 0;
  for (size_t i = 0; i < batch.texts.size(); ++i) {
    summary->CountNumber(batch.texts[i], answer.results(static_cast<int>(i)));
  }
  for (const ScrubRow& row : batch.rows) {
    if (row.blank) {
      summary->CountBlankLine();
      file.AppendRow(row, {}, &text);
      continue;
    }
    const auto results = TakeResults(answer, row.texts, &next);
    summary->CountRow(StrictestVerdict(results));
    file.AppendRow(row, AddedColumns(row, file.number_columns(), results), &text);
  }
  if (answer.has_snapshot()) summary->AddSnapshot(answer.snapshot());
  return output->Write(text);
}

absl::Status ScrubTo(OutputFile* output, const GlobalOptions& options,
                     const ScrubArguments& arguments, ScrubFile* file, uint64_t size,
                     ScrubSummary* summary) {
  Session session(options);
  ScrubQuestion question;
  if (!arguments.as_of.empty()) question.as_of = TimeArgument("--as-of", arguments.as_of);
  if (!arguments.as_answered_at.empty()) {
    question.as_answered_at = TimeArgument("--as-answered-at", arguments.as_answered_at);
  }
  question.scope = arguments.scope;
  absl::Status status = output->Write(file->HeadingLine());
  if (!status.ok()) return status;
  ProgressBar bar(!options.json);
  bar.Begin("scrubbing");
  status = ScrubStream(
      session, question,
      [&](ScrubBatch* batch) {
        auto more = file->NextBatch(batch);
        bar.Update(file->bytes_read(), size, "");
        return more;
      },
      [&](const ScrubBatch& batch, const v1::ScrubResponse& answer) {
        return WriteBatch(*file, batch, answer, output, summary);
      });
  bar.Clear();
  if (status.ok() && !arguments.allow_unreadable) status = summary->CheckReadable();
  return status.ok() ? output->Commit() : status;
}

int RunScrub(GlobalOptions options, const ScrubArguments& arguments) {
  const absl::Time begun = absl::Now();
  const bool to_stdout = arguments.out == "-";
  const bool json = options.json;
  if (to_stdout) options.json = false;  // the CSV has stdout
  if (IsSameFile(arguments.in, arguments.out)) {
    ReportError(options, absl::InvalidArgumentError("--in and --out are the same file"));
    return kExitUsage;
  }
  // This comes first, so that an old result never remains, whatever goes wrong later.
  auto output = OutputFile::Open(arguments.out);
  if (!output.ok()) return ReportError(options, output.status());
  const InputFile input(arguments.in);
  if (input.fd() < 0) {
    return ReportError(
        options, absl::NotFoundError(fmt::format("{}: {}", arguments.in, std::strerror(errno))));
  }
  ScrubFile file(input.fd(), arguments.delimiter);
  absl::Status status = file.Open(arguments.table);
  if (!status.ok()) {
    ReportError(options, status);
    return absl::IsInvalidArgument(status) ? kExitUsage : kExitError;
  }
  ScrubSummary summary;
  status = ScrubTo(output->get(), options, arguments, &file, input.size(), &summary);
  if (!status.ok()) {
    output->reset();  // this removes what was written, before anybody reads the message
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
                          "dnc_listed_since and dnc_valid_until; of several columns of numbers the "
                          "strictest, and dnc_verdict_HEADING for each. An earlier OUT is removed "
                          "first; the new one appears when every row is answered");
  command->add_option("--in", arguments->in, "The input; - is stdin")->capture_default_str();
  command->add_option("--out", arguments->out, "The result; - is stdout")->capture_default_str();
  arguments->table.columns.AddOptions(command);
  command->add_flag("--replace", arguments->table.replace,
                    "Replace the columns that an earlier scrub has added");
  command->add_flag("--allow-unreadable", arguments->allow_unreadable,
                    "Also write a result in which hardly any number can be read");
  AddDelimiterOption(command, &arguments->delimiter);
  CLI::Option* const as_of = command->add_option(
      "--as-of", arguments->as_of, "What the lists said of this moment, by all that is known now");
  command
      ->add_option("--as-answered-at", arguments->as_answered_at,
                   "What the server answered at this moment, from what it had published by then")
      ->excludes(as_of);
  command->add_option(
      "--scope", arguments->scope,
      "For whom the calls are made: BRAND or BRAND/CAMPAIGN; the strictest answer if "
      "not given");
  command->footer("Exit codes: 0 every row answered, 1 error, 2 usage.");
  command->callback([&options, job, arguments] {
    if (!arguments->as_of.empty()) TimeArgument("--as-of", arguments->as_of);
    if (!arguments->as_answered_at.empty()) {
      TimeArgument("--as-answered-at", arguments->as_answered_at);
    }
    *job = [&options, arguments] { return RunScrub(options, *arguments); };
  });
}

}  // namespace dnc::cli
