// A report for a terminal or a log.
#pragma once

#include <cstdio>

#include "tools/dncload/report.h"

namespace dnc::load {

void PrintText(const Report& report, FILE* stream);

// A line a run, then notes and failures.
void PrintBrief(const Report& report, FILE* stream);

}  // namespace dnc::load
