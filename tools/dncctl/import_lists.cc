#include "tools/dncctl/import_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tools/dncctl/names.h"
#include "tools/dncctl/record_csv.h"
#include "tools/dncctl/terminal.h"
#include "tools/dncctl/text_encoding.h"

namespace dnc::ctl {
namespace {

constexpr size_t kMaxBlocksAtOnce = 1'000;

// Where the columns of lists stand.
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

// What the row says of its list must be the same in all rows: the last of two would make a list of
// consents of one of opt-outs.
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

}  // namespace

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
  bool is_row = !columns->heading;  // without a heading the first line is one
  for (;;) {
    const absl::Status status = is_row ? TakeRow(row, places, &lists) : absl::OkStatus();
    if (!status.ok()) return status;
    more = reader.Next(&row);
    if (!more.ok()) return more.status();
    if (!*more) return lists;
    is_row = true;
  }
}

namespace {

// An opt-out of the file must not become a consent of a list that has the same id by chance, nor
// one of a brand that of another.
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

}  // namespace

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

}  // namespace dnc::ctl
