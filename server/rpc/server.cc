#include "server/rpc/server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "grpc/support/log.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/config/config_file.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/call_site.h"
#include "server/rpc/gatekeeper.h"
#include "server/rpc/health_reporter.h"
#include "server/rpc/health_service.h"
#include "server/rpc/list_service.h"
#include "server/rpc/registry_service.h"
#include "server/rpc/revision_wait.h"
#include "server/rpc/scrub_service.h"
#include "server/rpc/tenant_service.h"
#include "server/rpc/unix_socket.h"
#include "server/rpc/worker_pool.h"
#include "spdlog/spdlog.h"

namespace dnc {
namespace {

// gRPC's own lines, long and for its developers: what matters to an operator, we say ourselves.
void LogOfGrpc(gpr_log_func_args* line) { spdlog::debug("grpc: {}", line->message); }

// Reflection and the log are the process's.
void EnablePlugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    gpr_set_log_function(&LogOfGrpc);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

int ThreadCount(int configured) {
  if (configured > 0) return configured;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

ScrubLimits ScrubLimitsOf(const ServerOptions& options) {
  ScrubLimits limits;
  limits.max_batch = options.limits.max_batch;
  limits.lost_up_to = options.lost_up_to;
  return limits;
}

RevisionWait::Limits RevisionLimitsOf(const ServerOptions& options) {
  // One worker stays free for calls that don't wait.
  return {options.limits.revision_wait, std::max(1, options.rpc.worker_threads - 1)};
}

}  // namespace

struct Server::Impl {
  Impl(const ServerOptions& options, const ServerParts& parts)
      : grace(options.rpc.stop_grace),
        workers(options.rpc.worker_threads, static_cast<size_t>(options.rpc.worker_queue)),
        gatekeeper(parts.directory, parts.order, options.keys_required),
        revisions(RevisionLimitsOf(options), {parts.order, parts.registry, &gatekeeper}),
        gate(int64_t{options.limits.numbers_under_way} * ThreadCount(options.rpc.threads)),
        scrub_handler(ScrubLimitsOf(options),
                      {parts.registry, parts.own_lists, parts.quotas, parts.metrics, parts.clock}),
        registry_handler({options.version, parts.clock->Now(), options.limits.max_batch,
                          options.limits.max_request_bytes, parts.order},
                         parts.registry, parts.clock),
        tenant_handler(parts.directory, parts.own_lists, parts.registry),
        list_handler({options.limits.max_batch}, {parts.directory, parts.own_lists, parts.quotas,
                                                  parts.registry, parts.order, parts.clock}),
        scrub_service(&scrub_handler),
        registry_service(&registry_handler, &uploads),
        tenant_service(&tenant_handler),
        list_service(&list_handler, std::max(1, options.rpc.worker_threads / 2)) {
    uploads.limits.max_bytes = options.max_upload_bytes;
    uploads.registry = parts.registry;
    uploads.max_uploads = options.limits.max_uploads;
  }

  const absl::Duration grace;
  int port = 0;
  std::string address;
  std::atomic<bool> stopping{false};
  LiveCalls live;
  WorkerPool workers;
  const Gatekeeper gatekeeper;
  RevisionWait revisions;
  ScrubGate gate;
  ScrubHandler scrub_handler;
  RegistryHandler registry_handler;
  TenantHandler tenant_handler;
  ListHandler list_handler;
  UploadShared uploads;
  ScrubService scrub_service;
  RegistryService registry_service;
  TenantService tenant_service;
  ListService list_service;
  HealthService health_service;
  std::unique_ptr<CallQueue> queue;
  std::unique_ptr<RefusalLine> refusals;
  CallSite site;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<HealthReporter> health;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(); }

int Server::port() const { return impl_->port; }

const std::string& Server::address() const { return impl_->address; }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const ServerParts& parts) {
  EnablePlugins();
  const bool on_socket = IsUnixAddress(options.listen);
  if (on_socket) DNC_RETURN_IF_ERROR(FreeSocket(UnixPathOf(options.listen)));
  auto impl = std::make_unique<Impl>(options, parts);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(
      options.listen, options.credentials ? options.credentials : grpc::InsecureServerCredentials(),
      &impl->port);
  builder.SetMaxReceiveMessageSize(options.limits.max_request_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.limits.max_streams);
  // With port sharing on, a second server would silently take half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterService(impl->scrub_service.service());
  builder.RegisterService(impl->registry_service.service());
  builder.RegisterService(impl->tenant_service.service());
  builder.RegisterService(impl->list_service.service());
  builder.RegisterService(impl->health_service.service());
  const int threads = ThreadCount(options.rpc.threads);
  impl->queue = std::make_unique<CallQueue>(builder.AddCompletionQueue(), threads,
                                            absl::ToChronoMicroseconds(options.rpc.spin));
  impl->refusals = std::make_unique<RefusalLine>(impl->queue->queue());
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr || impl->port == 0) {
    return Error(absl::StatusCode::kUnavailable, reason::kInvalidRequest,
                 StrCat("cannot listen on ", options.listen,
                        "; is the port taken by another program, and the address one of this "
                        "machine's?"));
  }
  if (on_socket) {
    DNC_RETURN_IF_ERROR(SetMode(UnixPathOf(options.listen), options.socket_mode));
    impl->address = options.listen;
  } else {
    impl->address = StrCat(options.listen.substr(0, options.listen.rfind(':')), ":", impl->port);
  }
  impl->health = std::make_unique<HealthReporter>(impl->health_service.board(), parts.registry);
  impl->site = CallSite{impl->queue->queue(), &impl->workers,    parts.metrics,     &impl->live,
                        &impl->stopping,      &impl->gatekeeper, impl->queue.get(), &impl->gate,
                        impl->refusals.get(), &impl->revisions};
  const int armed = options.rpc.armed_calls * threads;
  impl->scrub_service.Arm(impl->site, armed);
  impl->registry_service.Arm(impl->site, std::max(1, armed / 8));
  impl->tenant_service.Arm(impl->site, std::max(1, armed / 8));
  impl->list_service.Arm(impl->site, armed);
  impl->health_service.Arm(impl->site, std::max(1, armed / 8));
  impl->queue->Start();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::Stop() {
  if (impl_->stopping.exchange(true)) return;
  impl_->health->Stop();
  impl_->server->Shutdown(std::chrono::system_clock::now() +
                          absl::ToChronoMilliseconds(impl_->grace));
  // From here on gRPC starts no call; those that waited for callers end, too. Workers and the queue
  // still run, because calls need both to end.
  impl_->live.WaitUntilNone();
  impl_->workers.Stop();
  impl_->queue->Stop();
}

}  // namespace dnc
