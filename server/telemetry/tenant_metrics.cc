#include "server/telemetry/tenant_metrics.h"

#include <algorithm>
#include <array>
#include <utility>

#include "server/telemetry/metric_family.h"

namespace dnc {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;

// The labels, indexed by WriteOutcome; 0 is no outcome.
constexpr std::array<const char*, kWriteOutcomeCount> kOutcomeNames = {
    "", "added", "already_there", "updated", "removed", "not_there", "refused"};

// The labels, indexed by WriteFailure.
constexpr std::array<const char*, kWriteFailureCount> kFailureNames = {
    "disk_full", "storage", "damaged", "too_many_waiting", "too_many_request_ids", "other"};

double Number(uint64_t count) { return static_cast<double>(count); }

void AddDirectory(const TenantStats& stats, Families* families) {
  MetricFamily tenants = NewFamily("dnc_tenants", "Tenants by state.", MetricType::Gauge);
  AddGauge(&tenants, {{"state", "active"}}, Number(stats.directory.active));
  AddGauge(&tenants, {{"state", "suspended"}}, Number(stats.directory.suspended));
  families->push_back(std::move(tenants));
  families->push_back(SingleGauge("dnc_live_keys", "API keys that are neither expired nor revoked.",
                                  Number(stats.directory.live_keys)));
  MetricFamily refusals =
      NewFamily("dnc_quota_refusals_total",
                "Refusals for a tenant's quota: calls for its calls under way or its numbers a "
                "second, records for its count of records.",
                MetricType::Counter);
  AddCounter(&refusals, {{"quota", "calls"}}, Number(stats.quotas.calls));
  AddCounter(&refusals, {{"quota", "numbers"}}, Number(stats.quotas.numbers));
  AddCounter(&refusals, {{"quota", "records"}}, Number(stats.lists.quota_refusals));
  families->push_back(std::move(refusals));
}

void AddRecords(const TenantRecordsStats& stats, Families* families) {
  families->push_back(
      SingleGauge("dnc_own_revision", "Revision that was committed last.", Number(stats.revision)));
  families->push_back(
      SingleGauge("dnc_own_records", "Records of all tenants' lists.", Number(stats.records)));
  families->push_back(SingleGauge("dnc_own_verified",
                                  "1 when all records were read and compared with the ledger.",
                                  stats.verified ? 1 : 0));
  families->push_back(SingleGauge(
      "dnc_own_proven",
      "0 while nothing proves that no record is missing; then numbers that the filter lets through "
      "are not covered.",
      stats.proven ? 1 : 0));
  families->push_back(SingleGauge("dnc_own_damaged_tenants",
                                  "Tenants with damaged or missing records; none of their numbers "
                                  "is answered as clear.",
                                  Number(stats.damaged_tenants)));
  families->push_back(SingleCounter(
      "dnc_own_unknown_numbers_total",
      "Numbers answered as not covered because the tenant's records could not be read.",
      Number(stats.unknown_numbers)));
  families->push_back(SingleCounter("dnc_own_store_reads_total",
                                    "Numbers looked up in the store, by scrubs and by writes.",
                                    Number(stats.store_reads)));
}

void AddFilter(const TenantRecordsStats& stats, Families* families) {
  families->push_back(SingleGauge("dnc_own_filter_bytes", "Memory of the filter that answers.",
                                  Number(stats.filter_bytes)));
  families->push_back(SingleGauge("dnc_own_filter_bytes_per_record",
                                  "Bytes of the filter a number in it, deleted ones included.",
                                  stats.filter_bits_a_record / 8));
  families->push_back(SingleGauge("dnc_own_filter_fill_ratio",
                                  "Share of the filter's bits that are set.", stats.filter_fill));
  families->push_back(SingleGauge("dnc_own_filter_expected_error_ratio",
                                  "Share of unknown numbers that the filter should let through, "
                                  "from the bits set.",
                                  stats.filter_expected_error));
  families->push_back(SingleCounter("dnc_own_filter_asked_total",
                                    "Numbers that the filter was asked for.",
                                    Number(stats.filter_asked)));
  families->push_back(SingleCounter("dnc_own_filter_passed_total",
                                    "Numbers that the filter let through to the store.",
                                    Number(stats.filter_passed)));
  families->push_back(SingleCounter("dnc_own_filter_false_total",
                                    "Numbers let through of which the store had no record.",
                                    Number(stats.filter_false)));
  families->push_back(SingleGauge("dnc_own_filter_rebuilding", "1 while the filter is made anew.",
                                  stats.filter_rebuilding ? 1 : 0));
  families->push_back(SingleGauge("dnc_own_filter_rebuild_due",
                                  "1 while there is no filter, or it is too full or worn.",
                                  stats.filter_rebuild_due ? 1 : 0));
  families->push_back(SingleCounter("dnc_own_filter_rebuilds_total",
                                    "Times that the filter was made anew.",
                                    Number(stats.filter_rebuilds)));
}

void AddWrites(const TenantRecordsStats& stats, Families* families) {
  families->push_back(SingleCounter("dnc_own_writes_total",
                                    "Calls and parts of imports that write, done or failed.",
                                    Number(stats.writes)));
  MetricFamily records =
      NewFamily("dnc_own_written_records_total", "Records of writes that were done, by outcome.",
                MetricType::Counter);
  for (size_t i = 1; i < kWriteOutcomeCount; ++i) {
    AddCounter(&records, {{"outcome", kOutcomeNames[i]}}, Number(stats.records_by_outcome[i]));
  }
  families->push_back(std::move(records));
  MetricFamily failures =
      NewFamily("dnc_own_write_failures_total", "Writes that the server could not do, by reason.",
                MetricType::Counter);
  for (size_t i = 0; i < kWriteFailureCount; ++i) {
    AddCounter(&failures, {{"reason", kFailureNames[i]}}, Number(stats.failed_writes[i]));
  }
  families->push_back(std::move(failures));
  families->push_back(SingleGauge("dnc_own_writes_waiting",
                                  "Writes that wait for the commit under way to end.",
                                  Number(stats.waiting_writes)));
  families->push_back(SingleGauge("dnc_own_writes_waiting_limit",
                                  "Writes that may wait; more are refused.",
                                  Number(stats.max_waiting_writes)));
  families->push_back(SingleGauge("dnc_own_request_ids",
                                  "Request ids whose answers are kept, about.",
                                  Number(stats.request_ids)));
  families->push_back(SingleCounter(
      "dnc_own_commits_total", "Batches of writes that were made durable.", Number(stats.commits)));
  families->push_back(SingleCounter("dnc_own_commit_seconds_total",
                                    "Time that making them durable took.",
                                    absl::ToDoubleSeconds(stats.commit_time)));
}

void AddChanges(const TenantRecordsStats& stats, absl::Time now, Families* families) {
  families->push_back(SingleGauge("dnc_own_changes_dropped_revision",
                                  "Revision up to which changes are no longer kept.",
                                  Number(stats.changes_dropped_up_to)));
  const bool any = stats.oldest_change != absl::InfiniteFuture();
  const double age = any ? absl::ToDoubleSeconds(now - stats.oldest_change) : 0;
  families->push_back(SingleGauge("dnc_own_changes_kept_seconds",
                                  "How far back the changes that are kept reach, 0 without any.",
                                  std::max(age, 0.0)));
}

}  // namespace

void AddTenantMetrics(const TenantStats& stats, absl::Time now, Families* families) {
  AddDirectory(stats, families);
  AddRecords(stats.lists, families);
  AddFilter(stats.lists, families);
  AddWrites(stats.lists, families);
  AddChanges(stats.lists, now, families);
}

}  // namespace dnc
