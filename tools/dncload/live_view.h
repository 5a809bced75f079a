// A line on the terminal that shows a run while it goes on.
#pragma once

#include <cstdint>
#include <memory>

#include "tools/dncload/run.h"

namespace dnc::load {

// Writes to stderr, one line that is updated. Where stderr is no terminal it shows nothing at all.
std::unique_ptr<LiveView> MakeLiveView();

}  // namespace dnc::load
