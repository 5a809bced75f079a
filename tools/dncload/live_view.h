// Shows a run on the terminal while it goes on.
#pragma once

#include <cstdint>
#include <memory>

#include "tools/dncload/run.h"

namespace dnc::load {

// Returns a view that updates one line on stderr. If stderr is no terminal, it shows nothing.
std::unique_ptr<LiveView> MakeLiveView();

}  // namespace dnc::load
