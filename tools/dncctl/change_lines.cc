#include "tools/dncctl/change_lines.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "tools/dncctl/names.h"
#include "tools/dncctl/proto_json.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
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

// 201XXXXXXX, which no program takes for a number.
std::string Pattern(std::string block) {
  if (block.size() < kNumberDigits) block.append(kNumberDigits - block.size(), 'X');
  return block;
}

}  // namespace

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

}  // namespace dnc::ctl
