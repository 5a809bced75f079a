// dncd: holds the National Do Not Call Registry and answers scrubs. Wires the rooms, no more.
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/synchronization/mutex.h"
#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/config/config_file.h"
#include "server/config/options.h"
#include "server/index/page_pool.h"
#include "server/open_stores.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/rpc/listener.h"
#include "server/rpc/served_certificate.h"
#include "server/rpc/server.h"
#include "server/storage/data_folder.h"
#include "server/storage/store.h"
#include "server/telemetry/abort_note.h"
#include "server/telemetry/log.h"
#include "server/telemetry/metrics_collector.h"
#include "server/tenants/quota.h"
#include "server/tenants/tenant_directory.h"
#include "spdlog/spdlog.h"

namespace dnc {
namespace {

// SIGINT and SIGTERM, blocked in every thread and taken by Wait.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  // A second signal ends the process at once.
  void Wait() {
    int signal = 0;
    sigwait(&signals_, &signal);
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }

 private:
  sigset_t signals_;
};

// Metrics are a help, not a duty: only an address that was asked for must work.
absl::StatusOr<std::unique_ptr<prometheus::Exposer>> StartMetrics(
    const ServerConfig& config, const std::shared_ptr<MetricsCollector>& collector) {
  if (config.metrics_listen.empty()) return nullptr;
  auto exposer = ServeMetrics(config.metrics_listen, collector);
  if (exposer.ok() || config.metrics_listen != ServerConfig().metrics_listen) return exposer;
  spdlog::warn("{}; going on without metrics", std::string(exposer.status().message()));
  return nullptr;
}

// Writes the last uses of keys now and then, and at the end.
class LastUseWriter {
 public:
  explicit LastUseWriter(TenantDirectory* directory)
      : directory_(directory), thread_([this] { Run(); }) {}
  ~LastUseWriter() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  LastUseWriter(const LastUseWriter&) = delete;
  LastUseWriter& operator=(const LastUseWriter&) = delete;

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      wake_.wait_for(lock, std::chrono::minutes(10), [this] { return stopping_; });
      if (const absl::Status written = directory_->FlushLastUsed(); !written.ok()) {
        spdlog::warn("last uses of keys are not written: {}", std::string(written.message()));
      }
    }
  }

  TenantDirectory* const directory_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

// Keeps the time now and then, so that it does not go back over a restart, sees whether the
// machine's clock lies behind, and has the disk keep what the stores know of each other.
class ClockKeeper {
 public:
  ClockKeeper(Clock* clock, Stores* stores)
      : clock_(clock), stores_(stores), thread_([this] { Run(); }) {}
  ~ClockKeeper() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    clock_->Keep();
  }
  ClockKeeper(const ClockKeeper&) = delete;
  ClockKeeper& operator=(const ClockKeeper&) = delete;

 private:
  static constexpr std::chrono::seconds kLook{1};
  static constexpr int kLooksAKeep = 60;

  void Run() {
    std::unique_lock lock(mutex_);
    for (int looks = 1; !wake_.wait_for(lock, kLook, [this] { return stopping_; }); ++looks) {
      Look();
      stores_->registry_store->SyncNote();
      stores_->tenant_store->SyncNote();
      if (looks % kLooksAKeep == 0) clock_->Keep();
    }
  }
  void Look() {
    const bool before = clock_->behind();
    clock_->Look();
    if (clock_->behind() == before) return;
    if (before) {
      spdlog::info("the machine's clock has caught up with what the stores know");
    } else {
      spdlog::error(
          "the machine's clock was set back by more than a day: every number that would be clear "
          "is STALE until it is right (docs/operations.md, DncClockBehind)");
    }
  }

  Clock* const clock_;
  Stores* const stores_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

// A store that takes no writes any more ends the process: started again, it opens the store anew.
class StuckStore {
 public:
  // Null in a process that serves nothing.
  std::function<void(const absl::Status&)> Handler() {
    return [this](const absl::Status& cause) {
      {
        const std::lock_guard lock(mutex_);
        if (!cause_.ok()) return;
        cause_ = cause;
      }
      spdlog::error(
          "{}. dncd ends, so that whoever started it starts it again: that opens the store anew. "
          "Nothing that was acknowledged is lost (docs/operations.md, DncTenantWritesFailing)",
          std::string(cause.message()));
      kill(getpid(), SIGTERM);
    };
  }
  absl::Status cause() const {
    const std::lock_guard lock(mutex_);
    return cause_;
  }

