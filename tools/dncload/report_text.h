// Prints a report for a terminal or a log.
#pragma once

#include <cstdio>

#include "tools/dncload/report.h"

namespace dnc::load {

void PrintText(const Report& report, FILE* stream);

// Prints one line per run, then notes and failures.
void PrintBrief(const Report& report, FILE* stream);

}  // namespace dnc::load
