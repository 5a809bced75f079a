// A connection that speaks HTTP/2, and its calls. The one user of nghttp2.
//
//   ByteStream --OnBytes--> nghttp2 --callbacks--> GrpcStream --> its CallHandler
//   ByteStream <---Send---- nghttp2 <--data source-- GrpcStream <-- Finish, Answer, Write
//
// What a peer may make the server keep or do is bounded here:
//   - the bytes of messages that are not whole yet, and of metadata: a little for each connection,
//     the rest from a pool for all;
//   - answers that the peer does not read: above a bound nothing more is read from it;
//   - frames that bring nothing (pings, settings, priorities, window updates, empty data) and calls
//     that are reset before their answer: budgets that refill with time and with answered calls; a
//     peer that exceeds one is told ENHANCE_YOUR_CALM and closed;
//   - time: the preface, the answer to a ping, and half a message must come in time.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/wire/budgets.h"
#include "server/wire/byte_stream.h"
#include "server/wire/event_loop.h"
#include "server/wire/frame_filter.h"
#include "server/wire/grpc_stream.h"
#include "server/wire/tls_context.h"

struct nghttp2_session;

namespace dnc {

struct Http2Options {
  size_t max_message = 4 << 20;    // bytes of a request
  size_t max_metadata = 16 << 10;  // bytes of a call, kept; what is more is counted
  uint32_t max_streams = 1024;     // at the same time
  int64_t pool_bytes = 64 << 20;   // for unfinished requests and unread answers of all
  std::chrono::nanoseconds keepalive = std::chrono::seconds(30);          // of quiet, then a ping
  std::chrono::nanoseconds keepalive_timeout = std::chrono::seconds(20);  // for its answer
  std::chrono::nanoseconds half_message = std::chrono::seconds(60);  // for the rest of a message
  // What a connection may have spent before it is closed, and what it gets back each second.
  int64_t idle_frames = 10'000;
  int64_t idle_frames_second = 1'000;
  int64_t resets = 10'000;
  int64_t resets_second = 1'000;
};

// The end of a server, for the calls that wait for their callers: `why` is told to those whose
// callers send nothing for a moment, and at the last moment to all.
struct Ending {
  absl::Status why;
  std::chrono::steady_clock::time_point last_moment;
};

// What connections share. It outlives them.
struct Http2Context {
  Http2Options options;
  BytePool* pool = nullptr;
  // Decides on a call that has begun: its handler.
  std::function<std::shared_ptr<CallHandler>(const CallPtr& call)> accept;
  // Whether the caller of a call that has begun may do anything here; null: all may. Half of the
  // pool is for those alone.
  std::function<bool(const GrpcStream& call)> is_known;
  // How an error is sent.
  std::function<GrpcStatus(const absl::Status&)> status_of;
  // A connection is gone; called on its loop.
  std::function<void(Http2Connection*)> closed;
};

// Belongs to its loop's thread.
class Http2Connection final : public ByteStream::User,
                              public EventLoop::Flushed,
                              public std::enable_shared_from_this<Http2Connection> {
 public:
  using Clock = std::chrono::steady_clock;

  // Takes `fd` over.
  Http2Connection(const Http2Context* context, EventLoop* loop, int fd, SslPtr ssl,
                  std::string peer);
  ~Http2Connection() override;

  void Start();
  // Is called each second or so: pings a quiet peer, and ends one that keeps the server waiting.
  void Look(Clock::time_point now);
  // Announces the end: a first GOAWAY, and a ping whose answer tells that the peer has seen it.
  void AnnounceEnd();
  // Whether the peer has seen it, or can't see anything.
  bool end_seen() const { return end_seen_ || !ready_ || failed_; }
  // The last GOAWAY: calls that still come are ignored, and the connection closes behind the last
  // one under way. Those that wait for the peer get `ending`'s status.
  void BeginEnd(const Ending& ending);
  void Close() { bytes_.Close(); }

  EventLoop* loop() const { return loop_; }

 private:
  friend class GrpcStream;
  friend struct SessionCallbacks;  // nghttp2's

  void OnBytes(std::string_view bytes) override;
  void OnReady() override {
    ready_ = true;
    FlushSoon();
  }
  void OnSent() override;
  void OnClosed() override;
  void Flush() override;

  // What nghttp2 tells; 0, or an error that ends the connection.
  int BeginStream(int32_t id);
  int AddHeader(int32_t id, std::string_view name, std::string_view value);
  int EndHeaders(int32_t id, bool end_stream);
  int AddData(int32_t id, std::string_view bytes);
  int EndData(int32_t id);
  int CloseStream(int32_t id);
  int CountIdleFrame(int64_t count) {
    if (!budgets_.SpendFrames(count, heard_)) Calm();
    return 0;
  }
  // The same for frames of streams that are over.
  int CountLateFrames(int64_t count) {
    if (!budgets_.SpendLateFrames(count, heard_)) Calm();
    return 0;
  }
  int CountReset(int32_t id);

  // Of a call.
  void Begin(const CallPtr& call);
  // Hands over messages that were asked for and are whole, then the caller's end.
  void Deliver(GrpcStream* call);
  // Sends a message behind the headers.
  void Send(GrpcStream* call, MessageBuffer message);
  // Sends the status, behind what is being sent.
  void End(GrpcStream* call, StatusPtr status);
  StatusPtr FieldsOf(const absl::Status& status) const {
    return ToFields(context_.status_of(status));
  }
  // Asks the handler of a call whether it wants the rest of a message that begins with `bytes`,
  // should that not be all. False: the call is over.
  bool WantsRest(GrpcStream* call, std::string_view bytes);
  void Refuse(GrpcStream* call, const absl::Status& status);
  void RefuseHttp(GrpcStream* call, const char* code);
  // Ends a call whose answer the peer does not take: the status goes before the rest of it.
  void Abandon(GrpcStream* call, const absl::Status& status);
  void SubmitTrailers(GrpcStream* call);
  // Opens the stream's window again for what has been taken.
  void ConsumeStream(GrpcStream* call);
  // Lets go of what has arrived of a request that is answered.
  void DropBody(GrpcStream* call);
  // Takes the call from its handler, which is told that nobody waits for it.
  void Dismiss(GrpcStream* call);
  // The call is over: nobody reads what it would still send.
  void EndCall(const CallPtr& call);
  // Goes on with sending, should nghttp2 have found nothing to send.
  void Resume(GrpcStream* call);
  // How much of the call's data goes into a frame of `size` bytes, and the frame's bytes.
  ssize_t OfferData(GrpcStream* call, size_t size, uint32_t* flags);
  void TakeData(GrpcStream* call, size_t size, std::string* out);
  // Whether the caller has sent all.
  bool HasEnded(int32_t id) const {
    const auto found = streams_.find(id);
    return found == streams_.end() || found->second->ended_;
  }
  // Keeps count of what the server holds for the call. False if there is no room.
  bool Hold(GrpcStream* call, size_t bytes);
  // The peer has taken so many bytes of the answer, or nobody will.
  void Take(GrpcStream* call, size_t bytes);
  void DropAnswer(GrpcStream* call) { Take(call, call->unread_); }
  // The time as it goes for the peer: while nothing is read from it, it stands.
  Clock::duration PausedUntil(Clock::time_point now) const {
    return reading_ ? paused_ : paused_ + (now - paused_since_);
  }
  Clock::time_point PeerNow() const {
    const Clock::time_point now = Clock::now();
    return now - PausedUntil(now);
  }
  // A call, if it is there and not answered.
  GrpcStream* Unanswered(int32_t id) const {
    const auto found = streams_.find(id);
    return found == streams_.end() || found->second->finished_ ? nullptr : found->second.get();
  }
  // What the end of an answer's last frame means for the budgets.
  void NoteEndSent(int32_t id);
  // Reads on as long as the peer reads: what waits for it must not grow.
  void SetReading();
  // Refuses calls whose rest does not come, and resets those whose answers are not taken.
  void EndSilentCalls(Clock::time_point now);
  // Why a call that waits for its peer must end now; OK if it need not.
  absl::Status WhyEndRequest(const GrpcStream& call, Clock::time_point peer_now, bool late) const;
  absl::Status WhyEndAnswer(const GrpcStream& call, Clock::time_point peer_now, bool late) const;
  // Ends the connection of a peer that has spent a budget.
  void Calm();
  void FlushSoon() {
    if (!std::exchange(flush_soon_, true)) loop_->FlushSoon(shared_from_this());
  }

  const Http2Context& context_;
  EventLoop* const loop_;
  const std::shared_ptr<const std::string> peer_;  // its calls share it
  ByteStream bytes_;
  nghttp2_session* session_ = nullptr;
  FrameFilter filter_;
  int64_t told_frames_ = 0;  // those of `filter_` that nghttp2 has told of, or that are counted
  std::unordered_map<int32_t, CallPtr> streams_;
  std::vector<CallPtr> written_;  // whose handlers are to be told
  bool flush_soon_ = false;
  bool ready_ = false;
  bool failed_ = false;  // the session is no more to be used
  bool calmed_ = false;
  bool end_seen_ = false;
  HeldBytes held_;  // of requests and unread answers
  PeerBudgets budgets_;
  bool refuses_ = false;  // the last call to end did so with an error
  const Clock::time_point heard_since_ = Clock::now();
  Clock::time_point heard_ = heard_since_;
  Clock::time_point pinged_{};  // a ping waits for its answer since then
  Clock::time_point over_{};    // nothing more is said, since then
  size_t last_queued_ = 0;      // what the peer's kernel had not taken then
  bool reading_ = true;
  Clock::time_point paused_since_{};
  Clock::duration paused_{};  // all times before
  Clock::time_point took_{};  // when the peer last took something of any answer, by its time
  size_t uncounted_ = 0;      // bytes of an answer that was too long to be held
  bool began_ = false;        // the preface and settings have come
  std::optional<Ending> ending_;
};

}  // namespace dnc
