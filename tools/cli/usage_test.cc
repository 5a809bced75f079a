#include "tools/cli/usage.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace dnc::cli {
namespace {

TEST(NearestTest, FindsWhatWasMeant) {
  const std::vector<std::string> known = {"check", "coverage", "load", "loads", "lists", "scrub"};
  EXPECT_EQ(Nearest("chek", known), "check");
  EXPECT_EQ(Nearest("hceck", known), "check");
  EXPECT_EQ(Nearest("cover", known), "coverage");
  EXPECT_EQ(Nearest("laod", known), "load");
  EXPECT_EQ(Nearest("frob", known), "");
  EXPECT_EQ(Nearest("", known), "");
}

// Returns why a command line is refused.
std::string Why(const std::vector<std::string>& line) {
  CLI::App app("", "tool");
  app.fallthrough();
  app.require_subcommand(1);
  double timeout = 1;
  app.add_option("--timeout", timeout)->check(CLI::Range(0.001, 86400.0));
  CLI::App* lists = app.add_subcommand("lists");
  lists->require_subcommand(1);
  lists->add_subcommand("create");
  lists->add_subcommand("block");
  CLI::App* releases = app.add_subcommand("releases");
  unsigned limit = 0;
  releases->add_option("--limit", limit)->check(CLI::PositiveNumber);
  std::vector<std::string> reversed(line.rbegin(), line.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return WhyNotParsed(app, error);
  }
  return "";
}

TEST(WhyNotParsedTest, NamesTheNearestCommandOrOption) {
  EXPECT_EQ(Why({"relases"}), "there is no command 'relases'; did you mean releases?");
  EXPECT_EQ(Why({"frobnicate"}),
            "there is no command 'frobnicate'; the commands are lists, releases");
  EXPECT_EQ(Why({}), "which command? One of lists, releases");
  EXPECT_EQ(Why({"lists"}), "which command? One of create, block");
  EXPECT_EQ(Why({"lists", "blok", "201"}), "there is no command 'blok'; did you mean block?");
  EXPECT_EQ(Why({"releases", "--limt", "5"}), "there is no option --limt; did you mean --limit?");
  EXPECT_EQ(Why({"releases", "--timout=5"}),
            "there is no option --timout; did you mean --timeout?");
}

TEST(WhyNotParsedTest, RangesAreShort) {
  EXPECT_EQ(Why({"releases", "--limit", "-5"}), "--limit: '-5' must be a positive number");
  EXPECT_EQ(Why({"releases", "--limit", "x"}), "--limit: 'x' must be a positive number");
  EXPECT_EQ(Why({"--timeout", "-5", "releases"}), "--timeout: '-5' must be from 0.001 to 86400");
  EXPECT_EQ(Why({"releases", "--limit"}), "--limit needs a value");
}

}  // namespace
}  // namespace dnc::cli
