// Asks a person before numbers become callable.
#pragma once

#include <string>

namespace dnc::ctl {

// Whether somebody can be asked: the command reads from a terminal and writes its questions to one.
bool CanAsk();

// Asks `question` on stderr; true only for the answer "yes".
bool AskYes(const std::string& question);

// What a command does that needs a confirmation. With `yes`, true at once. Else asks whoever sits
// at a terminal; where nobody does, says that --yes is needed. False: nothing was confirmed, which
// was told on stderr, and the command ends with kExitNotConfirmed.
bool Confirmed(bool yes, const std::string& question);

}  // namespace dnc::ctl
