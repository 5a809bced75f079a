// dncd: holds the National Do Not Call Registry and answers scrubs. Puts the rooms together; Run
// does so from the bottom to the top: the stores, what is kept in them, then who is served.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "server/assembly/background_work.h"
#include "server/assembly/command_line.h"
#include "server/assembly/http_door.h"
#include "server/assembly/open_stores.h"
#include "server/assembly/process_end.h"
#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/base/listen_address.h"
#include "server/base/log_line.h"
#include "server/base/metrics.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/http/metrics_door.h"
#include "server/index/page_pool.h"
#include "server/rpc/served_certificate.h"
#include "server/rpc/server.h"
#include "server/storage/data_folder.h"
#include "server/telemetry/log.h"
#include "server/telemetry/metrics_collector.h"
#include "server/tenants/quota.h"
#include "server/wire/listener.h"

namespace dnc {
namespace {

// What concerns the whole process, before other threads run.
void PrepareProcess(const ServerConfig& config) {
  // Debian's Abseil watches all locks for cycles, which is for developers and takes time.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  InstallAbortNote(config.data_dir);
  RaiseDescriptorLimit();
  for (const std::string& key : config.retired_keys) {
    LogWarn("{} says nothing any more, and the next version will not know it; take it out", key);
  }
  PagePool::Instance().Use(config.huge_pages);
  if (config.huge_pages == HugePages::kMadvise && PagePool::HugePagesOff()) {
    LogWarn(
        "the kernel's huge pages are off, and every batch takes about 1.4 times as long; "
        "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled and start dncd again");
  }
}

// The first address that others than this machine's programs reach; empty if there is none.
std::string OpenAddress(const ServerConfig& config) {
  if (!IsLoopback(config.listen)) return config.listen;
  return config.http.listen.empty() || IsLoopback(config.http.listen) ? "" : config.http.listen;
}

// Whether every caller needs a key. An error if callers from elsewhere could come without one.
absl::StatusOr<bool> KeysRequired(const ServerConfig& config, const TenantDirectory& directory) {
  const std::string open = OpenAddress(config);
  if (!open.empty() && !directory.HasOperatorKey()) {
    return Error(reason::kInvalidNow,
                 StrCat("listening on ", open,
                        " needs keys, and there is none of an operator: run dncd once with "
                        "--create-operator-key, or listen on 127.0.0.1"));
  }
  return !open.empty() || directory.HadOperatorKey();
}

// Null for plain text.
absl::StatusOr<std::unique_ptr<ServedCertificate>> OpenCertificate(const ServerConfig& config) {
  if (config.tls.enabled()) return ServedCertificate::Open(config.tls);
  if (!OpenAddress(config).empty()) {
    LogWarn(
        "keys and numbers cross the network in plain text; set tls, or listen on loopback "
        "behind a proxy that has it");
  }
  return nullptr;
}

// When the certificate that is served runs out, for the metrics; null for plain text.
std::function<absl::Time()> EndOf(const ServedCertificate* certificate) {
  if (certificate == nullptr) return nullptr;
  return [certificate] { return certificate->end(); };
}

// Metrics are a help, not a duty: only an address that was asked for must work.
absl::StatusOr<std::unique_ptr<MetricsDoor>> StartMetrics(const ServerConfig& config,
                                                          const StatusSources& sources,
                                                          Metrics* metrics) {
  if (config.metrics_listen.empty()) return nullptr;
  auto door = MetricsDoor::Open(config.metrics_listen, sources, metrics);
  if (door.ok() || config.metrics_listen != ServerConfig().metrics_listen) return door;
  LogWarn("{}; going on without metrics", std::string(door.status().message()));
  return nullptr;
}

// Says on the standard output that the server listens, once the stored data is read; ends the
// process by a signal if it can't be. Works on a thread of its own, so that a signal is heard
// meanwhile.
class Announcer {
 public:
  // `http`: where HTTP is served; empty if it is not.
  Announcer(Registry* registry, std::string address, std::string http)
      : thread_([this, registry, address = std::move(address), http = std::move(http)] {
          ready_ = registry->WaitUntilReady();
          if (!ready_.ok()) {
            LogError("{}", std::string(ready_.message()));
            kill(getpid(), SIGTERM);
            return;
          }
          std::printf("dncd %s listening on %s\n", DNC_VERSION, address.c_str());
          if (!http.empty()) std::printf("dncd %s serving HTTP on %s\n", DNC_VERSION, http.c_str());
          std::fflush(stdout);
        }) {}
  // Waits for the thread: whether the data could be read.
  absl::Status Join() {
    thread_.join();
    return ready_;
  }

