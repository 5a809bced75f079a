// How the tools write for people, and ask them: colors, units, times, tables, confirmations.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "dnc/wire_time.h"

namespace dnc::cli {

bool IsTerminal(FILE* stream);

// Uses colors if the stream is a terminal and NO_COLOR is not set; otherwise plain text.
class Style {
 public:
  explicit Style(FILE* stream);

  std::string Good(std::string_view text) const { return Wrap("1;32", text); }
  std::string Bad(std::string_view text) const { return Wrap("1;31", text); }
  std::string Warn(std::string_view text) const { return Wrap("1;33", text); }
  std::string Strong(std::string_view text) const { return Wrap("1", text); }
  std::string Faint(std::string_view text) const { return Wrap("2", text); }

 private:
  std::string Wrap(std::string_view code, std::string_view text) const;

  bool colours_;
};

// Makes text from elsewhere (the server, a file, the command line) harmless for a terminal, and
// keeps it on one line. Control characters, bytes that are not UTF-8, and invisible characters that
// reorder or hide text are written as \x1b or \u202e. Everything that dncctl prints for people goes
// through this before colors are added; Table and ProgressBar call it themselves.
std::string Printable(std::string_view text);

// Writes 1234567 as "1,234,567".
std::string WithCommas(uint64_t value);
// Writes 1536 as "1.5 KiB".
std::string HumanBytes(double bytes);
// Writes "4 s", "3 min 12 s", "2 h 5 min", "12 days".
std::string HumanDuration(absl::Duration duration);

// Writes ISO 8601 in UTC, to the second: 2026-08-05T14:03:00Z.
std::string IsoTime(const google::protobuf::Timestamp& timestamp);

// Writes ten digits as "201-555-0123".
std::string FormatNumber(uint64_t number);

// A table of left-aligned columns, except that columns named in `right` are right-aligned. Cells
// are made Printable.
class Table {
 public:
  Table(std::vector<std::string> headings, const std::vector<size_t>& right);
  void AddRow(std::vector<std::string> cells);
  void Print(FILE* stream) const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<bool> right_;
};

// Returns whether somebody can be asked: the command reads from a terminal and writes its questions
// to one.
bool CanAsk();

// Asks `question` on stderr. Returns true only if the answer is "yes".
bool AskYes(const std::string& question);

// For commands that need a confirmation. With `yes`, returns true at once. Otherwise asks the
// person at the terminal; if there is none, says that --yes is needed. If it returns false, nothing
// was confirmed, stderr says so, and the command ends with kExitNotConfirmed.
bool Confirmed(bool yes, const std::string& question);

}  // namespace dnc::cli
