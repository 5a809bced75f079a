// dncctl import: a CSV file into a list of the tenant.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tools/cli/input_file.h"
#include "tools/cli/names.h"
#include "tools/cli/output_file.h"
#include "tools/cli/progress_bar.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/text_encoding.h"
#include "tools/cli/tool_main.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/import_file.h"
#include "tools/dncctl/import_run.h"
#include "tools/dncctl/record_csv.h"

namespace dnc::cli {
namespace {

constexpr size_t kMaxBlocksAtOnce = 1'000;

// The positions of the columns that describe lists.
struct ListPlaces {
  explicit ListPlaces(const ImportColumns& columns)
      : id(PlaceOf(columns, kListIdColumn)),
        kind(PlaceOf(columns, kListKindColumn)),
        scope(PlaceOf(columns, kListScopeColumn)),
        name(PlaceOf(columns, kListNameColumn)) {}

  size_t id;
  size_t kind;
  size_t scope;
  size_t name;
};

std::string CellAt(const CsvRecord& row, size_t place) {
  return place < row.fields.size() ? ToUtf8(row.Text(place)) : "";
}

absl::Status Wrong(const CsvRecord& row, const std::string& why) {
  return absl::InvalidArgumentError(
      fmt::format("line {}: {}; nothing was imported", row.line, why));
}

// What the row says about its list must be the same in all rows. Otherwise the last of two rows
// could turn a list of opt-outs into one of consents.
absl::Status TakeMeaning(const CsvRecord& row, const ListPlaces& places, v1::OwnList* list) {
  const std::string text = CellAt(row, places.kind);
  const std::string scope = CellAt(row, places.scope);
  if (IsNothing(text)) {
    if (scope.empty()) return absl::OkStatus();
    return Wrong(row, "it has a list_scope without a list_kind");
  }
  const auto kind = ParseEnum(v1::OwnListKind_descriptor(), text);
  if (!kind.has_value()) {
    return Wrong(row, fmt::format("list_kind: '{}' is none of {}", Printable(text),
                                  EnumChoices(v1::OwnListKind_descriptor())));
  }
  const bool known = list->kind() != v1::OWN_LIST_KIND_UNSPECIFIED;
  if (known && (list->kind() != *kind || list->scope() != scope)) {
    return Wrong(row, fmt::format("the list '{}' has another kind or scope than in a line before",
                                  Printable(list->list_id())));
  }
  list->set_kind(static_cast<v1::OwnListKind>(*kind));
  list->set_scope(scope);
  list->set_display_name(CellAt(row, places.name));
  return absl::OkStatus();
}

absl::Status TakeRow(const CsvRecord& row, const ListPlaces& places,
                     std::vector<v1::OwnList>* lists) {
  if (row.blank() || row.HoldsNothing()) return absl::OkStatus();
  std::string id = ListNamed(CellAt(row, places.id));
  if (id.empty()) id = kDefaultList;
  auto list = std::find_if(lists->begin(), lists->end(),
                           [&id](const v1::OwnList& known) { return known.list_id() == id; });
  if (list == lists->end()) {
    list = lists->emplace(lists->end());
    list->set_list_id(id);
  }
  return TakeMeaning(row, places, &*list);
}

// Returns the lists that the rows of a file name, in their order, with `internal` for rows that
// name none. Includes what an export says about them, unless the kind is unspecified. Reads the
// whole file, which must have a column list_id. Fails with INVALID_ARGUMENT if the file contradicts
// itself about a list, or says what cannot be read.
absl::StatusOr<std::vector<v1::OwnList>> ListsOfFile(int fd, const ImportFormat& format) {
  CsvReader reader(fd, format.delimiter);
  CsvRecord row;
  auto more = reader.Next(&row);
  while (more.ok() && *more && row.blank()) more = reader.Next(&row);
  if (!more.ok()) return more.status();
  std::vector<std::string> names = row.Texts();
  for (std::string& name : names) name = ToUtf8(name);
  const auto columns = FindImportColumns(names, format);
  if (!columns.ok()) return columns.status();
  const ListPlaces places(*columns);
  if (places.id == kNowhere) {
    return absl::InvalidArgumentError(
        "the file has no column list_id, so all of it is of one list: name it with --list");
  }
  TableShape shape;
  shape.columns = columns->meanings.size();
  shape.number_columns = {PlaceOf(*columns, "number")};
  reader.set_shape(std::move(shape));
  std::vector<v1::OwnList> lists;
  bool is_row = !columns->heading;  // without a heading the first line is a row
  for (;;) {
    const absl::Status status = is_row ? TakeRow(row, places, &lists) : absl::OkStatus();
    if (!status.ok()) return status;
    more = reader.Next(&row);
    if (!more.ok()) return more.status();
    if (!*more) return lists;
    is_row = true;
  }
}

// An opt-out of the file must not become a consent in a list that happens to have the same id, and
// one brand's opt-out must not become another brand's.
absl::Status CheckSameMeaning(const v1::OwnList& list, const v1::ListListsResponse& there) {
  for (const v1::OwnList& other : there.lists()) {
    if (other.list_id() != list.list_id() || list.kind() == v1::OWN_LIST_KIND_UNSPECIFIED) continue;
    if (other.kind() == list.kind() && other.scope() == list.scope()) continue;
    return absl::InvalidArgumentError(
        fmt::format("the tenant has a list '{}' of another kind or scope than the file's; nothing "
                    "was imported: import the file's lists one by one with --list",
                    Printable(list.list_id())));
  }
  return absl::OkStatus();
}

// Makes the lists that `there` lacks. Fails with INVALID_ARGUMENT, and makes nothing, if a list
// exists with another kind or scope, or if one is missing that the file does not describe.
absl::Status MakeMissingLists(Session& session, const std::vector<v1::OwnList>& lists,
                              const v1::ListListsResponse& there) {
  for (const v1::OwnList& list : lists) {
    if (auto status = CheckSameMeaning(list, there); !status.ok()) return status;
  }
  for (const v1::OwnList& list : lists) {
    const bool known = std::any_of(
        there.lists().begin(), there.lists().end(),
        [&list](const v1::OwnList& other) { return other.list_id() == list.list_id(); });
    if (known) continue;
    if (list.kind() == v1::OWN_LIST_KIND_UNSPECIFIED) {
      return absl::InvalidArgumentError(fmt::format(
          "there is no list '{}', and the file does not tell its kind; make it first: dncctl lists "
          "create {} --kind KIND",
          Printable(list.list_id()), Printable(list.list_id())));
    }
    v1::CreateListRequest request;
    *request.mutable_list() = list;
    const auto made = session.Call(session.lists(), &v1::ListService::Stub::CreateList, request);
    if (!made.ok()) return made.status();
  }
  return absl::OkStatus();
}

// Blocks the area codes and exchanges in the list. Returns the revision; 0 if there are none.
absl::StatusOr<uint64_t> AddBlocks(Session& session, const std::string& list,
                                   const std::vector<std::string>& blocks) {
  uint64_t revision = 0;
  for (size_t next = 0; next < blocks.size(); next += kMaxBlocksAtOnce) {
    v1::AddBlocksRequest request;
    request.set_list_id(list);
    const size_t end = std::min(blocks.size(), next + kMaxBlocksAtOnce);
    for (size_t i = next; i < end; ++i) request.add_blocks(blocks[i]);
    const auto answer = session.Call(session.lists(), &v1::ListService::Stub::AddBlocks, request);
    if (!answer.ok()) return answer.status();
    revision = answer->revision();
  }
  return revision;
}

struct ImportArguments {
  std::string in;
  std::string refused;
  std::string kept;
  bool strict = false;
  bool all_lists = false;
  ImportFormat format;
  RecordFacts facts;
};

// The outcome of the file, over all its lists.
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

// Returns unspecified for a list that does not exist; the server will say so.
v1::OwnListKind KindOf(const v1::ListListsResponse& lists, const std::string& id) {
  for (const v1::OwnList& list : lists.lists()) {
    if (list.list_id() == id) return list.kind();
  }
  return v1::OWN_LIST_KIND_UNSPECIFIED;
}

// Facts are dropped only if an opt-out would be lost otherwise.
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

// The reports of both kinds, and the bar that shares the terminal with them.
struct Reports {
  explicit Reports(bool quiet) : bar(!quiet) {}

