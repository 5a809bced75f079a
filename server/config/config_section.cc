#include "server/config/config_section.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

// Converts a scalar to a number, or returns nullopt; yaml-cpp's own conversion throws or accepts
// too much.
template <class Value>
std::optional<Value> ParseValue(std::string_view text) {
  Value value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<uint64_t> ParseBytes(std::string_view text) {
  uint64_t unit = 1;
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  std::string_view suffix = text.substr(digits);
  while (!suffix.empty() && suffix.front() == ' ') suffix.remove_prefix(1);
  if (suffix == "KiB")
    unit = 1ULL << 10;
  else if (suffix == "MiB")
    unit = 1ULL << 20;
  else if (suffix == "GiB")
    unit = 1ULL << 30;
  else if (!suffix.empty())
    return std::nullopt;
  const auto count = ParseValue<uint64_t>(text.substr(0, digits));
  if (!count.has_value() || *count > std::numeric_limits<uint64_t>::max() / unit) {
    return std::nullopt;
  }
  return *count * unit;
}

}  // namespace

absl::Status ConfigError(std::string_view message) {
  return Error(reason::kInvalidRequest, message);
}

ConfigSection::ConfigSection(std::string path, const YAML::Node& node)
    : path_(std::move(path)), node_(node) {
  if (node_.IsDefined() && !node_.IsNull() && !node_.IsMap()) {
    status_ = ConfigError(StrCat(path_.empty() ? "the file" : path_, " (line ",
                                 node_.Mark().line + 1, "): expected `key: value` lines"));
  }
}

std::string ConfigSection::Place(std::string_view key) const {
  const std::string name = path_.empty() ? std::string(key) : StrCat(path_, ".", key);
  if (node_.IsMap()) {
    for (const auto& entry : node_) {
      if (entry.first.IsScalar() && entry.first.Scalar() == key) {
        return StrCat(name, " (line ", entry.first.Mark().line + 1, ")");
      }
    }
  }
  return name;
}

void ConfigSection::Fail(std::string_view key, std::string_view what) {
  if (status_.ok()) status_ = ConfigError(StrCat(Place(key), ": ", what));
}

YAML::Node ConfigSection::Take(std::string_view key) {
  known_.insert(std::string(key));
  if (!status_.ok() || !node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  const YAML::Node value = node_[std::string(key)];
  if (!value.IsDefined() || value.IsNull()) return YAML::Node(YAML::NodeType::Undefined);
  return value;
}

void ConfigSection::ReadRetired(std::string_view key, std::vector<std::string>* retired) {
  if (Take(key).IsDefined()) retired->push_back(Place(key));
}

YAML::Node ConfigSection::Child(std::string_view key) { return Take(key); }

void ConfigSection::Read(std::string_view key, bool* field) {
  const YAML::Node value = Take(key);
  if (!value.IsDefined()) return;
  if (value.IsScalar() && value.Scalar() == "true") {
    *field = true;
  } else if (value.IsScalar() && value.Scalar() == "false") {
    *field = false;
  } else {
    Fail(key, "expected true or false");
  }
}

template <class Whole>
void ConfigSection::ReadWhole(std::string_view key, Whole* field, Whole least, Whole most) {
  const YAML::Node value = Take(key);
  if (!value.IsDefined()) return;
  const auto number = value.IsScalar() ? ParseValue<Whole>(value.Scalar()) : std::nullopt;
  if (!number.has_value() || *number < least || *number > most) {
    Fail(key, StrCat("expected a whole number from ", least, " to ", most));
    return;
  }
  *field = *number;
}

void ConfigSection::Read(std::string_view key, int* field, int least, int most) {
  ReadWhole(key, field, least, most);
}

void ConfigSection::Read(std::string_view key, uint32_t* field, uint32_t least, uint32_t most) {
  ReadWhole(key, field, least, most);
}

void ConfigSection::Read(std::string_view key, uint64_t* field, uint64_t least, uint64_t most) {
  ReadWhole(key, field, least, most);
}

void ConfigSection::Read(std::string_view key, double* field, double least, double most) {
  const YAML::Node value = Take(key);
  if (!value.IsDefined()) return;
  const auto number = value.IsScalar() ? ParseValue<double>(value.Scalar()) : std::nullopt;
  // The condition is written so that NaN fails it.
  if (!number.has_value() || !(*number >= least && *number <= most)) {
    Fail(key, StrCat("expected a number from ", least, " to ", most));
    return;
  }
  *field = *number;
}

void ConfigSection::Read(std::string_view key, std::string* field) {
  const YAML::Node value = Take(key);
  if (!value.IsDefined()) return;
  if (!value.IsScalar()) {
    Fail(key, "expected a text");
    return;
  }
  *field = value.Scalar();
}

void ConfigSection::Read(std::string_view key, std::vector<std::string>* field) {
  const YAML::Node value = Take(key);
  if (!value.IsDefined()) return;
  std::vector<std::string> texts;
  for (const YAML::Node& entry : value) {
    if (entry.IsScalar()) texts.push_back(entry.Scalar());
  }
  if (!value.IsSequence() || texts.size() != value.size()) {
    Fail(key, "expected a list of texts");
    return;
  }
  *field = std::move(texts);
}

void ConfigSection::ReadBytes(std::string_view key, uint64_t* field, uint64_t least,
                              uint64_t most) {
  const YAML::Node value = Take(key);
  if (!value.IsDefined()) return;
  const auto bytes = value.IsScalar() ? ParseBytes(value.Scalar()) : std::nullopt;
  if (!bytes.has_value() || *bytes < least || *bytes > most) {
    Fail(key, StrCat("expected bytes from ", least, " to ", most, ", for example `64 MiB`"));
    return;
  }
  *field = *bytes;
}

void ConfigSection::ReadBytes(std::string_view key, int* field, int least, int most) {
  uint64_t bytes = static_cast<uint64_t>(*field);
  ReadBytes(key, &bytes, static_cast<uint64_t>(least), static_cast<uint64_t>(most));
  *field = static_cast<int>(bytes);
}

void ConfigSection::ReadDuration(std::string_view key, absl::Duration* field, absl::Duration unit,
                                 int least, int most) {
  int count = static_cast<int>(*field / unit);
  Read(key, &count, least, most);
  *field = count * unit;
}

absl::Status ConfigSection::Finish() {
  if (!status_.ok() || !node_.IsMap()) return status_;
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "(not a text)";
    if (known_.find(key) == known_.end()) {
      Fail(key, "unknown key; docs/configuration.md lists those that exist");
    } else if (!seen.insert(key).second) {
      Fail(key, "this key stands twice");
    }
  }
  return status_;
}

}  // namespace dnc
