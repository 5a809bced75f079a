#include "server/config/config_file.h"

#include <string>

#include "gtest/gtest.h"
#include "server/base/str_cat.h"

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

// The example names every key with its default, so reading it must give the defaults.
TEST(ConfigFileTest, TheExampleHoldsTheDefaults) {
  const auto config = ReadConfigFile("deploy/dncd.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(CheckConfig(*config).ok());
  const ServerConfig defaults;
  EXPECT_EQ(config->listen, defaults.listen);
  EXPECT_EQ(config->metrics_listen, defaults.metrics_listen);
  EXPECT_EQ(config->rpc.threads, defaults.rpc.threads);
  EXPECT_EQ(config->rpc.spin, defaults.rpc.spin);
  EXPECT_EQ(config->rpc.worker_queue, defaults.rpc.worker_queue);
  EXPECT_EQ(config->rpc.stop_grace, defaults.rpc.stop_grace);
  EXPECT_EQ(config->http.listen, defaults.http.listen);
  EXPECT_EQ(config->http.max_body_bytes, defaults.http.max_body_bytes);
  EXPECT_EQ(config->http.max_scrub_numbers, defaults.http.max_scrub_numbers);
  EXPECT_EQ(config->http.max_dated_numbers, defaults.http.max_dated_numbers);
  EXPECT_EQ(config->http.header, defaults.http.header);
  EXPECT_EQ(config->http.body, defaults.http.body);
  EXPECT_EQ(config->http.idle, defaults.http.idle);
  EXPECT_EQ(config->http.max_connections, defaults.http.max_connections);
  EXPECT_EQ(config->http.max_connections_per_address, defaults.http.max_connections_per_address);
  EXPECT_EQ(config->http.max_unfinished_bytes, defaults.http.max_unfinished_bytes);
  EXPECT_EQ(config->limits.max_batch, defaults.limits.max_batch);
  EXPECT_EQ(config->limits.max_request_bytes, defaults.limits.max_request_bytes);
  EXPECT_EQ(config->limits.revision_wait, defaults.limits.revision_wait);
  ASSERT_EQ(config->registry.policy.lists.size(), 1);
  EXPECT_EQ(config->registry.policy.lists[0].name, "national");
  EXPECT_EQ(config->registry.policy.lists[0].effect, DefaultEffect(ListKind::kNational));
  EXPECT_EQ(config->registry.policy.lists[0].max_age, DefaultMaxAge(ListKind::kNational));
  EXPECT_EQ(config->intake.guards.max_shrink, defaults.intake.guards.max_shrink);
  EXPECT_EQ(config->intake.guards.max_lost_week, defaults.intake.guards.max_lost_week);
  EXPECT_EQ(config->intake.guards.min_first_numbers, defaults.intake.guards.min_first_numbers);
  EXPECT_EQ(config->intake.guards.gap_min_numbers, defaults.intake.guards.gap_min_numbers);
  EXPECT_EQ(config->limits.max_upload_bytes, defaults.limits.max_upload_bytes);
  EXPECT_EQ(config->intake.load_dirs, defaults.intake.load_dirs);
  EXPECT_EQ(config->intake.max_waiting_loads, defaults.intake.max_waiting_loads);
  EXPECT_EQ(config->registry.history_cache_bytes, defaults.registry.history_cache_bytes);
  EXPECT_EQ(config->registry.keep_releases, defaults.registry.keep_releases);
  EXPECT_EQ(config->registry.max_releases, defaults.registry.max_releases);
  EXPECT_EQ(config->registry.max_lists, defaults.registry.max_lists);
  EXPECT_EQ(config->intake.read_limits.max_unpacked_bytes,
            defaults.intake.read_limits.max_unpacked_bytes);
  EXPECT_EQ(config->intake.read_limits.max_ratio, defaults.intake.read_limits.max_ratio);
  EXPECT_EQ(config->published_store.block_cache_bytes, defaults.published_store.block_cache_bytes);
  EXPECT_EQ(config->tenant_store.block_cache_bytes, defaults.tenant_store.block_cache_bytes);
  EXPECT_EQ(config->directory.max_tenants, defaults.directory.max_tenants);
  EXPECT_EQ(config->directory.max_keys, defaults.directory.max_keys);
  EXPECT_EQ(config->directory.max_lists, defaults.directory.max_lists);
  EXPECT_EQ(config->directory.max_blocks, defaults.directory.max_blocks);
  EXPECT_EQ(config->directory.max_changes, defaults.directory.max_changes);
  EXPECT_EQ(config->records.filter_bits, defaults.records.filter_bits);
  EXPECT_EQ(config->records.filter_wear, defaults.records.filter_wear);
  EXPECT_EQ(config->records.request_id_age, defaults.records.request_id_age);
  EXPECT_EQ(config->records.max_request_ids, defaults.records.max_request_ids);
  EXPECT_EQ(config->records.change_age, defaults.records.change_age);
  EXPECT_EQ(config->records.max_changes, defaults.records.max_changes);
  EXPECT_EQ(config->records.max_waiting_writes, defaults.records.max_waiting_writes);
  EXPECT_EQ(config->records.max_records, defaults.records.max_records);
  EXPECT_EQ(config->default_quotas, defaults.default_quotas);
}

TEST(ConfigFileTest, KeysWithoutMeaningAreToldAndTaken) {
  const auto config = ParseConfig("rpc:\n  armed_calls: 8\n  transport: grpc\n  threads: 2\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->retired_keys,
            (std::vector<std::string>{"rpc.transport (line 3)", "rpc.armed_calls (line 2)"}));
  EXPECT_EQ(config->rpc.threads, 2);
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
  EXPECT_FALSE(config->registry.policy.other_loaded_lists);
  ASSERT_EQ(config->registry.policy.lists.size(), 2);
  EXPECT_EQ(config->registry.policy.lists[0].max_age, absl::Hours(480));
  EXPECT_FALSE(config->registry.policy.lists[0].effect.has_value());
  EXPECT_FALSE(config->registry.policy.lists[1].required);
  EXPECT_EQ(config->registry.policy.lists[1].effect, ListEffect::kInform);
  EXPECT_EQ(config->intake.load_dirs.size(), 2);
}

// The keys of the section `tenants` belong to the options of three rooms.
TEST(ConfigFileTest, SpreadsTheSectionOfTenants) {
  const auto config = ParseConfig(
      "tenants:\n  max_changes: 11\n  max_kept_changes: 2222\n  max_records: 3333\n"
      "  max_tenant_records: 44\n  block_cache_bytes: 5 MiB\n  calls_under_way: 6\n"
      "storage:\n  block_cache_bytes: 7 MiB\nregistry:\n  max_upload_bytes: 8 MiB\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->directory.max_changes, 11);
  EXPECT_EQ(config->records.max_changes, 2222);
  EXPECT_EQ(config->records.max_records, 3333);
  EXPECT_EQ(config->default_quotas.max_records, 44);
  EXPECT_EQ(config->default_quotas.calls_under_way, 6);
  EXPECT_EQ(config->tenant_store.block_cache_bytes, 5ULL << 20);
  EXPECT_EQ(config->published_store.block_cache_bytes, 7ULL << 20);
  EXPECT_EQ(config->limits.max_upload_bytes, 8ULL << 20);
  EXPECT_TRUE(Tells("tenants:\n  max_keys: -1\n", "tenants.max_keys (line 2): expected a whole"));
  EXPECT_TRUE(
      Tells("tenants:\n  max_keys: 4294967297\n", "expected a whole number from 1 to 10000"));
}

TEST(ConfigFileTest, KnowsWhereMemoryComesFrom) {
  const auto huge_pages = [](const std::string& text) {
    const auto config = ParseConfig(text);
    EXPECT_TRUE(config.ok()) << config.status();
    return config.ok() ? config->huge_pages : HugePages::kOff;
  };
  EXPECT_EQ(huge_pages("memory:\n"), HugePages::kMadvise);
  EXPECT_EQ(huge_pages("memory:\n  huge_pages: madvise\n"), HugePages::kMadvise);
  EXPECT_EQ(huge_pages("memory:\n  huge_pages: reserved\n"), HugePages::kReserved);
  EXPECT_EQ(huge_pages("memory:\n  huge_pages: \"off\"\n"), HugePages::kOff);
  // YAML reads a bare off as a word here, and not as false.
  EXPECT_EQ(huge_pages("memory:\n  huge_pages: off\n"), HugePages::kOff);
  EXPECT_TRUE(Tells("memory:\n  huge_pages: always\n",
                    "memory.huge_pages (line 2): expected madvise, reserved or off"));
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
  bad.http.listen = "";
  EXPECT_TRUE(CheckConfig(bad).ok());
  bad.http.listen = "unix:/run/http.sock";
  EXPECT_FALSE(CheckConfig(bad).ok());
  bad.http.listen = "";
  bad.log_level = "loud";
  EXPECT_FALSE(CheckConfig(bad).ok());
  bad = good;
  bad.intake.load_dirs = {"relative"};
  EXPECT_FALSE(CheckConfig(bad).ok());
  bad = good;
  bad.tls = {"cert.pem", ""};
  EXPECT_FALSE(CheckConfig(bad).ok());
  bad.tls.key = "key.pem";
  EXPECT_TRUE(CheckConfig(bad).ok());
  bad.listen = "unix:/run/dncd.sock";
  EXPECT_FALSE(CheckConfig(bad).ok());
}

}  // namespace
}  // namespace dnc
