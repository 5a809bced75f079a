#include "server/http/status_pages.h"

#include <filesystem>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "server/http/metrics_door.h"
#include "server/http/test_call.h"
#include "server/rpc/fake_registry.h"
#include "server/rpc/test_stores.h"

namespace dnc {
namespace {

class StatusPagesTest : public testing::Test {
 protected:
  StatusPagesTest()
      : dir_(testing::TempDir() + "/dnc_status_" +
             testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(dir_);
    stores_ = std::make_unique<TestStores>(dir_, &clock_);
    const ServerParts parts = stores_->Parts(&registry_, &metrics_);
    collector_ = std::make_unique<MetricsCollector>(
        "1", MetricsSources{parts.metrics, parts.registry, parts.intake, parts.tenant_records,
                            parts.directory, parts.quotas, parts.clock});
    sources_ = {&board_, &registry_, &metrics_, collector_.get()};
  }
  ~StatusPagesTest() override {
    stores_.reset();
    std::filesystem::remove_all(dir_);
  }

  const std::string dir_;
  const Clock clock_;
  FakeRegistry registry_{"unused"};
  Metrics metrics_;
  HealthBoard board_;
  std::unique_ptr<TestStores> stores_;
  std::unique_ptr<MetricsCollector> collector_;
  StatusSources sources_;
};

HttpAnswer Ask(const Router& router, const std::string& path, const std::string& accept = "") {
  HttpRequest request;
  request.method = "GET";
  request.path = path;
  request.headers = {{"accept", accept}};
  const auto call = std::make_shared<TestCall>(request);
  const Router::Found found = router.Find("GET", path);
  found.route->handle(call, found.parts);
  return call->Wait().value();
}

TEST_F(StatusPagesTest, TellHowItIs) {
  StatusPages pages(sources_);
  Router router;
  pages.AddTo(nullptr, &router);
  EXPECT_EQ(Ask(router, "/livez").status, 200);
  const HttpAnswer starting = Ask(router, "/readyz");
  EXPECT_EQ(starting.status, 503);
  EXPECT_NE(starting.body.find("are being read"), std::string::npos) << starting.body;
  registry_.SetSnapshot(TestSnapshot(4, absl::Now()));
  EXPECT_NE(Ask(router, "/readyz").body.find("just become ready"), std::string::npos);
  metrics_.StopAccepting();
  EXPECT_NE(Ask(router, "/readyz").body.find("is ending"), std::string::npos);
  board_.Set("", true);
  const HttpAnswer ready = Ask(router, "/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.body, "ready\n");
}

TEST_F(StatusPagesTest, ShowTheMetrics) {
  StatusPages pages(sources_);
  Router router;
  pages.AddTo(nullptr, &router);
  const HttpAnswer text = Ask(router, "/metrics");
  EXPECT_EQ(text.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(text.body.find("\ndnc_ready 0\n"), std::string::npos);
  const HttpAnswer open = Ask(router, "/metrics", "application/openmetrics-text");
  EXPECT_EQ(open.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_TRUE(open.body.ends_with("\n# EOF\n"));
}

TEST_F(StatusPagesTest, ADoorFailsClearlyOnATakenPort) {
  const auto first = MetricsDoor::Open("127.0.0.1:0", sources_, &metrics_);
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string address = (*first)->address();
  const auto second = MetricsDoor::Open(address, sources_, &metrics_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.status().message().find(address), absl::string_view::npos);
}

}  // namespace
}  // namespace dnc
