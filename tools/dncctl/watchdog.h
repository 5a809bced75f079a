// Ends a stream whose server has stopped answering.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "absl/time/time.h"
#include "grpcpp/client_context.h"

namespace dnc::ctl {

// Cancels the call when it has been waited on for longer than `limit` at a stretch. A stream of any
// length can't have a deadline; this is its timeout. Thread-safe.
class Watchdog {
 public:
  Watchdog(grpc::ClientContext* context, absl::Duration limit);
  ~Watchdog();

  // Around each step in which the server has the next move.
  void BeginWait();
  void EndWait();

  // True once the call was cancelled for this reason.
  bool fired() const;

 private:
  void Run();

  grpc::ClientContext* const context_;
  const absl::Duration limit_;
  mutable std::mutex mutex_;
  std::condition_variable stopping_changed_;
  bool stopping_ = false;                              // guarded by mutex_
  bool fired_ = false;                                 // guarded by mutex_
  absl::Time waiting_since_ = absl::InfiniteFuture();  // guarded by mutex_
  std::thread thread_;
};

}  // namespace dnc::ctl
