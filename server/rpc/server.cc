#include "server/rpc/server.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "grpc/grpc.h"
#include "grpc/support/log.h"
#include "grpc/support/time.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "server/base/error.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/error_status.h"
#include "server/rpc/health_service.h"
#include "server/rpc/list_service.h"
#include "server/rpc/registry_service.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/scrub_service.h"
#include "server/rpc/streams.h"
#include "server/rpc/tenant_service.h"
#include "server/rpc/wire_calls.h"
#include "server/service/authorizer.h"
#include "server/service/health.h"
#include "server/service/list_changes.h"
#include "server/service/list_queries.h"
#include "server/service/release_admin.h"
#include "server/service/revision_wait.h"
#include "server/service/tenant_admin.h"
#include "server/service/waker.h"
#include "server/service/worker_pool.h"
#include "server/wire/listener.h"
#include "server/wire/wire_server.h"

namespace dnc {
namespace {

// gRPC's own lines, long and for its developers: what matters to an operator, we say ourselves.
void LogOfGrpc(gpr_log_func_args* line) { LogDebug("grpc: {}", line->message); }

// Reflection and the log are the process's.
void EnablePlugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    gpr_set_log_function(&LogOfGrpc);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

// How long calls that come when the server stops are held before GOAWAY.
constexpr absl::Duration kGather = absl::Milliseconds(50);

int ThreadCount(int configured) {
  if (configured > 0) return configured;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

DecideLimits DecideLimitsOf(const ServerOptions& options) {
  DecideLimits limits;
  limits.max_batch = options.limits.max_batch;
  limits.lost = options.lost;
  return limits;
}

RevisionWait::Limits RevisionLimitsOf(const ServerOptions& options) {
  // One worker stays free for calls that don't wait.
  return {options.limits.revision_wait, std::max(1, options.rpc.worker_threads - 1)};
}

// How connections behave.
void SetTransport(const ServerOptions& options, grpc::ServerBuilder* builder) {
  // Clients may ping every 10 s, also without calls; one that is early by half is not minded.
  constexpr int kShortestPingMs = 5'000;
  // gRPC ends the whole connection above its own limit: the server's is below, and per call.
  constexpr int kMetadataRoom = 16;
  builder->SetMaxReceiveMessageSize(options.limits.max_request_bytes);
  const auto set = [builder](const char* name, int64_t value) {
    builder->AddChannelArgument(name, static_cast<int>(value));
  };
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.limits.max_streams);
  set(GRPC_ARG_MAX_METADATA_SIZE, int64_t{kMetadataRoom} * options.limits.max_metadata_bytes);
  set(GRPC_ARG_KEEPALIVE_TIME_MS, absl::ToInt64Milliseconds(options.rpc.keepalive));
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, absl::ToInt64Milliseconds(options.rpc.keepalive_timeout));
  set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  set(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kShortestPingMs);
}

}  // namespace

