// What a list's state means for the answers, where it is not what one expects.
#pragma once

#include <string>
#include <vector>

#include "dnc/v1/registry_service.pb.h"

namespace dnc::ctl {

struct ListWarning {
  std::string text;     // a sentence, with what to do
  bool damage = false;  // what was stored is lost
};

// Damaged, stale, required and not loaded.
std::vector<ListWarning> ListWarnings(const v1::ListStatus& list);

}  // namespace dnc::ctl
