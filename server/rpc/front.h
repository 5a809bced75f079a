// Another front of the same server, such as HTTP's, which serves beside gRPC and ends with it.
#pragma once

#include <chrono>

#include "absl/time/time.h"
#include "server/rpc/rpc_context.h"
#include "server/service/decide.h"
#include "server/service/health.h"
#include "server/wire/event_loops.h"

namespace dnc {

class MethodTable;

// What a front shares with gRPC; lives as long as the server.
struct FrontParts {
  const RpcContext* rpc = nullptr;
  Decider* decider = nullptr;
  const MethodTable* methods = nullptr;
  const HealthBoard* health = nullptr;
  EventLoops* loops = nullptr;
};

// The server's end, step by step, as Server::Stop calls it on one thread.
class Front {
 public:
  Front() = default;
  virtual ~Front() = default;
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // From now on each answer tells its caller of the end; whoever comes is still served.
  virtual void AnnounceEnd() = 0;
  // Callers are refused by the kernel.
  virtual void StopListening() = 0;
  // Nothing new is begun. What waits for its caller ends soon, at the latest at `last_moment`.
  virtual void BeginEnd(StopSign::Clock::time_point last_moment) = 0;
  // Waits until no connection is left, at most for `patience`; whether so.
  virtual bool WaitUntilClosed(absl::Duration patience) = 0;
  // Closes what is left. Nothing is called after it, and the loops end later.
  virtual void CloseAll() = 0;
};

}  // namespace dnc
