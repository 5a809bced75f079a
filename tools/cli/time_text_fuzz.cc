// Reads any bytes as a time, without a fault. A time that was read must be the same moment when it
// is written in ISO 8601 and read again; the reason for one that was not read must be printable.
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "server/base/check.h"
#include "tools/cli/terminal.h"
#include "tools/cli/time_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto moment = dnc::cli::ReadTime(text);
  if (!moment.has_value()) {
    const std::string why = dnc::cli::WhyNoTime(text);
    DNC_CHECK(dnc::cli::Printable(why) == why, "a reason is fit for a terminal");
    return 0;
  }
  const std::string written =
      absl::FormatTime("%E4Y-%m-%d%ET%H:%M:%E*SZ", *moment, absl::UTCTimeZone());
  const auto again = dnc::cli::ReadTime(written);
  DNC_CHECK(again.has_value() && *again == *moment, "a moment is written and read");
  return 0;
}
