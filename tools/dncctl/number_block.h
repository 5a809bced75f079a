// Whole area codes and exchanges where a number is expected.
#pragma once

#include <string>
#include <string_view>

namespace dnc::ctl {

// The three or six digits of what people write for all numbers of an area code or exchange:
// `201XXXXXXX`, `201*`, `201-555-XXXX`, `1 (201) 555-****`, `201`. Empty for other texts.
std::string BlockOf(std::string_view text);

// Why a block is no number of a list, and how it is blocked.
std::string WhyNoBlockHere(const std::string& block, const std::string& list);

}  // namespace dnc::ctl
