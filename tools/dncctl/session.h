// A connection to the server for one command, the timeout of its streams, and the way in which the
// command reports errors.
#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "dnc/channel.h"
#include "dnc/rpc_status.h"
#include "dnc/v1/list_service.grpc.pb.h"
#include "dnc/v1/registry_service.grpc.pb.h"
#include "dnc/v1/scrub_service.grpc.pb.h"
#include "dnc/v1/tenant_service.grpc.pb.h"
#include "grpcpp/client_context.h"
#include "server/base/periodic_task.h"
#include "tools/cli/server_options.h"

namespace dnc::cli {

// The options of every command.
struct GlobalOptions : ServerOptions {
  Transport transport;  // from `tls`; made when all options are read
  bool json = false;
  double timeout_seconds = 10;

  absl::Duration timeout() const { return absl::Seconds(timeout_seconds); }
};

class Session {
 public:
  // The options must have been checked (CheckServerOptions).
  explicit Session(const GlobalOptions& options);

  v1::RegistryService::Stub& registry() { return *registry_; }
  v1::ScrubService::Stub& scrub() { return *scrub_; }
  v1::TenantService::Stub& tenants() { return *tenants_; }
  v1::ListService::Stub& lists() { return *lists_; }
  absl::Duration timeout() const { return timeout_; }

  // Makes a call with one answer: session.Call(session.registry(), &Stub::GetStatus, request).
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) const {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout_));
    Response response;
    const absl::Status status =
        Explain(FromGrpcStatus((stub.*method)(&context, request, &response)));
    if (!status.ok()) return status;
    return response;
  }

  // Returns whether the server can be connected to within the timeout. It is for work that goes on
  // over lost connections; calls connect by themselves.
  bool Connects() const;

  // Adds to a transport error which server it was and what to do next.
  absl::Status Explain(absl::Status status) const;

 private:
  std::string server_;
  bool tls_;
  absl::Duration timeout_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RegistryService::Stub> registry_;
  std::unique_ptr<v1::ScrubService::Stub> scrub_;
  std::unique_ptr<v1::TenantService::Stub> tenants_;
  std::unique_ptr<v1::ListService::Stub> lists_;
};

// Reports the error on stderr, and with --json also as an object on stdout. Returns kExitError.
int ReportError(const GlobalOptions& options, const absl::Status& status);

// Returns user@host, for the server's record of who asked.
std::string Requester();

// Ends a stream whose server has stopped answering: cancels the call when one wait has lasted
// longer than `limit`. A stream can be of any length and so has no deadline; this is its timeout.
// Thread-safe.
class Watchdog {
 public:
  Watchdog(grpc::ClientContext* context, absl::Duration limit);

  // Call these before and after each step in which the server has to act next.
  void BeginWait();
  void EndWait();

  // Returns whether the call was cancelled for this reason.
  bool fired() const;

 private:
  void Look() ABSL_LOCKS_EXCLUDED(mutex_);

  grpc::ClientContext* const context_;
  const absl::Duration limit_;
  mutable absl::Mutex mutex_;
  bool fired_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time waiting_since_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  PeriodicTask task_;
};

}  // namespace dnc::cli