  // Call this once, when the file's columns are known.
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

// Imports the rows of one list, from the beginning of the file.
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

// Imports each list of the file by itself.
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
  // An earlier file of lines is removed, but neither the input nor the other such file may be.
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

// --list, --column and so on, --columns, --map, --ignore, --ignore-others, --delimiter.
void AddFormatOptions(CLI::App* command, ImportFormat* format) {
  command->add_option("--list", format->list, "The list")->capture_default_str();
  format->numbers.AddOptions(command);
  command
      ->add_option("--columns", format->columns,
                   "The columns of a file without a heading: number,made_at,- (- leaves one out)")
      ->delimiter(',');
  command
      ->add_option("--map", format->mapped,
                   "HEADING=FACT: what a column holds; by its place, too: 3=note")
      ->allow_extra_args(false);
  command
      ->add_option("--ignore", format->ignored,
                   "A heading to leave out, or several with commas between; places, too")
      ->allow_extra_args(false);
  command->add_flag("--ignore-others", format->ignore_others,
                    "Leave out all columns that are no fact; of exemptions none that may be an "
                    "end: expir, end, until, valid");
  AddDelimiterOption(command, &format->delimiter);
}

}  // namespace

void AddImportCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  auto arguments = std::make_shared<ImportArguments>();
  arguments->format.list = "internal";
  CLI::App* command = app->add_subcommand(
      "import", "Add a CSV file's records to a list of the tenant; 1 if lines were refused");
  command->add_option("file", arguments->in, "The file; - for stdin")->required();
  AddFormatOptions(command, &arguments->format);
  command->add_option("--refused", arguments->refused, "File for the refused lines, with reasons");
  command->add_option("--kept", arguments->kept,
                      "File for the lines that were kept without a fact, with reasons");
  command->add_flag("--strict", arguments->strict,
                    "Refuse a line of which any fact can't be read or taken. Else a do-not-call "
                    "request is kept without it; exemptions are always read strictly");
  command->add_flag("--all-lists", arguments->all_lists,
                    "Import each row into the list that its list_id names: a whole export; lists "
                    "that are missing are made");
  AddFactOptions(command, &arguments->facts);
  SetJob(command, options, job, arguments, RunImport);
}

}  // namespace dnc::cli
