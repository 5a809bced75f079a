#include "tools/dncctl/record_facts.h"

#include <algorithm>

#include "tools/dncctl/names.h"
#include "tools/dncctl/record_csv.h"

namespace dnc::ctl {
namespace {

// What the contract says of each, in short.
std::string Help(const std::string& column) {
  if (column == "made_at") return "When it was made; now if not given";
  if (column == "made_by") return "Who wrote it; the key's id if not given";
  if (column == "channel") return "How it came: " + EnumChoices(v1::Channel_descriptor());
  if (column == "reason") return "Why";
  if (column == "note") return "Anything else";
  if (column == "expires_at") return "From when on it no longer counts; never if not given";
  if (column == "ebr_kind") return "EBR: what made it: " + EnumChoices(v1::EbrKind_descriptor());
  if (column == "last_event_at") return "EBR: date of the last transaction or inquiry";
  return "Consent: where it was given, for the proof";
}

}  // namespace

void RecordFacts::AddOptions(CLI::App* command) {
  for (const std::string& column : RecordColumns()) {
    if (column == "number") continue;
    std::string option = "--" + column;
    std::replace(option.begin(), option.end(), '_', '-');
    command->add_option(option, texts_[column], Help(column));
  }
}

absl::Status RecordFacts::Apply(v1::Record* record) const {
  for (const auto& [column, text] : texts_) {
    if (auto status = SetField(column, text, record); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace dnc::ctl
