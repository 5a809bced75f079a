// How dncctl tells what a load does or would do, and what the guards found.
#pragma once

#include <cstdio>

#include "dnc/v1/load.pb.h"

namespace dnc::ctl {

// The files by kind, the area codes with their counts, and how many numbers become callable and no
// longer are.
void PrintPlan(const v1::Load& load, FILE* stream);

// What becomes callable and what no longer is; nothing if neither is known.
// Whether the list would answer for area codes for which it does not answer now.
bool HasFirstData(const v1::LoadPlan& plan);

void PrintCallable(const v1::LoadPlan& plan, FILE* stream);

// Every finding with what was measured, its override and what that would make callable.
// `overridden`: those that were overridden, else those that were not.
void PrintFindings(const v1::Load& load, bool overridden, FILE* stream);

// Whether a finding refuses the load.
bool HasRefusals(const v1::Load& load);

}  // namespace dnc::ctl
