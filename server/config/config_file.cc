#include "server/config/config_file.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/listen_address.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/config/config_section.h"

namespace dnc {
namespace {

constexpr uint64_t kMiB = 1ULL << 20;
constexpr uint64_t kGiB = 1ULL << 30;
constexpr size_t kMaxLists = 32;

absl::Status ReadRpc(const YAML::Node& node, RpcOptions* rpc, std::vector<std::string>* retired) {
  ConfigSection section("rpc", node);
  section.ReadRetired("transport", retired);
  section.ReadRetired("armed_calls", retired);
  section.Read("threads", &rpc->threads, 0, 256);
  section.ReadDuration("spin_microseconds", &rpc->spin, absl::Microseconds(1), 0, 10'000);
  section.Read("worker_threads", &rpc->worker_threads, 1, 256);
  section.Read("worker_queue", &rpc->worker_queue, 1, 1'000'000);
  section.ReadDuration("drain_seconds", &rpc->drain, absl::Seconds(1), 0, 3600);
  section.ReadDuration("stop_grace_seconds", &rpc->stop_grace, absl::Seconds(1), 0, 600);
  section.ReadDuration("keepalive_seconds", &rpc->keepalive, absl::Seconds(1), 5, 7200);
  section.ReadDuration("keepalive_timeout_seconds", &rpc->keepalive_timeout, absl::Seconds(1), 1,
                       600);
  section.ReadDuration("watch_heartbeat_seconds", &rpc->watch_heartbeat, absl::Seconds(1), 1, 60);
  return section.Finish();
}

absl::Status ReadLimits(const YAML::Node& node, RequestLimits* limits) {
  ConfigSection section("limits", node);
  section.Read("max_batch", &limits->max_batch, 1, 1'000'000);
  // A request must have room for an upload's chunk of 1 MiB.
  section.ReadBytes("max_request_bytes", &limits->max_request_bytes, 2 * kMiB, 256 * kMiB);
  section.Read("numbers_under_way", &limits->numbers_under_way, 1, 1'000'000'000);
  section.ReadDuration("max_wait_microseconds", &limits->max_wait, absl::Microseconds(1), 100,
                       60'000'000);
  section.Read("max_streams", &limits->max_streams, 1, 1'000'000);
  section.Read("max_uploads", &limits->max_uploads, 1, 64);
  section.Read("max_key_uploads", &limits->max_key_uploads, 1, 64);
  section.Read("max_health_watches", &limits->max_health_watches, 1, 100'000);
  section.Read("max_tenant_streams", &limits->max_tenant_streams, 1, 100'000);
  section.ReadBytes("max_metadata_bytes", &limits->max_metadata_bytes, 4 << 10, 256 << 10);
  section.ReadBytes("max_unfinished_bytes", &limits->max_unfinished_bytes, 1 * kMiB,
                    uint64_t{64} * 1024 * kMiB);
  section.Read("max_idle_frames", &limits->max_idle_frames, 10, 1'000'000);
  section.Read("max_resets", &limits->max_resets, 10, 1'000'000);
  section.ReadDuration("silent_stream_seconds", &limits->silent_stream, absl::Seconds(1), 1,
                       86'400);
  section.ReadDuration("revision_wait_milliseconds", &limits->revision_wait, absl::Milliseconds(1),
                       0, 60'000);
  return section.Finish();
}

absl::Status ReadHttp(const YAML::Node& node, HttpOptions* http) {
  ConfigSection section("http", node);
  section.Read("listen", &http->listen);
  section.ReadBytes("max_body_bytes", &http->max_body_bytes, 64 << 10, 256 * kMiB);
  section.Read("max_scrub_numbers", &http->max_scrub_numbers, 1, 1'000'000);
  section.Read("max_dated_numbers", &http->max_dated_numbers, 0, 1'000'000);
  section.ReadDuration("header_seconds", &http->header, absl::Seconds(1), 1, 600);
  section.ReadDuration("body_seconds", &http->body, absl::Seconds(1), 1, 3600);
  section.ReadDuration("idle_seconds", &http->idle, absl::Seconds(1), 1, 3600);
  section.Read("max_connections", &http->max_connections, 1, 1'000'000);
  section.Read("max_connections_per_address", &http->max_connections_per_address, 1, 1'000'000);
  section.ReadBytes("max_unfinished_bytes", &http->max_unfinished_bytes, kMiB,
                    uint64_t{64} * 1024 * kMiB);
  return section.Finish();
}

void ReadEffect(ConfigSection* section, std::optional<ListEffect>* field) {
  std::string effect;
  section->Read("effect", &effect);
  if (effect.empty()) return;
  if (effect == "deny") {
    *field = ListEffect::kDeny;
  } else if (effect == "wireless") {
    *field = ListEffect::kWireless;
  } else if (effect == "inform") {
    *field = ListEffect::kInform;
  } else {
    section->Fail("effect", "expected deny, wireless or inform");
  }
}

absl::StatusOr<PolicyList> ReadPolicyList(const std::string& path, const YAML::Node& node) {
  PolicyList list;
  ConfigSection section(path, node);
  section.Read("name", &list.name);
  if (list.name.empty()) {
    section.Fail("name", "every list has a name");
  } else if (auto name = CanonicalListName(list.name); name.ok()) {
    list.name = *std::move(name);
  } else {
    section.Fail("name", ToStd(name.status().message()));
  }
  section.Read("required", &list.required);
  ReadEffect(&section, &list.effect);
  int days = 0;
  section.Read("max_age_days", &days, 1, 3650);
  if (days > 0) list.max_age = absl::Hours(24 * days);
  DNC_RETURN_IF_ERROR(section.Finish());
  return list;
}

absl::Status ReadPolicy(const YAML::Node& node, Policy* policy) {
  ConfigSection section("policy", node);
  section.Read("other_loaded_lists", &policy->other_loaded_lists);
  const YAML::Node lists = section.Child("lists");
  if (lists.IsDefined()) {
    if (!lists.IsSequence() || lists.size() == 0 || lists.size() > kMaxLists) {
      section.Fail("lists", StrCat("expected 1 to ", kMaxLists, " lists, `- name: national`"));
      return section.Finish();
    }
    policy->lists.clear();
    std::set<std::string> names;
    for (size_t i = 0; i < lists.size(); ++i) {
      DNC_ASSIGN_OR_RETURN(PolicyList list,
                           ReadPolicyList(StrCat("policy.lists[", i, "]"), lists[i]));
      if (!names.insert(list.name).second) {
        section.Fail("lists", StrCat(list.name, " stands twice"));
      }
      policy->lists.push_back(std::move(list));
    }
  }
  return section.Finish();
}

absl::Status ReadGuards(const YAML::Node& node, GuardLimits* guards) {
  ConfigSection section("guards", node);
  section.Read("max_shrink", &guards->max_shrink, 0.0, 1.0);
  section.Read("max_lost_week", &guards->max_lost_week, 0.0, 1.0);
  section.Read("min_first_numbers", &guards->min_first_numbers, 0, 10'000'000);
  section.Read("max_misfit", &guards->max_misfit, 0.0, 1.0);
  section.Read("max_change_gap_days", &guards->max_change_gap_days, 0, 365);
  section.Read("gap_min_numbers", &guards->gap_min_numbers, 0, 1'000'000'000);
  section.Read("max_clock_skew_seconds", &guards->max_clock_skew_seconds, 0, 86'400);
  return section.Finish();
}

// One section configures both the registry and the intake of its files.
absl::Status ReadRegistry(const YAML::Node& node, RegistryOptions* registry, IntakeOptions* intake,
                          RequestLimits* limits) {
  ConfigSection section("registry", node);
  section.Read("load_dirs", &intake->load_dirs);
  section.Read("load_threads", &registry->load_threads, 0, 256);
  intake->load_threads = registry->load_threads;
  section.Read("max_waiting_loads", &intake->max_waiting_loads, 1, 1000);
  section.ReadBytes("max_upload_bytes", &limits->max_upload_bytes, kMiB, 1024 * kGiB);
  section.ReadBytes("history_cache_bytes", &registry->history_cache_bytes, 0, 1024 * kGiB);
  section.Read("keep_releases", &registry->keep_releases, 0, 100);
  section.Read("max_releases", &registry->max_releases, 3, 100'000);
  section.Read("max_lists", &registry->max_lists, 1, 10'000);
  section.ReadBytes("max_unpacked_bytes", &intake->read_limits.max_unpacked_bytes, kMiB,
                    1024 * kGiB);
  section.Read("max_archive_ratio", &intake->read_limits.max_ratio, 2, 100'000);
  return section.Finish();
}

// One section configures three rooms: who the tenants are, what they asked for, and where it is
// stored.
absl::Status ReadTenants(const YAML::Node& node, ServerConfig* config) {
  ConfigSection section("tenants", node);
  DirectoryLimits& directory = config->directory;
  section.Read("max_tenants", &directory.max_tenants, 1, 1'000'000);
  section.Read("max_keys", &directory.max_keys, 1, 10'000);
  section.Read("max_lists", &directory.max_lists, 1, 10'000);
  section.Read("max_blocks", &directory.max_blocks, 0, 1'000'000);
  section.Read("max_changes", &directory.max_changes, 1, 1'000'000);
  section.ReadBytes("block_cache_bytes", &config->tenant_store.block_cache_bytes, kMiB,
                    1024 * kGiB);
  TenantRecordsOptions& records = config->records;
  section.Read("filter_bits", &records.filter_bits, 4.0, 64.0);
  section.Read("filter_wear", &records.filter_wear, 0.01, 1.0);
  section.ReadDuration("request_id_age_hours", &records.request_id_age, absl::Hours(1), 24, 8760);
  section.Read("max_request_ids", &records.max_request_ids, 1000, 100'000'000'000);
  section.ReadDuration("change_age_days", &records.change_age, absl::Hours(24), 1, 3650);
  section.Read("max_kept_changes", &records.max_changes, 1000, 100'000'000'000);
  section.Read("max_waiting_writes", &records.max_waiting_writes, 1, 1'000'000);
  section.Read("max_records", &records.max_records, 1000, 100'000'000'000);
  Quotas& quotas = config->default_quotas;
  section.Read("numbers_per_second", &quotas.numbers_per_second, 0, 1'000'000'000'000);
  section.Read("calls_under_way", &quotas.calls_under_way, 0, 1'000'000);
  section.Read("max_tenant_records", &quotas.max_records, 0, 100'000'000'000);
  return section.Finish();
}

absl::Status ReadMemory(const YAML::Node& node, HugePages* huge_pages) {
  ConfigSection section("memory", node);
  std::string source;
  section.Read("huge_pages", &source);
  if (source == "madvise") {
    *huge_pages = HugePages::kMadvise;
  } else if (source == "reserved") {
    *huge_pages = HugePages::kReserved;
  } else if (source == "off") {
    *huge_pages = HugePages::kOff;
  } else if (!source.empty()) {
    section.Fail("huge_pages", "expected madvise, reserved or off");
  }
  return section.Finish();
}

absl::Status ReadStorage(const YAML::Node& node, StoreOptions* storage) {
  ConfigSection section("storage", node);
  section.ReadBytes("block_cache_bytes", &storage->block_cache_bytes, kMiB, 1024 * kGiB);
  return section.Finish();
}

// Reads permissions in chmod's notation, "0660".
void ReadMode(ConfigSection* section, uint32_t* mode) {
  std::string text;
  section->Read("socket_mode", &text);
  if (text.empty()) return;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *mode, 8);
  if (error != std::errc() || stop != end || *mode > 0777) {
    section->Fail("socket_mode", "expected permissions like \"0660\"");
  }
}

absl::Status ReadTls(const YAML::Node& node, TlsOptions* tls) {
  ConfigSection section("tls", node);
  section.Read("certificate", &tls->certificate);
  section.Read("key", &tls->key);
  return section.Finish();
}

absl::StatusOr<ServerConfig> ReadAll(const YAML::Node& root) {
  ServerConfig config;
  ConfigSection section("", root);
  section.Read("data_dir", &config.data_dir);
  section.Read("listen", &config.listen);
  ReadMode(&section, &config.socket_mode);
  section.Read("metrics_listen", &config.metrics_listen);
  section.Read("log_level", &config.log_level);
  DNC_RETURN_IF_ERROR(ReadTls(section.Child("tls"), &config.tls));
  DNC_RETURN_IF_ERROR(ReadRpc(section.Child("rpc"), &config.rpc, &config.retired_keys));
  DNC_RETURN_IF_ERROR(ReadLimits(section.Child("limits"), &config.limits));
  DNC_RETURN_IF_ERROR(ReadHttp(section.Child("http"), &config.http));
  DNC_RETURN_IF_ERROR(ReadPolicy(section.Child("policy"), &config.registry.policy));
  DNC_RETURN_IF_ERROR(ReadGuards(section.Child("guards"), &config.intake.guards));
  DNC_RETURN_IF_ERROR(
      ReadRegistry(section.Child("registry"), &config.registry, &config.intake, &config.limits));
  DNC_RETURN_IF_ERROR(ReadTenants(section.Child("tenants"), &config));
  DNC_RETURN_IF_ERROR(ReadMemory(section.Child("memory"), &config.huge_pages));
  DNC_RETURN_IF_ERROR(ReadStorage(section.Child("storage"), &config.published_store));
  DNC_RETURN_IF_ERROR(section.Finish());
  return config;
}

absl::Status CheckTls(const ServerConfig& config) {
  if (config.tls.certificate.empty() != config.tls.key.empty()) {
    return ConfigError("tls: give both the certificate and its key, or neither for plain text");
  }
  if (config.tls.enabled() && IsUnixAddress(config.listen)) {
    return ConfigError("tls: a unix socket is served in plain text; listen on HOST:PORT");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ServerConfig> ParseConfig(const std::string& yaml) {
  try {
    return ReadAll(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    return ConfigError(StrCat("line ", error.mark.line + 1, ": no valid YAML: ", error.msg));
  }
}

absl::StatusOr<ServerConfig> ReadConfigFile(const std::string& path) {
  DNC_RETURN_IF_ERROR(CheckPermission(path, R_OK));
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file.is_open() || file.bad()) {
    return Error(reason::kNotFound, StrCat("the configuration file ", path, " cannot be read"));
  }
  absl::StatusOr<ServerConfig> config = ParseConfig(content.str());
  if (!config.ok()) return WithPrefix(config.status(), path);
  return config;
}

absl::Status CheckConfig(const ServerConfig& config) {
  if (config.data_dir.empty()) {
    return ConfigError(
        "name the folder for the server's data with --data-dir, or with data_dir "
        "in the configuration file");
  }
  if (!IsUnixAddress(config.listen) && !IsListenAddress(config.listen)) {
    return ConfigError(
        StrCat("listen: \"", config.listen,
               "\" is neither HOST:PORT nor unix:/PATH (an absolute path of at most 100 bytes)"));
  }
  if (!config.metrics_listen.empty() && !IsListenAddress(config.metrics_listen)) {
    return ConfigError(StrCat("metrics_listen: \"", config.metrics_listen,
                              "\" is no HOST:PORT; empty turns metrics off"));
  }
  if (!config.http.listen.empty() && !IsListenAddress(config.http.listen)) {
    return ConfigError(
        StrCat("http.listen: \"", config.http.listen, "\" is no HOST:PORT; empty turns HTTP off"));
  }
  constexpr std::array<const char*, 5> kLevels = {"debug", "info", "warn", "error", "off"};
  if (std::find(kLevels.begin(), kLevels.end(), config.log_level) == kLevels.end()) {
    return ConfigError("log_level: expected debug, info, warn, error or off");
  }
  DNC_RETURN_IF_ERROR(CheckTls(config));
  for (const std::string& folder : config.intake.load_dirs) {
    if (folder.empty() || folder.front() != '/') {
      return ConfigError(StrCat("registry.load_dirs: \"", folder, "\" is no absolute path"));
    }
  }
  return absl::OkStatus();
}

}  // namespace dnc
