// The server that callers reach: all services, health and reflection on one port.
//
//   DNC_ASSIGN_OR_RETURN(auto server, Server::Start(options, parts));
//   ...                       // serves on threads of its own
//   server->Stop();
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/revision_order.h"
#include "server/intake/intake.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/rpc/front.h"
#include "server/rpc/options.h"
#include "server/tenants/quota.h"
#include "server/tenants/tenant_directory.h"
#include "server/wire/tls_context.h"

namespace dnc {

// What the server serves; all of it outlives the server.
struct ServerParts {
  Registry* registry = nullptr;
  Intake* intake = nullptr;
  TenantDirectory* directory = nullptr;
  TenantRecords* tenant_records = nullptr;
  QuotaMeter* quotas = nullptr;
  const RevisionOrder* order = nullptr;
  Metrics* metrics = nullptr;
  const Clock* clock = nullptr;
};

struct ServerOptions {
  // HOST:PORT, where port 0 takes a free one; or unix:/PATH: a socket that nobody serves any more
  // is taken over.
  std::string listen = "127.0.0.1:0";
  RpcOptions rpc;
  RequestLimits limits;
  std::string version;
  bool keys_required = false;       // of every caller but health's and reflection's
  uint32_t socket_mode = 0660;      // permissions of a unix socket
  const TlsContext* tls = nullptr;  // null: plain text
  LostRevisions lost;
};

// Start and Stop belong to one thread.
class Server {
 public:
  // Listens and serves when it returns. What is given must outlive the server. Errors: UNAVAILABLE
  // if the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const ServerParts& parts);
  ~Server();  // as Stop
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;  // of no meaning for a unix socket
  // What `listen` says, with the port that was taken.
  const std::string& address() const;

  // What a front needs that serves beside gRPC.
  FrontParts front_parts();
  // Has `front` end with this server, and keeps it until then. Call it before Stop.
  void AddFront(std::shared_ptr<Front> front);

  // Drains: tells that it is not ready, and serves on for rpc.drain_seconds. Then announces the end
  // to the callers of all fronts, goes on listening and answering until they have heard of it, and
  // sends the last GOAWAY. Calls under way have rpc.stop_grace_seconds to end; those that wait for
  // their callers end with STOPPING. Returns when none is left.
  void Stop();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dnc
