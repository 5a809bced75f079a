// A report as one HTML page that needs nothing from elsewhere: no script, no font, no picture.
#pragma once

#include <string>

#include "tools/dncload/report.h"

namespace dnc::load {

std::string ToHtml(const Report& report);

}  // namespace dnc::load
