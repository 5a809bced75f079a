#include "server/telemetry/tenant_metrics.h"

#include <string>

#include "gtest/gtest.h"
#include "prometheus/text_serializer.h"

namespace dnc {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

std::string Page(const TenantStats& stats) {
  std::vector<prometheus::MetricFamily> families;
  AddTenantMetrics(stats, kNow, &families);
  return prometheus::TextSerializer().Serialize(families);
}

void ExpectLines(const std::string& page, std::initializer_list<std::string> lines) {
  for (const std::string& line : lines) {
    EXPECT_NE(page.find("\n" + line + "\n"), std::string::npos) << line << " is not in\n" << page;
  }
}

TEST(TenantMetricsTest, ShowsTenantsAndQuotas) {
  TenantStats stats;
  stats.directory = {11, 12, 13};
  stats.quotas = {14, 15};
  stats.lists.quota_refusals = 16;
  ExpectLines(Page(stats),
              {"dnc_tenants{state=\"active\"} 11", "dnc_tenants{state=\"suspended\"} 12",
               "dnc_live_keys 13", "dnc_quota_refusals_total{quota=\"calls\"} 14",
               "dnc_quota_refusals_total{quota=\"numbers\"} 15",
               "dnc_quota_refusals_total{quota=\"records\"} 16"});
}

TEST(TenantMetricsTest, ShowsRecordsAndTheFilter) {
  TenantStats stats;
  TenantRecordsStats& lists = stats.lists;
  lists.records = 21;
  lists.revision = 22;
  lists.verified = lists.proven = true;
  lists.damaged_tenants = 23;
  lists.unknown_numbers = 24;
  lists.store_reads = 25;
  lists.filter_bytes = 26;
  lists.filter_bits_a_record = 12.5;
  lists.filter_fill = 0.25;
  lists.filter_expected_error = 0.125;
  lists.filter_asked = 27;
  lists.filter_passed = 28;
  lists.filter_false = 29;
  lists.filter_rebuilds = 30;
  const std::string page = Page(stats);
  ExpectLines(page, {"dnc_own_records 21", "dnc_own_revision 22", "dnc_own_verified 1",
                     "dnc_own_proven 1", "dnc_own_damaged_tenants 23",
                     "dnc_own_unknown_numbers_total 24", "dnc_own_store_reads_total 25",
                     "dnc_own_filter_bytes 26", "dnc_own_filter_bytes_per_record 1.5625",
                     "dnc_own_filter_fill_ratio 0.25", "dnc_own_filter_expected_error_ratio 0.125",
                     "dnc_own_filter_asked_total 27", "dnc_own_filter_passed_total 28",
                     "dnc_own_filter_false_total 29", "dnc_own_filter_rebuilds_total 30",
                     "dnc_own_filter_rebuilding 0", "dnc_own_filter_rebuild_due 0"});
  lists.filter_rebuilding = lists.filter_rebuild_due = true;
  lists.verified = lists.proven = false;
  ExpectLines(Page(stats), {"dnc_own_verified 0", "dnc_own_proven 0", "dnc_own_filter_rebuilding 1",
                            "dnc_own_filter_rebuild_due 1"});
}

TEST(TenantMetricsTest, ShowsWritesAndChanges) {
  TenantStats stats;
  TenantRecordsStats& lists = stats.lists;
  lists.writes = 31;
  lists.records_by_outcome = {99, 41, 42, 43, 44, 45, 46};
  lists.failed_writes = {51, 52, 53, 54, 56, 55};
  lists.waiting_writes = 32;
  lists.max_waiting_writes = 33;
  lists.request_ids = 48;
  lists.commits = 34;
  lists.commit_time = absl::Milliseconds(1500);
  lists.changes_dropped_up_to = 35;
  ExpectLines(Page(stats), {"dnc_own_changes_kept_seconds 0"});
  lists.oldest_change = kNow - absl::Hours(1);
  const std::string page = Page(stats);
  ExpectLines(page, {"dnc_own_writes_total 31",
                     "dnc_own_written_records_total{outcome=\"added\"} 41",
                     "dnc_own_written_records_total{outcome=\"already_there\"} 42",
                     "dnc_own_written_records_total{outcome=\"updated\"} 43",
                     "dnc_own_written_records_total{outcome=\"removed\"} 44",
                     "dnc_own_written_records_total{outcome=\"not_there\"} 45",
                     "dnc_own_written_records_total{outcome=\"refused\"} 46",
                     "dnc_own_write_failures_total{reason=\"disk_full\"} 51",
                     "dnc_own_write_failures_total{reason=\"storage\"} 52",
                     "dnc_own_write_failures_total{reason=\"damaged\"} 53",
                     "dnc_own_write_failures_total{reason=\"too_many_waiting\"} 54",
                     "dnc_own_write_failures_total{reason=\"too_many_request_ids\"} 56",
                     "dnc_own_write_failures_total{reason=\"other\"} 55",
                     "dnc_own_writes_waiting 32",
                     "dnc_own_writes_waiting_limit 33",
                     "dnc_own_request_ids 48",
                     "dnc_own_commits_total 34",
                     "dnc_own_commit_seconds_total 1.5",
                     "dnc_own_changes_dropped_revision 35",
                     "dnc_own_changes_kept_seconds 3600"});
  EXPECT_EQ(page.find(" 99\n"), std::string::npos);
}

}  // namespace
}  // namespace dnc
