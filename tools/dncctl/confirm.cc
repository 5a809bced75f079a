#include "tools/dncctl/confirm.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>

#include "tools/dncctl/terminal.h"

namespace dnc::ctl {

bool CanAsk() { return IsTerminal(stdin) && IsTerminal(stderr); }

bool AskYes(const std::string& question) {
  fmt::print(stderr, "{} Type yes: ", question);
  std::fflush(stderr);
  std::string answer;
  if (!std::getline(std::cin, answer)) answer.clear();
  while (!answer.empty() && (answer.back() == '\r' || answer.back() == ' ')) answer.pop_back();
  return answer == "yes";
}

bool Confirmed(bool yes, const std::string& question) {
  if (yes) return true;
  if (!CanAsk()) {
    fmt::print(stderr,
               "not confirmed: nobody can be asked here. If that is what you want, run it again "
               "with --yes\nnothing changed\n");
    return false;
  }
  if (AskYes(question)) return true;
  fmt::print(stderr, "not confirmed; nothing changed\n");
  return false;
}

}  // namespace dnc::ctl