 private:
  absl::Status ready_;  // belongs to the thread until it is joined
  std::thread thread_;
};

absl::Status Run(const ServerConfig& config, StartOptions start) {
  StopSignals signals;
  PrepareProcess(config);
  StuckStore stuck;
  start.on_stuck = stuck.Handler();
  Clock clock;
  Stores stores;
  DNC_RETURN_IF_ERROR(OpenStores(config, start, &clock, stores));
  std::optional<HugePageTask> huge_pages;
  if (config.huge_pages != HugePages::kOff) huge_pages.emplace();
  const ClockKeeper clock_keeper(&clock, &stores);
  Registry* const registry = stores.registry.get();
  TenantDirectory* const directory = stores.directory.get();
  TenantRecords* const records = stores.tenant_records.get();
  DNC_ASSIGN_OR_RETURN(const bool keys_required, KeysRequired(config, *directory));
  DNC_ASSIGN_OR_RETURN(const auto certificate, OpenCertificate(config));
  const LastUseWriter last_uses(directory);
  QuotaMeter quotas(config.default_quotas);
  Metrics metrics;
  const MetricsCollector collector(
      DNC_VERSION, MetricsSources{&metrics, registry, stores.intake.get(), records, directory,
                                  &quotas, &clock, EndOf(certificate.get())});
  const ServerOptions options{config.listen,
                              config.rpc,
                              config.limits,
                              DNC_VERSION,
                              keys_required,
                              config.socket_mode,
                              certificate ? certificate->tls() : nullptr,
                              stores.lost};
  const ServerParts parts{registry, stores.intake.get(), directory, records,
                          &quotas,  &stores.order,       &metrics,  &clock};
  DNC_ASSIGN_OR_RETURN(const auto server, Server::Start(options, parts));
  const StatusSources sources{server->front_parts().health, registry, &metrics, &collector};
  DNC_ASSIGN_OR_RETURN(const auto metrics_door, StartMetrics(config, sources, &metrics));
  StatusPages pages(sources);
  const HttpDoorParts door_parts{server->front_parts(), &pages,        &metrics,
                                 options.tls,           keys_required, options.version};
  DNC_ASSIGN_OR_RETURN(const auto http, OpenHttpDoor(config.http, door_parts));
  if (http != nullptr) server->AddFront(http);
  Announcer announcer(registry, server->address(), http == nullptr ? "" : http->address());
  signals.Wait();
  LogInfo("stopping");
  server->Stop();
  const absl::Status ready = announcer.Join();
  DNC_RETURN_IF_ERROR(stuck.cause());
  return ready;
}

// Makes the first key of an operator, for a server that listens on more than loopback.
absl::Status CreateOperatorKey(const ServerConfig& config, const StartOptions& start) {
  DNC_RETURN_IF_ERROR(CheckFolderOwner(config.data_dir, "run --create-operator-key"));
  Clock clock;
  Stores stores;
  DNC_RETURN_IF_ERROR(OpenStores(config, start, &clock, stores));
  DNC_RETURN_IF_ERROR(stores.registry->WaitUntilReady());
  ApiKey key;
  key.scopes = {KeyScope::kOperate};
  key.display_name = "made by dncd --create-operator-key";
  DNC_ASSIGN_OR_RETURN(const TenantDirectory::CreatedKey created,
                       stores.directory->CreateKey(key, "local"));
  std::fprintf(stderr,
               "An operator's key for the data in %s, told only now. From its next start on that "
               "server asks every caller for a key; give this one to dncctl:\n"
               "  export DNC_KEY=...\n",
               config.data_dir.c_str());
  std::printf("%s\n", created.secret.c_str());
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  int exit_code = 0;
  const auto command = ReadCommandLine(argc, argv, DNC_VERSION, &exit_code);
  absl::Status status = command.status();
  if (command.ok()) {
    if (!command->has_value()) return exit_code;
    const auto& [config, start, create_operator_key] = **command;
    StartLog(config.log_level);
    status = create_operator_key ? CreateOperatorKey(config, start) : Run(config, start);
  }
  if (status.ok()) return 0;
  std::fprintf(stderr, "dncd: %s\n", std::string(status.message()).c_str());
  return command.ok() ? 1 : 2;
}

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) { return dnc::Main(argc, argv); }
