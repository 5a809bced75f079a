// OpenMetrics differs from the text format in what stands around the samples, of the families that
// a server has: a counter's family is named without `_total`, and the end of the page is marked.
#include "server/telemetry/metrics_text.h"

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prometheus/text_serializer.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr char kOpenMetricsType[] = "application/openmetrics-text";
constexpr char kTotal[] = "_total";

// What one entry of an Accept header wants, `text/plain;q=0.5`: 1 unless it says less.
double WeightOf(absl::string_view entry) {
  for (absl::string_view parameter : absl::StrSplit(entry, ';')) {
    parameter = absl::StripAsciiWhitespace(parameter);
    if (!absl::ConsumePrefix(&parameter, "q=")) continue;
    return std::strtod(std::string(parameter).c_str(), nullptr);
  }
  return 1;
}

}  // namespace

MetricsFormat AcceptedFormat(std::string_view accept) {
  double open = 0;
  double text = 0;
  for (const absl::string_view entry : absl::StrSplit(ToAbsl(accept), ',')) {
    const absl::string_view type = absl::StripAsciiWhitespace(*absl::StrSplit(entry, ';').begin());
    double& best = absl::EqualsIgnoreCase(type, kOpenMetricsType) ? open : text;
    if (!type.empty()) best = std::max(best, WeightOf(entry));
  }
  return open > 0 && open >= text ? MetricsFormat::kOpenMetrics : MetricsFormat::kText;
}

std::string_view MetricsContentType(MetricsFormat format) {
  return format == MetricsFormat::kText
             ? "text/plain; version=0.0.4; charset=utf-8"
             : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

std::string WriteMetrics(const std::vector<prometheus::MetricFamily>& families,
                         MetricsFormat format) {
  std::string text = prometheus::TextSerializer().Serialize(families);
  if (format == MetricsFormat::kText) return text;
  std::string out;
  out.reserve(text.size());
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    // `# TYPE dnc_calls_total counter`, and `# HELP` with the same name.
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::MaxSplits(' ', 3));
    const bool describes = words.size() == 4 && words[0] == "#";
    if (describes && absl::EndsWith(words[2], kTotal)) {
      absl::StrAppend(&out, "# ", words[1], " ", absl::StripSuffix(words[2], kTotal), " ", words[3],
                      "\n");
    } else {
      absl::StrAppend(&out, line, "\n");
    }
  }
  out.append("# EOF\n");
  return out;
}

}  // namespace dnc