 private:
  mutable std::mutex mutex_;
  absl::Status cause_;  // guarded by mutex_
};

// The first key of an operator, for a server that listens on more than loopback.
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

void WarnOfSmallPages() {
  if (!PagePool::HugePagesOff()) return;
  spdlog::warn(
      "the kernel's huge pages are off, and every batch takes about 1.4 times as long; "
      "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled and start dncd again");
}

// Null for plain text.
absl::StatusOr<std::unique_ptr<ServedCertificate>> OpenCertificate(const ServerConfig& config,
                                                                   bool loopback) {
  if (config.tls.enabled()) return ServedCertificate::Open(config.tls);
  if (!loopback) {
    spdlog::warn(
        "keys and numbers cross the network in plain text; set tls, or listen on loopback "
        "behind a proxy that has it");
  }
  return nullptr;
}

// What the metrics show of it; null for plain text.
std::function<absl::Time()> EndOf(const ServedCertificate* certificate) {
  if (certificate == nullptr) return nullptr;
  return [certificate] { return certificate->end(); };
}

absl::Status Run(const ServerConfig& config, StartOptions start) {
  // Debian's gRPC watches all of its locks for cycles, which is for its developers and takes 7 % of
  // a call's time.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  StopSignals signals;
  InstallAbortNote(config.data_dir);
  RaiseDescriptorLimit();
  WarnOfSmallPages();
  StuckStore stuck;
  start.on_stuck = stuck.Handler();
  Clock clock;
  Stores stores;
  DNC_RETURN_IF_ERROR(OpenStores(config, start, &clock, stores));
  const ClockKeeper keeper(&clock, &stores);
  Registry* const registry = stores.registry.get();
  const bool loopback = IsLoopback(config.listen);
  const bool keys_required = !loopback || stores.directory->HadOperatorKey();
  if (!loopback && !stores.directory->HasOperatorKey()) {
    return Error(reason::kInvalidNow,
                 StrCat("listening on ", config.listen,
                        " needs keys, and there is none of an operator: run dncd once with "
                        "--create-operator-key, or listen on 127.0.0.1"));
  }
  DNC_ASSIGN_OR_RETURN(const auto certificate, OpenCertificate(config, loopback));
  const LastUseWriter last_uses(stores.directory.get());
  QuotaBook quotas(DefaultQuotasOf(config));
  Metrics metrics;
  const auto collector = std::make_shared<MetricsCollector>(
      DNC_VERSION,
      MetricsSources{&metrics, registry, stores.tenant_records.get(), stores.directory.get(),
                     &quotas, &clock, EndOf(certificate.get())});
  DNC_ASSIGN_OR_RETURN(const auto exposer, StartMetrics(config, collector));
  ServerOptions options{config.listen,      config.rpc,
                        config.limits,      config.registry.max_upload_bytes,
                        DNC_VERSION,        keys_required,
                        config.socket_mode, certificate ? certificate->Credentials() : nullptr,
                        stores.lost};
  const ServerParts parts{registry, stores.directory.get(), stores.tenant_records.get(),
                          &quotas,  &stores.order,          &metrics,
                          &clock};
  DNC_ASSIGN_OR_RETURN(const auto server, Server::Start(options, parts));
  // Beside this thread, so that a signal is heard while the data is still read.
  absl::Status started;
  std::thread announcer([&] {
    started = registry->WaitUntilReady();
    if (!started.ok()) {
      spdlog::error("{}", std::string(started.message()));
      kill(getpid(), SIGTERM);
      return;
    }
    std::printf("dncd %s listening on %s\n", DNC_VERSION, server->address().c_str());
    std::fflush(stdout);
  });
  signals.Wait();
  spdlog::info("stopping");
  server->Stop();
  announcer.join();
  DNC_RETURN_IF_ERROR(stuck.cause());
  return started;
}

