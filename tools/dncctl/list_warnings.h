// What a list's state means for the answers, where it is not what one expects.
#pragma once

#include <string>
#include <vector>

#include "dnc/v1/registry_service.pb.h"

namespace dnc::ctl {

// Damaged, stale, required and not loaded: a sentence each, with what to do.
std::vector<std::string> ListWarnings(const v1::ListStatus& list);

}  // namespace dnc::ctl
