// Ends streams whose callers keep silent, and those that wait for their callers when the server
// stops.
//
//   class ImportCall final : public Call, private GuardedStream { ... };
//   BeginRead();                       // the caller has the next word
//   stream_.Read(&request_, on_read_.tag());
//   ...
//   void OnRead(bool ok) {
//     if (!EndWait()) {                // the guard has ended the stream meanwhile
//       if (LastEvent()) delete this;
//       return;
//     }
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "server/rpc/stop_line.h"

namespace dnc {

class StreamGuard;

// What a stream tells its guard. The stream's own functions are called by whoever has the turn:
// an event of the queue or a worker.
class GuardedStream {
 public:
  GuardedStream(const GuardedStream&) = delete;
  GuardedStream& operator=(const GuardedStream&) = delete;

 protected:
  // Whether a silent caller loses the stream: not where it keeps nothing from others.
  enum class Silence : uint8_t { kEnds, kAllowed };

  // `ends`: events that must come before the stream may be deleted, besides reads: Finish, and
  // gRPC's word that the call is done if it was asked for.
  GuardedStream(StreamGuard* guard, int ends, Silence silence = Silence::kEnds)
      : guard_(guard), silence_(silence), events_left_(ends) {}
  virtual ~GuardedStream();

  // From here on the guard watches the stream: once a call has begun.
  void Watch(grpc::ServerContext* context);

  // Before each read and each write is begun.
  void BeginRead();
  void BeginWrite() { Begin(Turn::kCallerReads); }
  // First in the event of the read or write. False: the guard has ended the stream: of a read
  // nothing may follow but LastEvent, and after a write only the stream's end.
  bool EndWait();
  // True for the last of the events; then the stream deletes itself.
  bool LastEvent() { return events_left_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

  // Why the guard ended the stream, once EndWait has been false.
  const absl::Status& why() const { return why_; }

 private:
  friend class StreamGuard;
  using Clock = std::chrono::steady_clock;
  enum class Turn : uint8_t { kServer, kCallerSends, kCallerReads, kTaken };

  // Ends the stream while a read is under way: Finish(status), no more.
  virtual void EndRead(const absl::Status& status) = 0;

  void Begin(Turn turn);
  // By the guard: takes the turn if it is `from`.
  bool Take(Turn from);

  StreamGuard* const guard_;
  const Silence silence_;
  grpc_call* call_ = nullptr;  // a reference of its own, since Watch
  std::atomic<Turn> turn_{Turn::kServer};
  std::atomic<Clock::rep> since_{0};
  std::atomic<int> events_left_;
  absl::Status why_;  // written before the turn is taken
};

// Thread-safe.
class StreamGuard {
 public:
  // A stream whose caller neither sends nor reads for `longest_silence`, when it is the caller's
  // turn, ends with STREAM_SILENT. `stop` must outlive the guard.
  StreamGuard(absl::Duration longest_silence, const StopLine* stop);
  ~StreamGuard();  // no stream may be left
  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;

  // The server stops: from now on streams that wait for their callers to send end with STOPPING
  // after a moment, and at the last moment all that wait for their callers.
  void BeginStop();

 private:
  friend class GuardedStream;
  using Clock = std::chrono::steady_clock;

  void Add(GuardedStream* stream);
  void Remove(GuardedStream* stream);
  void Run();
  void Look(GuardedStream* stream, Clock::time_point now);
  // Ends a stream whose caller does not read.
  void EndWrite(GuardedStream* stream, const absl::Status& status);

  const std::chrono::milliseconds longest_silence_;
  const absl::Status silent_;
  const absl::Status stopped_;
  const StopLine* const stop_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_set<GuardedStream*> streams_;  // guarded by mutex_
  bool stopping_ = false;                       // guarded by mutex_
  bool ending_ = false;                         // guarded by mutex_
  std::thread thread_;
};

}  // namespace dnc
