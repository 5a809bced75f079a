#include "server/rpc/server.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "server/base/activity.h"
#include "server/base/periodic_task.h"
#include "server/base/status_macros.h"
#include "server/rpc/error_status.h"
#include "server/rpc/health_service.h"
#include "server/rpc/list_service.h"
#include "server/rpc/method_table.h"
#include "server/rpc/reflection_service.h"
#include "server/rpc/registry_service.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/scrub_service.h"
#include "server/rpc/tenant_service.h"
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
Http2Options Http2OptionsOf(const ServerOptions& options) {
  Http2Options http2;
  http2.max_message = static_cast<size_t>(options.limits.max_request_bytes);
  http2.max_metadata = static_cast<size_t>(options.limits.max_metadata_bytes);
  http2.max_streams = static_cast<uint32_t>(options.limits.max_streams);
  http2.keepalive = absl::ToChronoNanoseconds(options.rpc.keepalive);
  http2.keepalive_timeout = absl::ToChronoNanoseconds(options.rpc.keepalive_timeout);
  http2.half_message = absl::ToChronoNanoseconds(options.limits.silent_stream);
  // A tenth of a budget comes back each second.
  constexpr int64_t kSecondsToRefill = 10;
  http2.idle_frames = options.limits.max_idle_frames;
  http2.idle_frames_second = std::max<int64_t>(1, http2.idle_frames / kSecondsToRefill);
  http2.resets = options.limits.max_resets;
  http2.resets_second = std::max<int64_t>(1, http2.resets / kSecondsToRefill);
  // Some of the longest requests find room, whatever is configured.
  constexpr int64_t kLongest = 4;
  http2.pool_bytes = std::max(static_cast<int64_t>(options.limits.max_unfinished_bytes),
                              kLongest * options.limits.max_request_bytes);
  return http2;
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
        authorizer(parts.directory, parts.order, options.keys_required,
                   static_cast<size_t>(options.limits.max_metadata_bytes)),
        revisions(RevisionLimitsOf(options), {parts.order, parts.registry, &authorizer}),
        gate(
            {options.limits.numbers_under_way, absl::ToChronoNanoseconds(options.limits.max_wait)}),
        decider(DecideLimitsOf(options),
                {parts.registry, parts.tenant_records, parts.quotas, parts.metrics, parts.clock}),
        scrub_handler(&decider),
        activity(parts.metrics, parts.clock),
        activity_task(absl::Seconds(10), [this] { activity.Sample(); }),
        release_admin({options.version, parts.clock->Now(), options.limits.max_batch,
                       options.limits.max_request_bytes, parts.order, &activity},
                      parts.registry, parts.intake, parts.clock),
        tenant_admin(parts.directory, parts.tenant_records, parts.registry, &waker),
        list_changes({options.limits.max_batch}, {parts.directory, parts.tenant_records,
                                                  parts.quotas, parts.registry, parts.clock}),
        list_queries({parts.directory, parts.tenant_records, parts.order}),
        uploads(options.limits.max_uploads, options.limits.max_key_uploads,
                options.limits.max_upload_bytes, parts.intake),
        registry_service(&release_admin, &uploads, options.limits.max_tenant_streams),
        list_service(
            &list_changes, &list_queries, parts.clock,
            {std::max(1, options.rpc.worker_threads / 2), options.limits.max_tenant_streams}),
        board([this] { waker.Notify(Topic::kHealth); }),
        health_service(&board, options.limits.max_health_watches),
        order_listener(order->AddListener([this] { waker.Notify(Topic::kChanges); })),
        loads_listener(intake->AddListener([this] { waker.Notify(Topic::kLoads); })),
        rpc{&workers,
            metrics,
            &live,
            &stop,
            &authorizer,
            &gate,
            &revisions,
            &waker,
            parts.clock,
            static_cast<size_t>(options.limits.max_request_bytes),
            absl::ToChronoNanoseconds(options.rpc.watch_heartbeat)},
        loops(ThreadCount(options.rpc.threads), absl::ToChronoNanoseconds(options.rpc.spin)),
        wire(WireOptionsOf(options), &loops) {
    AddScrubService(&scrub_handler, &methods);
    registry_service.AddTo(&methods);
    AddTenantService(&tenant_admin, &methods);
    list_service.AddTo(&methods);
    health_service.AddTo(&methods);
    AddReflectionService(&reflections, &methods);
  }
  ~Impl() {
    intake->RemoveListener(loads_listener);
    order->RemoveListener(order_listener);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void TellCallers();

  WireOptions WireOptionsOf(const ServerOptions& options) {
    WireOptions wired;
    wired.loops = ThreadCount(options.rpc.threads);
    wired.spin = absl::ToChronoNanoseconds(options.rpc.spin);
    wired.http2 = Http2OptionsOf(options);
    wired.tls = options.tls;
    wired.accept = [this](const CallPtr& call) { return methods.Accept(call); };
    wired.status_of = &ToWireStatus;
    wired.is_known = [this](const GrpcStream& call) { return methods.IsKnown(call); };
    return wired;
  }

  const absl::Duration drain;
  const absl::Duration grace;
  Metrics* const metrics;
  const RevisionOrder* const order;
  Intake* const intake;
  bool stopped = false;
  StopSign stop;
  LiveCalls live;
  WorkerPool workers;
  Waker waker;
  const Authorizer authorizer;
  RevisionWait revisions;
  AdmissionControl gate;
  Decider decider;
  ScrubHandler scrub_handler;
  Activity activity;
  PeriodicTask activity_task;
  ReleaseAdmin release_admin;
  TenantAdmin tenant_admin;
  ListChanges list_changes;
  const ListQueries list_queries;
  UploadShared uploads;
  RegistryService registry_service;
  ListService list_service;
  StreamPlaces reflections{kMaxReflections, kMaxReflections / 2};
  HealthBoard board;
  HealthService health_service;
  const int order_listener;  // tells the waker of changes
  const int loads_listener;  // tells the waker of loads
  const RpcContext rpc;
  MethodTable methods{&rpc};
  std::unique_ptr<HealthReporter> health;
  EventLoops loops;
  WireServer wire;
  std::unique_ptr<Listener> listener;
  std::vector<std::shared_ptr<Front>> fronts;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(); }

int Server::port() const { return impl_->listener->port(); }

const std::string& Server::address() const { return impl_->listener->address(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const ServerParts& parts) {
  auto impl = std::make_unique<Impl>(options, parts);
  DNC_ASSIGN_OR_RETURN(impl->listener,
                       Listener::Open(options.listen, options.socket_mode, parts.metrics));
  impl->health = std::make_unique<HealthReporter>(&impl->board, parts.registry, parts.metrics);
  impl->wire.Start();
  impl->loops.Start();
  impl->listener->Start([wire = &impl->wire](int /*listener_fd*/, int fd) { wire->Take(fd); },
                        options.rpc.keepalive_timeout);
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

FrontParts Server::front_parts() {
  return {&impl_->rpc, &impl_->decider, &impl_->methods, &impl_->board, &impl_->loops};
}

void Server::AddFront(std::shared_ptr<Front> front) { impl_->fronts.push_back(std::move(front)); }

// As long as the listener listens, calls are answered: the last GOAWAY goes out when all callers
// have heard of the first, so that no call meets a server that is gone. HTTP/1.1 has no such word
// for a quiet connection: callers hear of the end by their next answer, and have as long for it.
void Server::Impl::TellCallers() {
  const absl::Duration patience = std::min(grace / 2, absl::Seconds(1));
  const auto announced = StopSign::Clock::now();
  for (const auto& front : fronts) front->AnnounceEnd();
  wire.AnnounceEnd(patience);
  for (const auto& front : fronts) {
    front->WaitUntilClosed(patience - absl::FromChrono(StopSign::Clock::now() - announced));
  }
  listener->Stop();
  for (const auto& front : fronts) front->StopListening();
}

void Server::Stop() {
  if (std::exchange(impl_->stopped, true)) return;
  impl_->health->Stop();
  impl_->metrics->StopAccepting();
  if (impl_->drain > absl::ZeroDuration()) absl::SleepFor(impl_->drain);
  const absl::Duration grace = impl_->grace;
  const auto announced = StopSign::Clock::now();
  impl_->TellCallers();
  const absl::Duration left =
      std::clamp(grace - absl::FromChrono(StopSign::Clock::now() - announced), grace / 2, grace);
  const absl::Duration reserve = std::min(grace / 5, absl::Seconds(1));
  const auto begun = StopSign::Clock::now();
  const auto last_moment = begun + absl::ToChronoNanoseconds(left - reserve);
  impl_->stop.BeginStop(last_moment);
  impl_->wire.BeginEnd({Stopping(), last_moment});
  for (const auto& front : impl_->fronts) front->BeginEnd(last_moment);
  impl_->waker.WakeAll();
  impl_->wire.WaitUntilClosed(left);
  for (const auto& front : impl_->fronts) {
    front->WaitUntilClosed(left - absl::FromChrono(StopSign::Clock::now() - begun));
  }
  impl_->wire.CloseAll();
  for (const auto& front : impl_->fronts) front->CloseAll();
  // The loops and workers still run: calls need them to end.
  impl_->live.WaitUntilNone([order = impl_->order] { order->GiveUpWaits(); });
  impl_->workers.Stop();
  impl_->wire.Stop();
  impl_->loops.Stop();
}

}  // namespace dnc
