// dncd: holds the National Do Not Call Registry and answers scrubs. Wires the rooms, no more.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "server/base/clock.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/config/config_file.h"
#include "server/config/options.h"
#include "server/registry/registry.h"
#include "server/rpc/server.h"
#include "server/storage/store.h"
#include "server/telemetry/log.h"
#include "server/telemetry/metrics_collector.h"
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

absl::Status Run(const ServerConfig& config) {
  StopSignals signals;
  const Clock clock;
  DNC_ASSIGN_OR_RETURN(const auto store, Store::Open(StoreOptionsOf(config)));
  DNC_ASSIGN_OR_RETURN(const auto registry,
                       Registry::Open(RegistryOptionsOf(config), store.get(), &clock));
  Metrics metrics;
  const auto collector =
      std::make_shared<MetricsCollector>(DNC_VERSION, &metrics, registry.get(), &clock);
  DNC_ASSIGN_OR_RETURN(const auto exposer, StartMetrics(config, collector));
  ServerOptions options{config.listen, config.rpc, config.limits, config.registry.max_upload_bytes,
                        DNC_VERSION};
  DNC_ASSIGN_OR_RETURN(const auto server, Server::Start(options, registry.get(), &metrics, &clock));
  if (!IsLoopback(config.listen)) {
    spdlog::warn(
        "LISTENING ON {}: there is no authentication yet, so everybody who reaches this "
        "address can load and retire lists. Put it behind a firewall.",
        server->address());
  }

  // Beside this thread, so that a signal is heard while the data is still read.
  absl::Status started;
  std::thread announcer([&] {
    started = registry->WaitUntilReady();
    if (!started.ok()) {
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
  return started;
}

int Main(int argc, char** argv) {
  CLI::App app("Answers whether a number may be called, from the National Do Not Call Registry.",
               "dncd");
  app.set_version_flag("--version", std::string("dncd ") + DNC_VERSION);
  std::string config_path, data_dir, listen, metrics_listen, log_level;
  std::vector<std::string> load_dirs;
  app.add_option("--config", config_path, "Configuration file (docs/configuration.md)");
  app.add_option("--data-dir", data_dir, "Folder for the server's data; made if missing");
  const auto* listen_flag =
      app.add_option("--listen", listen, "HOST:PORT to serve gRPC on (127.0.0.1:50061)");
  const auto* metrics_flag =
      app.add_option("--metrics-listen", metrics_listen,
                     "HOST:PORT to serve metrics on (127.0.0.1:9461); empty: off");
  app.add_option("--load-dir", load_dirs, "Folder that LoadRelease may read; repeatable");
  app.add_option("--log-level", log_level, "debug, info, warn, error or off (info)");
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
    for (const std::string& folder : load_dirs) result.registry.load_dirs.push_back(folder);
    DNC_RETURN_IF_ERROR(CheckConfig(result));
    return result;
  }();
  const absl::Status status =
      config.ok() ? (StartLog(config->log_level), Run(*config)) : config.status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "dncd: %s\n", std::string(status.message()).c_str());
  return config.ok() ? 1 : 2;
}

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) { return dnc::Main(argc, argv); }
