// Writes a report as one HTML page that is complete in itself: no external script, font or picture.
#pragma once

#include <string>

#include "tools/dncload/report.h"

namespace dnc::load {

std::string ToHtml(const Report& report);

}  // namespace dnc::load