absl::StatusOr<absl::Time> ParseMoment(const std::string& text) {
  for (const char* const format : {absl::RFC3339_full, "%Y-%m-%dT%H:%M%Ez", "%Y-%m-%dT%H:%M:%E*S",
                                   "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%E*S", "%Y-%m-%d %H:%M"}) {
    absl::Time moment;
    std::string ignored;
    if (absl::ParseTime(format, text, absl::UTCTimeZone(), &moment, &ignored)) return moment;
  }
  return Error(reason::kInvalidRequest,
               "--accept-clock takes the time that it is, in UTC: 2026-08-05T14:00:00Z");
}

// What an operator says aloud at a start.
void AddStartOptions(CLI::App& app, StartOptions& start, std::string& accept_clock) {
  app.add_flag("--new-tenants", start.new_tenants,
               "The tenants' half of the data folder is lost: begin it empty. Every opt-out, "
               "consent and key is gone then");
  app.add_flag("--new-published", start.new_published,
               "The published lists' half is lost: begin it empty, and load all lists again");
  app.add_flag("--restored", start.restored,
               "The data folder is a backup that was put back: what was written after it is lost, "
               "and nobody is told that it is there. Take it away again after the start");
  app.add_option("--accept-clock", accept_clock,
                 "The machine's clock is right though the stores are ahead of it; the time that it "
                 "is, 2026-08-05T14:00:00Z");
  app.add_option("--accept-clock-reason", start.accept_reason, "Why, for the record");
}

int Main(int argc, char** argv) {
  CLI::App app("Answers whether a number may be called, from the National Do Not Call Registry.",
               "dncd");
  app.set_version_flag("--version", std::string("dncd ") + DNC_VERSION);
  std::string config_path, data_dir, listen, metrics_listen, log_level;
  std::vector<std::string> load_dirs;
  bool create_operator_key = false;
  app.add_option("--config", config_path, "Configuration file (docs/configuration.md)");
  app.add_option("--data-dir", data_dir, "Folder for the server's data; made if missing");
  const auto* listen_flag = app.add_option(
      "--listen", listen, "HOST:PORT or unix:/PATH to serve gRPC on (127.0.0.1:50061)");
  const auto* metrics_flag =
      app.add_option("--metrics-listen", metrics_listen,
                     "HOST:PORT to serve metrics on (127.0.0.1:9461); empty: off");
  app.add_option("--load-dir", load_dirs, "Folder that LoadRelease may read; repeatable");
  app.add_option("--log-level", log_level, "debug, info, warn, error or off (info)");
  app.add_flag("--create-operator-key", create_operator_key,
               "Make a key for an operator, print it, and end; no server may run");
  StartOptions start;
  std::string accept_clock;
  AddStartOptions(app, start, accept_clock);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  const auto config = [&]() -> absl::StatusOr<ServerConfig> {
    ServerConfig result;
    if (!config_path.empty()) {
      DNC_ASSIGN_OR_RETURN(result, ReadConfigFile(config_path));
    }
    if (!data_dir.empty()) result.data_dir = data_dir;
    if (listen_flag->count() > 0) result.listen = listen;
    if (metrics_flag->count() > 0) result.metrics_listen = metrics_listen;
    if (!log_level.empty()) result.log_level = log_level;
    if (!accept_clock.empty()) {
      DNC_ASSIGN_OR_RETURN(start.accept_clock, ParseMoment(accept_clock));
    }
    for (const std::string& folder : load_dirs) result.registry.load_dirs.push_back(folder);
    DNC_RETURN_IF_ERROR(CheckConfig(result));
    return result;
  }();
  const absl::Status status =
      !config.ok()
          ? config.status()
          : (StartLog(config->log_level),
             create_operator_key ? CreateOperatorKey(*config, start) : Run(*config, start));
  if (status.ok()) return 0;
  std::fprintf(stderr, "dncd: %s\n", std::string(status.message()).c_str());
  return config.ok() ? 1 : 2;
}

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) { return dnc::Main(argc, argv); }
