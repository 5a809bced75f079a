#include "tools/cli/usage.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"

namespace dnc::cli {
namespace {

// Counts the insertions, deletions, replacements and swaps of neighbors that turn one text into the
// other.
size_t Distance(const std::string& one, const std::string& other) {
  std::vector<std::vector<size_t>> costs(one.size() + 1, std::vector<size_t>(other.size() + 1));
  for (size_t i = 0; i <= one.size(); ++i) {
    for (size_t j = 0; j <= other.size(); ++j) {
      if (i == 0 || j == 0) {
        costs[i][j] = i + j;
        continue;
      }
      const size_t same = one[i - 1] == other[j - 1] ? 0 : 1;
      costs[i][j] =
          std::min({costs[i - 1][j] + 1, costs[i][j - 1] + 1, costs[i - 1][j - 1] + same});
      const bool exchanged =
          i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
      if (exchanged) costs[i][j] = std::min(costs[i][j], costs[i - 2][j - 2] + 1);
    }
  }
  return costs[one.size()][other.size()];
}

// Returns the innermost command that was understood.
const CLI::App* InnermostCommand(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

// Returns "dncctl lists create".
std::string PathOf(const CLI::App* app) {
  const std::string parent = app->get_parent() == nullptr ? "" : PathOf(app->get_parent()) + " ";
  return parent + app->get_name();
}

std::vector<std::string> Commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// Returns the options of the command and of the commands that it is a part of.
std::vector<std::string> Options(const CLI::App* app) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::string WithHint(const std::string& message, const std::string& nearest) {
  return nearest.empty() ? message : fmt::format("{}; did you mean {}?", message, nearest);
}

std::string Number(const std::string& text) {
  return fmt::format("{:g}", std::strtod(text.c_str(), nullptr));
}

// Shortens CLI11's "--limit: Value -5 not in range 0.000000 to 1797693134862315708145274...", which
// it also writes for values that are no numbers.
std::string WithShortRange(const std::string& message) {
  constexpr char kValue[] = ": Value ";
  constexpr char kRange[] = " not in range ";
  const size_t value = message.find(kValue);
  const size_t range = message.rfind(kRange);
  const size_t to = message.rfind(" to ");
  if (value == std::string::npos || range == std::string::npos || to == std::string::npos ||
      to < range) {
    return message;
  }
  const size_t value_at = value + sizeof(kValue) - 1;
  const size_t low_at = range + sizeof(kRange) - 1;
  const std::string low = message.substr(low_at, to - low_at);
  const std::string high = message.substr(to + 4);
  constexpr size_t kLongestShown = 30;
  const std::string allowed = high.size() > kLongestShown
                                  ? "a positive number"
                                  : fmt::format("from {} to {}", Number(low), Number(high));
  return fmt::format("{}: '{}' must be {}", message.substr(0, value),
                     message.substr(value_at, range - value_at), allowed);
}

// Shortens "--list: 1 required TEXT missing".
std::string WithoutType(const std::string& message) {
  const size_t required = message.find(": 1 required ");
  const bool missing = message.size() > 8 && message.substr(message.size() - 8) == " missing";
  if (required == std::string::npos || !missing) return message;
  return message.substr(0, required) + " needs a value";
}

}  // namespace

std::string Nearest(const std::string& text, const std::vector<std::string>& known) {
  std::string nearest;
  size_t least = text.size() / 3 + 2;  // more mistakes than this mean another word
  for (const std::string& name : known) {
    const bool begins = text.size() >= 3 && name.rfind(text, 0) == 0;
    const size_t distance = begins ? 1 : Distance(text, name);
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

std::string WhyNotParsed(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* const command = InnermostCommand(&app);
  const std::vector<std::string> commands = Commands(*command);
  std::vector<std::string> unknown = app.remaining(true);
  const auto option = std::find_if(unknown.begin(), unknown.end(), [](const std::string& text) {
    return text.size() > 1 && text.front() == '-' && (text[1] == '-' || std::isalpha(text[1]) != 0);
  });
  if (option != unknown.end()) {
    const std::string name = option->substr(0, option->find('='));
    return WithHint("there is no option " + name, Nearest(name, Options(command)));
  }
  if (!commands.empty() && command->get_subcommands().empty()) {
    if (unknown.empty()) return fmt::format("which command? One of {}", fmt::join(commands, ", "));
    const std::string nearest = Nearest(unknown.front(), commands);
    const std::string message = fmt::format("there is no command '{}'", unknown.front());
    if (!nearest.empty()) return WithHint(message, nearest);
    return fmt::format("{}; the commands are {}", message, fmt::join(commands, ", "));
  }
  return WithoutType(WithShortRange(error.what()));
}

int ReportUsage(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const Style style(stderr);
  fmt::print(stderr, "{} {}\nSee {} --help\n", style.Bad("error:"),
             Printable(WhyNotParsed(app, error)), PathOf(InnermostCommand(&app)));
  return kExitUsage;
}

}  // namespace dnc::cli
