// What streaming calls have in common: a guard against silent callers, and the waking of streams
// that tell news.
//
// StreamGuard ends streams whose callers keep silent, and those that wait for their callers when
// the server stops.
//
//   the stream's own thread          turn_           the guard's thread, now and then
//   ----------------------------  ------------  -------------------------------------------
//   BeginRead, BeginWrite ------> the caller's
//                                      |  <---- has it been so for too long? Then takes it:
//   EndWait: true <-------------- the server's    EndRead, or the call is cancelled
//   EndWait: false <------------- taken
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
#include <cstdint>
#include <thread>
#include <unordered_set>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/async_stream.h"
#include "server/base/metrics.h"
#include "server/base/steady_wait.h"
#include "server/rpc/call_queue.h"
#include "server/rpc/rpc_context.h"
#include "server/service/waker.h"

namespace dnc {

class StreamGuard;

// What a stream tells its guard. The stream's own functions are called by whoever has the turn:
// an event of the queue or a worker.
class GuardedStream {
 public:
  GuardedStream(const GuardedStream&) = delete;
  GuardedStream& operator=(const GuardedStream&) = delete;

 protected:
  // A silent caller loses the stream, unless it keeps nothing from others.
  enum class Silence : uint8_t { kEnds, kAllowed };

  // `ends`: events that must come before the stream may be deleted, besides reads: Finish, and
  // gRPC's word that the call is done if it was asked for.
  GuardedStream(StreamGuard* guard, int ends, Silence silence = Silence::kEnds)
      : guard_(guard), silence_(silence), events_left_(ends) {}
  virtual ~GuardedStream();

  // From here on the guard watches the stream. Is called once, when a call has begun.
  void Watch(grpc::ServerContext* context);

  // Is called before each read and each write is begun.
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
  // The guard takes the turn if it is `from`.
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

  void Add(GuardedStream* stream) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(GuardedStream* stream) ABSL_LOCKS_EXCLUDED(mutex_);
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  void Look(GuardedStream* stream, Clock::time_point now) ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Ends a stream whose caller does not read.
  void EndWrite(GuardedStream* stream, const absl::Status& status);

  const std::chrono::milliseconds longest_silence_;
  const absl::Status silent_;
  const absl::Status stopped_;
  const StopLine* const stop_;
  absl::Mutex mutex_;
  SteadyWait wait_;  // between looks, for what mutex_ guards
  std::unordered_set<GuardedStream*> streams_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// WokenStream is the base of the streams that tell news as it comes: Health.Watch, WatchLoad,
// WatchChanges.
//
// Such a stream does not look by itself. It looks once when it begins, and then sleeps (Waker)
// until there is news of its topic, until its time has come, or until its caller is gone. At any
// moment one thread has the turn of a stream:
//
//   OnStart --> Begin --> Look --+--> Write ---> OnWritten --> look again
//                         ^      +--> Finish
//                         |      +--> SleepUntil --> (waker's thread) Woken --+
//                         +---------------------------------------------------+
//
// and gRPC's word that the call is done comes beside that, on a thread of the queue: it takes the
// turn if the stream sleeps, and else whoever has it finds out.
//
// Deletes itself when the stream has ended and gRPC has said so.
class WokenStream : public Call, protected GuardedStream, private Sleeper {
 protected:
  enum class LookOn : uint8_t { kAnyThread, kWorker };  // where the disk is read: kWorker

  WokenStream(const RpcContext& rpc, Topic topic, Method method, LookOn look_on,
              Silence silence = Silence::kEnds);
  ~WokenStream() override = default;

  // What a stream does. The functions below may be called by whoever has the turn, and each of
  // these ends by giving it away: by one call of Write, SleepUntil, LookSoon or Finish.
  virtual void Look() = 0;
  // The response is written.
  virtual void OnWritten() = 0;
  // The sleep is over. Looks anew, unless the server stops.
  virtual void Woken();

  // What comes before that: the next call of the method waits for its caller, and this one is
  // decided on.
  virtual void ArmNext() = 0;
  virtual absl::Status Begin() = 0;

  // Looks now, or soon if no worker is free.
  void LookSoon();
  void SleepUntil(Waker::Clock::time_point due);
  // When a sleep must end because the caller's key may have run out; kNever if it does not.
  Waker::Clock::time_point EndOfKey(absl::Time expires_at) const;
  void Finish(const absl::Status& status);

  grpc::ServerContext& context() { return context_; }
  void* start_tag() { return on_start_.tag(); }
  void* write_tag() { return on_write_.tag(); }

 private:
  void OnStart(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);
  // The call has ended in one way or another: with our Finish, or because the caller is gone.
  void OnDone(bool ok);

  void Wake() final;
  // False if no worker is free; the turn is then still the caller's.
  bool TryLook();
  void LookNow();
  void EndRead(const absl::Status& /*status*/) final {}  // there are no reads
  virtual void FinishStream(const grpc::Status& status, void* tag) = 0;

  const Method method_;
  const LookOn look_on_;
  grpc::ServerContext context_;
  uint64_t ticket_ = 0;            // of the news before the last look
  std::atomic<bool> gone_{false};  // the caller, or the call is finished
  MemberEvent<WokenStream, &WokenStream::OnStart> on_start_{this};
  MemberEvent<WokenStream, &WokenStream::OnWrite> on_write_{this};
  MemberEvent<WokenStream, &WokenStream::OnFinish> on_finish_{this};
  MemberEvent<WokenStream, &WokenStream::OnDone> on_done_{this};
};

// The same with its messages.
template <class Request, class Response>
class WokenCall : public WokenStream {
 protected:
  using WokenStream::WokenStream;

  // Waits for a caller. `request_method` is a RequestX of the generated service.
  template <class Service, class RequestMethod>
  void WaitForCaller(Service* service, RequestMethod request_method) {
    (service->*request_method)(&context(), &request_, &stream_, rpc().queue, rpc().queue,
                               start_tag());
  }

  void Write() {
    BeginWrite();
    stream_.Write(response_, write_tag());
  }

  Request request_;
  Response response_;

 private:
  void FinishStream(const grpc::Status& status, void* tag) final { stream_.Finish(status, tag); }

  grpc::ServerAsyncWriter<Response> stream_{&context()};
};

}  // namespace dnc
