#include "server/config/config_file.h"

#include <string>

#include "gtest/gtest.h"
#include "server/base/str_cat.h"
#include "server/config/options.h"

namespace dnc {
namespace {

std::string ErrorOf(const std::string& yaml) {
  const auto config = ParseConfig(yaml);
  return config.ok() ? "" : std::string(config.status().message());
}

testing::AssertionResult Tells(const std::string& yaml, const std::string& part) {
  const std::string error = ErrorOf(yaml);
  if (error.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << error << "\" lacks \"" << part << "\"";
}

// The example names every key with its default, so reading it gives the defaults.
TEST(ConfigFileTest, TheExampleHoldsTheDefaults) {
  const auto config = ReadConfigFile("deploy/dncd.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(CheckConfig(*config).ok());
  const ServerConfig defaults;
  EXPECT_EQ(config->listen, defaults.listen);
  EXPECT_EQ(config->metrics_listen, defaults.metrics_listen);
  EXPECT_EQ(config->rpc.threads, defaults.rpc.threads);
  EXPECT_EQ(config->rpc.spin, defaults.rpc.spin);
  EXPECT_EQ(config->rpc.armed_calls, defaults.rpc.armed_calls);
  EXPECT_EQ(config->rpc.worker_queue, defaults.rpc.worker_queue);
  EXPECT_EQ(config->rpc.stop_grace, defaults.rpc.stop_grace);
  EXPECT_EQ(config->limits.max_batch, defaults.limits.max_batch);
  EXPECT_EQ(config->limits.max_request_bytes, defaults.limits.max_request_bytes);
  EXPECT_EQ(config->limits.revision_wait, defaults.limits.revision_wait);
  ASSERT_EQ(config->policy.lists.size(), 1);
  EXPECT_EQ(config->policy.lists[0].name, "national");
  EXPECT_EQ(config->policy.lists[0].effect, DefaultEffect(ListKind::kNational));
  EXPECT_EQ(config->policy.lists[0].max_age, DefaultMaxAge(ListKind::kNational));
  EXPECT_EQ(config->guards.max_shrink, defaults.guards.max_shrink);
  EXPECT_EQ(config->guards.max_lost_week, defaults.guards.max_lost_week);
  EXPECT_EQ(config->guards.min_first_numbers, defaults.guards.min_first_numbers);
  EXPECT_EQ(config->guards.gap_min_numbers, defaults.guards.gap_min_numbers);
  EXPECT_EQ(config->registry.max_upload_bytes, defaults.registry.max_upload_bytes);
  EXPECT_EQ(config->registry.max_archive_ratio, defaults.registry.max_archive_ratio);
  EXPECT_EQ(config->storage.block_cache_bytes, defaults.storage.block_cache_bytes);
  EXPECT_EQ(config->tenants.max_tenants, defaults.tenants.max_tenants);
  EXPECT_EQ(config->tenants.block_cache_bytes, defaults.tenants.block_cache_bytes);
  EXPECT_EQ(config->tenants.filter_bits, defaults.tenants.filter_bits);
  EXPECT_EQ(config->tenants.request_id_age, defaults.tenants.request_id_age);
  EXPECT_EQ(config->tenants.change_age, defaults.tenants.change_age);
  EXPECT_EQ(config->tenants.max_kept_changes, defaults.tenants.max_kept_changes);
  EXPECT_EQ(config->tenants.max_records, defaults.tenants.max_records);
}

// The defaults of the file are those of the rooms.
TEST(ConfigFileTest, DefaultsAreThoseOfTheRooms) {
  const RegistryOptions ours = RegistryOptionsOf(ServerConfig());
  const RegistryOptions theirs;
  EXPECT_EQ(ours.max_waiting_loads, theirs.max_waiting_loads);
  EXPECT_EQ(ours.max_upload_bytes, theirs.max_upload_bytes);
  EXPECT_EQ(ours.history_cache_bytes, theirs.history_cache_bytes);
  EXPECT_EQ(ours.keep_releases, theirs.keep_releases);
  EXPECT_EQ(ours.max_releases, theirs.max_releases);
  EXPECT_EQ(ours.max_lists, theirs.max_lists);
  EXPECT_EQ(ours.read_limits.max_unpacked_bytes, theirs.read_limits.max_unpacked_bytes);
  EXPECT_EQ(ours.read_limits.max_ratio, theirs.read_limits.max_ratio);
  EXPECT_EQ(StoreOptionsOf(ServerConfig()).block_cache_bytes, StoreOptions().block_cache_bytes);
  const TenantRecordsOptions lists = RecordsOptionsOf(ServerConfig());
  EXPECT_EQ(lists.filter_bits, TenantRecordsOptions().filter_bits);
  EXPECT_EQ(lists.request_id_age, TenantRecordsOptions().request_id_age);
  EXPECT_EQ(lists.max_changes, TenantRecordsOptions().max_changes);
  EXPECT_EQ(lists.max_records, TenantRecordsOptions().max_records);
  EXPECT_EQ(DirectoryLimitsOf(ServerConfig()).max_blocks, DirectoryLimits().max_blocks);
}

TEST(ConfigFileTest, AnEmptyFileGivesTheDefaults) {
  for (const std::string yaml : {"", "# nothing\n", "rpc:\n", "{}"}) {
    const auto config = ParseConfig(yaml);
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_EQ(config->limits.max_batch, 10'000);
  }
}

TEST(ConfigFileTest, ReadsValues) {
  const auto config = ParseConfig(
      "limits:\n  max_batch: 5\n  max_request_bytes: 16 MiB\n"
      "policy:\n  other_loaded_lists: false\n  lists:\n"
      "    - name: national\n      max_age_days: 20\n"
      "    - name: state:TX\n      required: false\n      effect: inform\n"
      "registry:\n  load_dirs: [/srv/dnc, /mnt/dnc]\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->limits.max_batch, 5);
  EXPECT_EQ(config->limits.max_request_bytes, 16 << 20);
  EXPECT_FALSE(config->policy.other_loaded_lists);
  ASSERT_EQ(config->policy.lists.size(), 2);
  EXPECT_EQ(config->policy.lists[0].max_age, absl::Hours(480));
  EXPECT_FALSE(config->policy.lists[0].effect.has_value());
  EXPECT_FALSE(config->policy.lists[1].required);
  EXPECT_EQ(config->policy.lists[1].effect, ListEffect::kInform);
  EXPECT_EQ(config->registry.load_dirs.size(), 2);
}

TEST(ConfigFileTest, NamesTheKeyAndTheLine) {
  EXPECT_TRUE(Tells("limit:\n  max_batch: 5\n", "limit (line 1): unknown key"));
  EXPECT_TRUE(Tells("\nlimits:\n  max_batches: 5\n", "limits.max_batches (line 3): unknown key"));
  EXPECT_TRUE(Tells("limits:\n  max_batch: 0\n", "limits.max_batch (line 2): expected a whole"));
  EXPECT_TRUE(Tells("limits:\n  max_batch: 5x\n", "limits.max_batch (line 2)"));
  EXPECT_TRUE(Tells("limits:\n  max_batch: [5]\n", "limits.max_batch (line 2)"));
  EXPECT_TRUE(Tells("limits:\n  max_batch: 99999999999\n", "limits.max_batch (line 2)"));
  EXPECT_TRUE(Tells("limits:\n  max_request_bytes: 4 MB\n", "(line 2): expected bytes"));
  EXPECT_TRUE(Tells("limits:\n  max_request_bytes: 99999999999999999999 GiB\n", "expected bytes"));
  EXPECT_TRUE(Tells("limits: 5\n", "limits (line 1): expected `key: value`"));
  EXPECT_TRUE(Tells("- a\n", "the file (line 1)"));
  EXPECT_TRUE(Tells("guards:\n  max_shrink: .nan\n", "guards.max_shrink (line 2)"));
  EXPECT_TRUE(Tells("guards:\n  max_shrink: nan\n", "guards.max_shrink (line 2)"));
  EXPECT_TRUE(Tells("listen: a\nlisten: b\n", "listen (line 1): this key stands twice"));
  EXPECT_TRUE(Tells("a: [\n", "line "));
}

TEST(ConfigFileTest, ChecksThePolicy) {
  EXPECT_TRUE(Tells("policy:\n  lists: []\n", "policy.lists (line 2)"));
  EXPECT_TRUE(Tells("policy:\n  lists:\n    - required: true\n", "every list has a name"));
  EXPECT_TRUE(Tells("policy:\n  lists:\n    - name: state:ZZ\n", "policy.lists[0].name (line 3)"));
  EXPECT_TRUE(Tells("policy:\n  lists:\n    - name: State:tx\n    - name: state:TX\n",
                    "state:TX stands twice"));
  EXPECT_TRUE(Tells("policy:\n  lists:\n    - name: national\n      effect: allow\n",
                    "policy.lists[0].effect (line 4)"));
  EXPECT_TRUE(
      Tells("policy:\n  lists:\n    - name: national\n    - name: national\n", "stands twice"));
  EXPECT_TRUE(Tells("policy:\n  lists:\n    - name: national\n      max_age_days: 0\n",
                    "max_age_days (line 4)"));
}

TEST(CheckConfigTest, ChecksWhatFlagsCanSet) {
  ServerConfig good;
  good.data_dir = "data";
  EXPECT_TRUE(CheckConfig(good).ok());
  ServerConfig bad = good;
  bad.data_dir = "";
  EXPECT_FALSE(CheckConfig(bad).ok());
  bad = good;
  bad.listen = "50061";
  EXPECT_FALSE(CheckConfig(bad).ok());
  bad = good;
  bad.metrics_listen = "";
  EXPECT_TRUE(CheckConfig(bad).ok());
  bad.log_level = "loud";
  EXPECT_FALSE(CheckConfig(bad).ok());
  bad = good;
  bad.registry.load_dirs = {"relative"};
  EXPECT_FALSE(CheckConfig(bad).ok());
  bad = good;
  bad.tls = {"cert.pem", ""};
  EXPECT_FALSE(CheckConfig(bad).ok());
  bad.tls.key = "key.pem";
  EXPECT_TRUE(CheckConfig(bad).ok());
  bad.listen = "unix:/run/dncd.sock";
  EXPECT_FALSE(CheckConfig(bad).ok());
}

TEST(AddressTest, TellsAddressesApart) {
  for (const std::string good : {"127.0.0.1:0", "localhost:50061", "[::1]:65535", "dnc.lan:1"}) {
    EXPECT_TRUE(IsListenAddress(good)) << good;
  }
  for (const std::string bad :
       {"", ":1", "a", "a:", "a:65536", "a:-1", "a:1x", "::1:5", "a b:1", "unix:/tmp/x:1"}) {
    EXPECT_FALSE(IsListenAddress(bad)) << bad;
  }
  EXPECT_TRUE(IsUnixAddress("unix:/run/dncd.sock"));
  for (const char* bad : {"unix:", "unix:/", "unix:run/dncd.sock", "/run/dncd.sock"}) {
    EXPECT_FALSE(IsUnixAddress(bad)) << bad;
  }
  EXPECT_FALSE(IsUnixAddress("unix:/" + std::string(100, 'x')));
  EXPECT_TRUE(IsLoopback("unix:/run/dncd.sock"));
  EXPECT_TRUE(IsLoopback("127.0.0.1:1"));
  EXPECT_TRUE(IsLoopback("[::1]:1"));
  EXPECT_FALSE(IsLoopback("0.0.0.0:1"));
  EXPECT_FALSE(IsLoopback("[::]:1"));
}

}  // namespace
}  // namespace dnc
