#include "server/telemetry/metrics_collector.h"

#include <filesystem>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "prometheus/text_serializer.h"
#include "server/base/error.h"
#include "server/rpc/fake_registry.h"
#include "server/rpc/test_stores.h"

namespace dnc {
namespace {

Tenant TestTenant(const std::string& id) {
  Tenant tenant;
  tenant.id = id;
  tenant.display_name = id;
  return tenant;
}

class MetricsCollectorTest : public testing::Test {
 protected:
  MetricsCollectorTest()
      : dir_(testing::TempDir() + "/dnc_metrics_" +
             testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(dir_);
    stores_ = std::make_unique<TestStores>(dir_, &clock_);
  }
  ~MetricsCollectorTest() override {
    stores_.reset();
    std::filesystem::remove_all(dir_);
  }

  MetricsSources Sources() {
    const ServerParts parts = stores_->Parts(&registry_, &metrics_);
    return {parts.metrics,   parts.registry, parts.intake, parts.tenant_records,
            parts.directory, parts.quotas,   parts.clock};
  }

  const std::string dir_;
  const Clock clock_;
  FakeRegistry registry_{"unused"};
  Metrics metrics_;
  std::unique_ptr<TestStores> stores_;
};

TEST_F(MetricsCollectorTest, ShowsWhatHappened) {
  FakeRegistry& registry = registry_;
  Metrics& metrics = metrics_;
  const MetricsCollector collector("1.2.3", Sources());
  const auto page = [&] { return prometheus::TextSerializer().Serialize(collector.Collect()); };
  EXPECT_NE(page().find("dnc_ready 0\n"), std::string::npos);

  registry.SetSnapshot(TestSnapshot(4, absl::Now() - absl::Hours(1)));
  LoadInfo load;
  load.id = 1;
  load.created_at = absl::Now();
  load.state = LoadState::kReading;
  registry.SetLoad(load);
  VerdictCounts counts{};
  counts[static_cast<size_t>(Verdict::kListed)] = 7;
  metrics.CountNumbers(counts);
  metrics.CountCall(Method::kGetStatus, absl::StatusCode::kUnavailable);
  metrics.RecordLatency(Method::kScrub, absl::Microseconds(3));
  EXPECT_NE(page().find("dnc_loads_total{result=\"refused\"} 0\n"), std::string::npos);
  load.state = LoadState::kRefused;
  registry.SetLoad(load);
  page();
  const std::string text = page();  // a load must be counted only once
  for (const std::string line :
       {"dnc_build_info{version=\"1.2.3\"} 1\n", "dnc_ready 1\n", "dnc_revision 4\n",
        "dnc_scrubbed_numbers_total{verdict=\"listed\"} 7\n",
        "dnc_calls_total{method=\"GetStatus\",code=\"UNAVAILABLE\"} 1\n",
        "dnc_handler_seconds_count{method=\"Scrub\"} 1\n",
        "dnc_list_numbers{list=\"national\"} 10\n",
        "dnc_list_area_codes{list=\"national\",state=\"covered\"} 2\n",
        "dnc_loads_total{result=\"refused\"} 1\n", "dnc_loads_total{result=\"succeeded\"} 0\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "in\n" << text;
  }
}

TEST_F(MetricsCollectorTest, ShowsTenantsAlsoBeforeTheRegistryIsReady) {
  ASSERT_TRUE(stores_->directory().Create(TestTenant("shop"), "test").ok());
  ApiKey key;
  key.tenant_id = "shop";
  key.scopes = {KeyScope::kScrub};
  const auto made = stores_->directory().CreateKey(key, "test");
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_TRUE(stores_->directory().CreateKey(key, "test").ok());
  ASSERT_TRUE(stores_->directory().RevokeKey(made->key.id, "test").ok());
  const auto closed = stores_->directory().Create(TestTenant("closed"), "test");
  ASSERT_TRUE(closed.ok()) << closed.status();
  Tenant suspended = (*closed)->tenant;
  suspended.state = TenantState::kSuspended;
  ASSERT_TRUE(stores_->directory().Update(suspended, "test").ok());
  const MetricsCollector collector("1.2.3", Sources());
  const std::string text = prometheus::TextSerializer().Serialize(collector.Collect());
  for (const std::string line :
       {"dnc_ready 0\n", "dnc_tenants{state=\"active\"} 2\n",
        "dnc_tenants{state=\"suspended\"} 1\n", "dnc_live_keys 1\n", "dnc_own_records 0\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "in\n" << text;
  }
}

}  // namespace
}  // namespace dnc
