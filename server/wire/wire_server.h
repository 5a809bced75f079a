// A server of gRPC's wire protocol: loops, connections, and their end.
//
//   listener's thread --fd--> the loop with the fewest connections --> Http2Connection --> calls
//
//   WireServer server(options);
//   server.Start();
//   listener->Start([&](int, int fd) { server.Take(fd); }, patience);
//   ...
//   server.Drain(...);  // while the listener still listens
//   server.Stop();
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/steady_wait.h"
#include "server/wire/event_loops.h"
#include "server/wire/http2_connection.h"
#include "server/wire/tls_context.h"

namespace dnc {

struct WireOptions {
  int loops = 1;  // of its own
  std::chrono::nanoseconds spin = std::chrono::microseconds(200);
  Http2Options http2;
  const TlsContext* tls = nullptr;  // null: plain text
  std::function<std::shared_ptr<CallHandler>(const CallPtr& call)> accept;
  std::function<GrpcStatus(const absl::Status&)> status_of;
  std::function<bool(const GrpcStream& call)> is_known;  // as Http2Context has it
};

// Take is thread-safe; Start, Drain and Stop belong to one thread.
class WireServer {
 public:
  // On loops of its own, which Start begins and Stop ends.
  explicit WireServer(WireOptions options);
  // On `loops`, which must outlive it. Call Start before they start, and stop them after Stop.
  WireServer(WireOptions options, EventLoops* loops);
  ~WireServer();  // as Stop
  WireServer(const WireServer&) = delete;
  WireServer& operator=(const WireServer&) = delete;

  void Start();
  // Serves a connection that was accepted: `fd` does not block, and is closed at the end.
  void Take(int fd);

  // Tells all peers of the end: a first GOAWAY and a ping. Returns when all have answered the ping,
  // at the latest after `patience`.
  void AnnounceEnd(absl::Duration patience);
  // Sends the last GOAWAY, and closes each connection behind its last call. New ones, too, end at
  // once.
  void BeginEnd(const Ending& ending);
  // Waits until no connection is left, at most for `patience`; whether so.
  bool WaitUntilClosed(absl::Duration patience) ABSL_LOCKS_EXCLUDED(mutex_);
  // What is left of Http2Options::pool_bytes. Thread-safe.
  int64_t free_bytes() const { return pool_.left(); }
  // Closes what is left: each call learns that its caller is gone. The loops go on, for those who
  // still answer.
  void CloseAll();
  // Does so, and ends the loops. What calls have been answered with before is dropped.
  void Stop();

 private:
  struct LoopState;

  // Runs a function for each connection, on its loop.
  void ForEach(const std::function<void(Http2Connection*)>& each);
  void Forget(Http2Connection* connection);
  void LookLater(LoopState* state);

  WireOptions options_;
  BytePool pool_;
  Http2Context context_;
  const std::unique_ptr<EventLoops> own_loops_;  // null: others own them
  EventLoops* const event_loops_;
  std::vector<std::unique_ptr<LoopState>> loops_;
  bool stopped_ = false;
  std::atomic<bool> is_ending_{false};
  Ending ending_;             // written before that
  std::atomic<int> open_{0};  // connections
  absl::Mutex mutex_;
  SteadyWait wait_;  // for open_ to become 0
};

}  // namespace dnc
