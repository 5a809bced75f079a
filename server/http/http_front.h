// A listener for HTTP, its connections on the server's loops, and their end.
//
//   listener's thread --fd--> the loop with the fewest connections --> HttpConnection --> routes
//
//   DNC_ASSIGN_OR_RETURN(auto front, HttpFront::Open("127.0.0.1:8061", options, parts));
//   front->Start();
//   server->AddFront(std::move(front));
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/metrics.h"
#include "server/base/steady_wait.h"
#include "server/http/http_connection.h"
#include "server/http/http_options.h"
#include "server/http/router.h"
#include "server/rpc/front.h"
#include "server/wire/event_loops.h"
#include "server/wire/listener.h"
#include "server/wire/tls_context.h"

namespace dnc {

// What a front works with; all of it outlives the front.
struct HttpFrontParts {
  EventLoops* loops = nullptr;  // which run longer than the front
  const Router* router = nullptr;
  Metrics* metrics = nullptr;       // learns what the listener can't accept
  LiveCalls* live = nullptr;        // counts the calls; may be null
  const TlsContext* tls = nullptr;  // null: plain text
  bool uses_reserve = false;        // of descriptors: Listener::UseReserve
  // As HttpConnectionContext has it.
  std::function<bool(const HttpRequest& head)> is_known;
};

// Take is thread-safe; the other functions belong to one thread.
class HttpFront final : public Front {
 public:
  // Listens on HOST:PORT; callers wait in the kernel until Start. Errors: UNAVAILABLE if the
  // address can't be listened on.
  static absl::StatusOr<std::unique_ptr<HttpFront>> Open(const std::string& listen,
                                                         const HttpOptions& options,
                                                         HttpFrontParts parts);
  // Without a listener, for tests: connections come by Take alone.
  HttpFront(const HttpOptions& options, HttpFrontParts parts);
  ~HttpFront() override;  // closes what is left

  // With the port that was taken.
  const std::string& address() const { return listener_->address(); }
  int port() const { return listener_->port(); }

  void Start();
  // Serves a connection that was accepted: `fd` does not block. Closes it at once if there are as
  // many as may be, in all or of its address.
  void Take(int fd);

  void AnnounceEnd() override;
  void StopListening() override;
  void BeginEnd(StopSign::Clock::time_point last_moment) override;
  bool WaitUntilClosed(absl::Duration patience) override ABSL_LOCKS_EXCLUDED(mutex_);
  void CloseAll() override ABSL_LOCKS_EXCLUDED(mutex_);

  // How many connections there are. Thread-safe.
  int connections() const { return open_; }
  // What is left of HttpOptions::max_unfinished_bytes. Thread-safe.
  int64_t free_bytes() const { return pool_.left(); }

 private:
  struct LoopState;
  // Connections of one network, and what they have together.
  struct Network {
    int connections = 0;
    std::shared_ptr<HttpNetwork> shared = std::make_shared<HttpNetwork>();
  };

  // Counts one more of a network; null if there are enough.
  std::shared_ptr<HttpNetwork> AddOne(const std::string& network) ABSL_LOCKS_EXCLUDED(mutex_);
  void RemoveOne(const std::string& network) ABSL_LOCKS_EXCLUDED(mutex_);
  void NoteTurnedAway() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForEach(const std::function<void(HttpConnection*)>& each);
  void Forget(HttpConnection* connection);
  void LookLater(LoopState* state);

  const HttpFrontParts parts_;
  BytePool pool_;
  BytePool beyond_;
  HttpConnectionContext context_;
  std::vector<std::unique_ptr<LoopState>> loops_;
  std::unique_ptr<Listener> listener_;
  std::atomic<bool> announced_{false};
  std::atomic<bool> is_ending_{false};
  StopSign::Clock::time_point last_moment_;  // written before that
  bool closed_ = false;
  std::atomic<int> open_{0};  // connections
  absl::Mutex mutex_;
  SteadyWait wait_;  // for open_ to become 0
  std::unordered_map<std::string, Network> networks_ ABSL_GUARDED_BY(mutex_);
  uint64_t turned_away_ ABSL_GUARDED_BY(mutex_) = 0;  // since it was told
  std::chrono::steady_clock::time_point told_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