struct Server::Impl {
  Impl(const ServerOptions& options, const ServerParts& parts)
      : drain(options.rpc.drain),
        grace(options.rpc.stop_grace),
        metrics(parts.metrics),
        order(parts.order),
        intake(parts.intake),
        workers(options.rpc.worker_threads, static_cast<size_t>(options.rpc.worker_queue)),
        guard(options.limits.silent_stream, &stop),
        authorizer(parts.directory, parts.order, options.keys_required,
                   static_cast<size_t>(options.limits.max_metadata_bytes)),
        revisions(RevisionLimitsOf(options), {parts.order, parts.registry, &authorizer}),
        gate({options.limits.numbers_under_way, absl::ToChronoNanoseconds(options.limits.max_wait),
              ThreadCount(options.rpc.threads)}),
        decider(DecideLimitsOf(options),
                {parts.registry, parts.tenant_records, parts.quotas, parts.metrics, parts.clock}),
        scrub_handler(&decider),
        release_admin({options.version, parts.clock->Now(), options.limits.max_batch,
                       options.limits.max_request_bytes, parts.order},
                      parts.registry, parts.intake, parts.clock),
        tenant_admin(parts.directory, parts.tenant_records, parts.registry, &waker),
        list_changes({options.limits.max_batch}, {parts.directory, parts.tenant_records,
                                                  parts.quotas, parts.registry, parts.clock}),
        list_queries({parts.directory, parts.tenant_records, parts.order}),
        uploads(options.limits.max_uploads, options.limits.max_key_uploads,
                options.limits.max_upload_bytes, parts.intake),
        scrub_service(&scrub_handler),
        registry_service(&release_admin, &uploads, options.limits.max_tenant_streams),
        tenant_service(&tenant_admin),
        list_service(
            &list_changes, &list_queries, parts.clock,
            {std::max(1, options.rpc.worker_threads / 2), options.limits.max_tenant_streams}),
        board([this] { waker.Notify(Topic::kHealth); }),
        health_service(&board, options.limits.max_health_watches),
        order_listener(order->AddListener([this] { waker.Notify(Topic::kChanges); })),
        loads_listener(intake->AddListener([this] { waker.Notify(Topic::kLoads); })) {}
  ~Impl() {
    intake->RemoveListener(loads_listener);
    order->RemoveListener(order_listener);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Of our own transport.
  void StartWire(const ServerOptions& options);
  void StopWire();
  // Calls under way have so long to end.
  void BeginStop(absl::Duration left);
  // Of gRPC's.
  void StopGrpc();

  const absl::Duration drain;
  const absl::Duration grace;
  Metrics* const metrics;
  const RevisionOrder* const order;
  Intake* const intake;
  bool stopped = false;
  StopLine stop;
  LiveCalls live;
  WorkerPool workers;
  StreamGuard guard;
  Waker waker;
  const Authorizer authorizer;
  RevisionWait revisions;
  AdmissionControl gate;
  Decider decider;
  ScrubHandler scrub_handler;
  ReleaseAdmin release_admin;
  TenantAdmin tenant_admin;
  ListChanges list_changes;
  const ListQueries list_queries;
  UploadShared uploads;
  ScrubService scrub_service;
  RegistryService registry_service;
  TenantService tenant_service;
  ListService list_service;
  HealthBoard board;
  HealthService health_service;
  const int order_listener;  // tells the waker of changes
  const int loads_listener;  // tells the waker of loads
  std::unique_ptr<CallQueue> queue;
  std::unique_ptr<DelayedRefusals> refusals;
  RpcContext rpc;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<HealthReporter> health;
  // Our own transport; null where gRPC's is used.
  std::unique_ptr<Relay> relay;
  std::unique_ptr<WireCalls> wire_calls;
  std::unique_ptr<WireServer> wire;
  std::unique_ptr<Listener> listener;
};

void Server::Impl::StartWire(const ServerOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  const auto max_message = static_cast<size_t>(options.limits.max_request_bytes);
  relay = std::make_unique<Relay>(server->InProcessChannel(arguments), &live);
  wire_calls = std::make_unique<WireCalls>(&scrub_handler, &rpc, relay.get(), max_message);
  WireOptions wired;
  wired.loops = ThreadCount(options.rpc.threads);
  wired.spin = absl::ToChronoNanoseconds(options.rpc.spin);
  wired.http2.max_message = max_message;
  wired.http2.max_metadata = static_cast<size_t>(options.limits.max_metadata_bytes);
  wired.http2.max_streams = static_cast<uint32_t>(options.limits.max_streams);
  wired.http2.keepalive = absl::ToChronoNanoseconds(options.rpc.keepalive);
  wired.http2.keepalive_timeout = absl::ToChronoNanoseconds(options.rpc.keepalive_timeout);
  wired.http2.half_message = absl::ToChronoNanoseconds(options.limits.silent_stream);
  // A tenth of a budget comes back each second.
  constexpr int64_t kSecondsToRefill = 10;
  wired.http2.idle_frames = options.limits.max_idle_frames;
  wired.http2.idle_frames_second = std::max<int64_t>(1, wired.http2.idle_frames / kSecondsToRefill);
  wired.http2.resets = options.limits.max_resets;
  wired.http2.resets_second = std::max<int64_t>(1, wired.http2.resets / kSecondsToRefill);
  wired.http2.pool_bytes = static_cast<int64_t>(options.limits.max_unfinished_bytes);
  wired.tls = options.tls;
  wired.accept = [calls = wire_calls.get()](const CallPtr& call) { return calls->Accept(call); };
  wired.status_of = &ToWireStatus;
  wire = std::make_unique<WireServer>(std::move(wired));
  wire->Start();
}

void Server::Impl::BeginStop(absl::Duration left) {
  const absl::Duration reserve = std::min(grace / 5, absl::Seconds(1));
  stop.BeginStop(StopLine::Clock::now() + absl::ToChronoNanoseconds(left - reserve));
  guard.BeginStop();
}

// As long as the listener listens, calls are answered: the last GOAWAY goes out when all callers
// have heard of the first, so that no call meets a server that is gone.
void Server::Impl::StopWire() {
  const auto begin = StopLine::Clock::now();
  wire->AnnounceEnd(std::min(grace / 2, absl::Seconds(1)));
  const absl::Duration left =
      std::clamp(grace - absl::FromChrono(StopLine::Clock::now() - begin), grace / 2, grace);
  listener->Stop();
  BeginStop(left);
  wire->BeginEnd();
  stop.Release();
  waker.WakeAll();
  wire->WaitUntilClosed(left);
  wire->CloseAll();
  // The loops still run: what is relayed, and what workers do, ends on them.
  server->Shutdown(std::chrono::system_clock::now());
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(); }

int Server::port() const { return impl_->listener->port(); }

const std::string& Server::address() const { return impl_->listener->address(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const ServerParts& parts) {
  EnablePlugins();
  auto impl = std::make_unique<Impl>(options, parts);
  DNC_ASSIGN_OR_RETURN(impl->listener,
                       Listener::Open(options.listen, options.socket_mode, parts.metrics));
  grpc::ServerBuilder builder;
  const bool native = options.rpc.transport == Transport::kNative;
  if (!native) {
    impl->acceptor = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        options.credentials ? options.credentials : grpc::InsecureServerCredentials());
  }
  SetTransport(options, &builder);
  builder.RegisterService(impl->scrub_service.service());
  builder.RegisterService(impl->registry_service.service());
  builder.RegisterService(impl->tenant_service.service());
  builder.RegisterService(impl->list_service.service());
  builder.RegisterService(impl->health_service.service());
  const int threads = ThreadCount(options.rpc.threads);
  impl->queue = std::make_unique<CallQueue>(builder.AddCompletionQueue(), threads,
                                            absl::ToChronoMicroseconds(options.rpc.spin));
  impl->refusals = std::make_unique<DelayedRefusals>(impl->queue->queue());
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr) {
    return Error(reason::kCannotStart,
                 "the server could not be started; the log at level debug tells what gRPC says");
  }
  impl->health = std::make_unique<HealthReporter>(&impl->board, parts.registry, parts.metrics);
  impl->rpc =
      RpcContext{impl->queue->queue(), &impl->workers,
                 parts.metrics,        &impl->live,
                 &impl->stop,          &impl->authorizer,
                 impl->queue.get(),    &impl->gate,
                 impl->refusals.get(), &impl->revisions,
                 &impl->guard,         &impl->waker,
                 parts.clock,          absl::ToChronoNanoseconds(options.rpc.watch_heartbeat)};
  const int armed = options.rpc.armed_calls * threads;
  impl->scrub_service.Arm(impl->rpc, armed);
  impl->registry_service.Arm(impl->rpc, std::max(1, armed / 8));
  impl->tenant_service.Arm(impl->rpc, std::max(1, armed / 8));
  impl->list_service.Arm(impl->rpc, armed);
  impl->health_service.Arm(impl->rpc, std::max(1, armed / 8));
  impl->queue->Start();
  if (native) {
    impl->StartWire(options);
    impl->listener->Start(
        [wire = impl->wire.get()](int /*listener_fd*/, int fd) { wire->Take(fd); },
        options.rpc.keepalive_timeout);
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  }
  impl->listener->Start(
      [acceptor = impl->acceptor.get()](int listener_fd, int fd) {
        grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
        connection.listener_fd = listener_fd;
        connection.fd = fd;
        acceptor->HandleNewConnection(&connection);
      },
      options.rpc.keepalive_timeout);
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::Impl::StopGrpc() {
  listener->Stop();
  BeginStop(grace);
  // Callers that send call after call have by now one each that is held.
  absl::SleepFor(std::min(kGather, grace));
  // This does what grpc::Server::Shutdown begins with, but returns when GOAWAY is on its way:
  // answers to what is held, and to streams that sleep, go out behind it, so that whoever repeats
  // his call opens another connection.
  grpc_completion_queue* const ended = grpc_completion_queue_create_for_next(nullptr);
  grpc_server_shutdown_and_notify(server->c_server(), ended, nullptr);
  stop.Release();
  waker.WakeAll();
  server->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
  grpc_completion_queue_shutdown(ended);
  while (grpc_completion_queue_next(ended, gpr_inf_future(GPR_CLOCK_REALTIME), nullptr).type !=
         GRPC_QUEUE_SHUTDOWN) {
  }
  grpc_completion_queue_destroy(ended);
}

void Server::Stop() {
  if (std::exchange(impl_->stopped, true)) return;
  impl_->health->Stop();
  impl_->metrics->SetAccepting(false);
  if (impl_->drain > absl::ZeroDuration()) absl::SleepFor(impl_->drain);
  if (impl_->wire != nullptr) {
    impl_->StopWire();
  } else {
    impl_->StopGrpc();
  }
  // From here on gRPC starts no call; those that waited for callers end, too. Workers and the queue
  // still run, because calls need both to end.
  impl_->live.WaitUntilNone([order = impl_->order] { order->GiveUpWaits(); });
  impl_->workers.Stop();
  impl_->queue->Stop();
  if (impl_->wire != nullptr) impl_->wire->Stop();
}

}  // namespace dnc
