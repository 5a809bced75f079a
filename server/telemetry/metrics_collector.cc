#include "server/telemetry/metrics_collector.h"

#include <array>
#include <limits>
#include <utility>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/telemetry/metric_family.h"
#include "server/telemetry/process_metrics.h"
#include "server/telemetry/tenant_metrics.h"

namespace dnc {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::array<const char*, kVerdictCount> kVerdictNames = {
    "unspecified", "clear", "listed", "not_covered", "stale", "invalid", "wireless"};

MetricFamily BuildInfo(const std::string& version) {
  MetricFamily family = NewFamily(
      "dnc_build_info", "Always 1; the label tells the server's version.", MetricType::Gauge);
  AddGauge(&family, {{"version", version}}, 1);
  return family;
}

MetricFamily CertificateEnd(absl::Time end) {
  return SingleGauge("dnc_tls_certificate_not_after_seconds",
                     "When the TLS certificate that is served runs out, in seconds since 1970.",
                     absl::ToDoubleSeconds(end - absl::UnixEpoch()));
}

MetricFamily Numbers(const MetricsSum& sum) {
  MetricFamily family =
      NewFamily("dnc_scrubbed_numbers_total", "Numbers answered, by verdict.", MetricType::Counter);
  for (size_t i = 1; i < kVerdictNames.size(); ++i) {
    AddCounter(&family, {{"verdict", kVerdictNames[i]}}, static_cast<double>(sum.numbers[i]));
  }
  return family;
}

MetricFamily Calls(const MetricsSum& sum) {
  MetricFamily family = NewFamily("dnc_calls_total", "Calls ended, by method and gRPC status code.",
                                  MetricType::Counter);
  for (size_t method = 0; method < kMethodCount; ++method) {
    const std::string name(MethodName(static_cast<Method>(method)));
    for (size_t code = 0; code < kStatusCodeCount; ++code) {
      if (sum.calls[method][code] == 0) continue;
      AddCounter(&family,
                 {{"method", name},
                  {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(code))}},
                 static_cast<double>(sum.calls[method][code]));
    }
  }
  return family;
}

MetricFamily Latency(const MetricsSum& sum) {
  MetricFamily family =
      NewFamily("dnc_handler_seconds",
                "Time from a request read to its answer ready, without the network, by method.",
                MetricType::Histogram);
  for (size_t method = 0; method < kMethodCount; ++method) {
    const LatencyCounts& counts = sum.latency[method];
    ClientMetric metric;
    metric.label = {{"method", std::string(MethodName(static_cast<Method>(method)))}};
    uint64_t seen = 0;
    for (int bucket = 0; bucket < kBucketCount; ++bucket) {
      seen += counts.buckets[static_cast<size_t>(bucket)];
      const double bound = bucket < kBoundCount ? static_cast<double>(BucketBound(bucket)) * 1e-9
                                                : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({seen, bound});
    }
    if (seen == 0) continue;
    metric.histogram.sample_count = seen;
    metric.histogram.sample_sum = static_cast<double>(counts.nanoseconds) * 1e-9;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

void AddLists(const std::vector<ListInfo>& lists, absl::Time now,
              std::vector<MetricFamily>* families) {
  MetricFamily numbers =
      NewFamily("dnc_list_numbers", "Numbers on the list's release in force.", MetricType::Gauge);
  MetricFamily age =
      NewFamily("dnc_release_age_seconds", "Age of the oldest data in the list's release in force.",
                MetricType::Gauge);
  MetricFamily limit = NewFamily("dnc_list_max_age_seconds",
                                 "Age from which the list's data is stale.", MetricType::Gauge);
  MetricFamily areas =
      NewFamily("dnc_list_area_codes", "Area codes of the list that are covered, stale or damaged.",
                MetricType::Gauge);
  for (const ListInfo& list : lists) {
    const MetricLabels name = {{"list", list.list}};
    AddGauge(&limit, name, absl::ToDoubleSeconds(list.max_age));
    AddGauge(&areas, {{"list", list.list}, {"state", "covered"}}, list.covered);
    AddGauge(&areas, {{"list", list.list}, {"state", "stale"}}, list.stale);
    AddGauge(&areas, {{"list", list.list}, {"state", "damaged"}}, list.damaged);
    if (!list.release.has_value()) continue;
    AddGauge(&numbers, name, static_cast<double>(list.release->numbers));
    AddGauge(&age, name, absl::ToDoubleSeconds(now - list.release->obtained_at_oldest));
  }
  for (MetricFamily* family : {&numbers, &age, &limit, &areas}) {
    families->push_back(std::move(*family));
  }
}

MetricFamily Loads(const LoadCounts& counts) {
  MetricFamily family = NewFamily(
      "dnc_loads_total", "Loads ended since the server started, by result.", MetricType::Counter);
  AddCounter(&family, {{"result", "succeeded"}}, static_cast<double>(counts.succeeded));
  AddCounter(&family, {{"result", "refused"}}, static_cast<double>(counts.refused));
  return family;
}

}  // namespace

MetricsCollector::MetricsCollector(std::string version, const MetricsSources& sources)
    : version_(std::move(version)), from_(sources), loads_(from_.clock->Now()) {}

std::vector<MetricFamily> MetricsCollector::Collect() const {
  const absl::Time now = from_.clock->Now();
  const MetricsSum sum = from_.metrics->Sum();
  const SnapshotPtr snapshot = from_.registry->snapshot();
  std::vector<MetricFamily> families;
  families.push_back(BuildInfo(version_));
  const bool accepting = from_.metrics->accepting();
  families.push_back(
      SingleGauge("dnc_ready",
                  "1 when the stored releases are read and verified, and connections are accepted.",
                  snapshot != nullptr && accepting ? 1 : 0));
  families.push_back(SingleCounter("dnc_accept_failures_total",
                                   "Connections that could not be accepted.",
                                   static_cast<double>(from_.metrics->accept_failures())));
  families.push_back(SingleGauge(
      "dnc_clock_behind_seconds",
      "How far the machine's clock lies behind what the stores know; from a day on all is stale.",
      absl::ToDoubleSeconds(from_.clock->lag())));
  families.push_back(Numbers(sum));
  families.push_back(Calls(sum));
  families.push_back(Latency(sum));
  AddProcessMetrics(&families);
  if (from_.certificate_end) families.push_back(CertificateEnd(from_.certificate_end()));
  AddTenantMetrics(
      {from_.directory->Counts(), from_.quotas->refusals(), from_.tenant_records->stats()}, now,
      &families);
  if (snapshot == nullptr) return families;
  families.push_back(
      SingleGauge("dnc_revision", "Revision in force.", static_cast<double>(snapshot->revision)));
  AddLists(from_.registry->Lists(), now, &families);
  const absl::MutexLock lock(&mutex_);
  families.push_back(Loads(loads_.Update(*from_.intake)));
  return families;
}

}  // namespace dnc
