// How a call goes out. nghttp2 asks for data when the peer's window has room; what it sends goes to
// the loop's write space first, and from there to the socket at once:
//
//   GrpcStream::out_ --(ReadData: how much)--> nghttp2 --(SendData: frame head)--> write space
//                                              nghttp2 --(SendBytes: headers)----> write space
//                                                                                      |
//   end of the turn: Flush ------------------------------------------------------------+--> socket
//
// nghttp2 may not be asked to send while it calls back, so that all output waits for the end of the
// loop's turn. What comes of a callback may end a call, but frees no stream that nghttp2 is busy
// with: CallPtrs are held meanwhile.
#include "server/wire/http2_connection.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "server/wire/header_fields.h"
#include "server/wire/session_callbacks.h"
#include "server/wire/wire_errors.h"

namespace dnc {
namespace {

// A message may take so many times as long as its caller may be silent.
constexpr int kMessagePatience = 4;
// How long a peer has to close that has been sent all.
constexpr std::chrono::nanoseconds kLastWords = std::chrono::seconds(1);
// While the server ends, whoever is still at work sends on within this time.
constexpr std::chrono::milliseconds kEndingSilence(250);
constexpr uint32_t kStreamWindow = 256 << 10;
constexpr int32_t kConnectionWindow = 1 << 20;
// What a frame of a stream has at least, with small messages or with one long one.
constexpr size_t kSmallFrame = 16;
constexpr size_t kLongFrame = 1 << 10;

}  // namespace

Http2Connection::Http2Connection(const Http2Context* context, EventLoop* loop, int fd, SslPtr ssl,
                                 std::string peer)
    : context_(*context),
      loop_(loop),
      peer_(std::make_shared<const std::string>(std::move(peer))),
      bytes_(loop, fd, std::move(ssl)),
      held_(context->pool, context->options.max_message + kMessagePrefixBytes),
      budgets_({context->options.idle_frames, context->options.idle_frames_second},
               {context->options.resets, context->options.resets_second}) {
  if (nghttp2_session_server_new2(&session_, SessionCallbacks::Shared(), this,
                                  SessionCallbacks::Options()) != 0) {
    failed_ = true;
    return;
  }
  const std::array<nghttp2_settings_entry, 4> settings = {{
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, context->options.max_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, SessionCallbacks::kHeaderListBytes},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

Http2Connection::~Http2Connection() { nghttp2_session_del(session_); }

void Http2Connection::Start() {
  bytes_.Start(shared_from_this());
  if (failed_) bytes_.Close();
}

void Http2Connection::OnBytes(std::string_view bytes) {
  if (failed_) return;  // what comes after the end is read and dropped
  heard_ = Clock::now();
  pinged_ = {};
  const int resets = filter_.Feed(bytes, [this](std::string_view part) {
    failed_ = nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(part.data()),
                                       part.size()) < 0;
    return !failed_;
  });
  if (failed_) {
    bytes_.Close();
    return;
  }
  // Of some frames for calls that are over nghttp2 says nothing: it reads and ignores them.
  const int64_t silent = filter_.passed() - std::exchange(told_frames_, filter_.passed());
  if (silent > 0) CountLateFrames(silent);
  if (resets > 0) CountIdleFrame(resets);
  FlushSoon();
}

void Http2Connection::OnSent() {
  // One look at what the peer says, before more is sent: a long answer must not keep it unheard.
  SetReading();
  FlushSoon();
}

void Http2Connection::SetReading() {
  const bool read = bytes_.unsent() == 0;
  if (read == reading_ || bytes_.closed()) return;
  reading_ = read;
  if (read) {
    paused_ += Clock::now() - paused_since_;
    // The answer to a ping may be in what was not read.
    if (pinged_ != Clock::time_point{}) pinged_ = Clock::now();
    bytes_.ResumeReading();
  } else {
    paused_since_ = Clock::now();
    bytes_.PauseReading();
  }
}

void Http2Connection::Flush() {
  flush_soon_ = false;
  // What was not sent comes when the socket has room: OnSent.
  while (ready_ && !failed_ && !bytes_.closed() && bytes_.unsent() == 0) {
    std::string& out = loop_->write_space();
    out.clear();
    if (nghttp2_session_send(session_) != 0) {
      failed_ = true;
      bytes_.Close();
      return;
    }
    if (out.empty()) break;
    bytes_.Send(out);
  }
  for (const CallPtr& call : std::exchange(written_, {})) {
    const auto handler = call->handler_;
    if (handler != nullptr && !call->finished_) handler->OnWritten();
  }
  SetReading();
  if (!ready_ || failed_ || nghttp2_session_want_read(session_) != 0 ||
      nghttp2_session_want_write(session_) != 0) {
    return;
  }
  // All is said. The peer has a moment to read it, and to close.
  if (bytes_.unsent() > 0) return;
  over_ = Clock::now();
  failed_ = true;
  bytes_.FinishSending();
}

void Http2Connection::OnClosed() {
  failed_ = true;
  // nghttp2 does not tell of the streams that end with a session.
  for (const auto& [id, call] : std::exchange(streams_, {})) EndCall(call);
  held_.Remove(held_.bytes());
  context_.closed(this);
}

void Http2Connection::Look(Clock::time_point now) {
  const Http2Options& options = context_.options;
  if (!began_ && now - heard_since_ > options.keepalive_timeout) {
    bytes_.Close();
    return;
  }
  if (over_ != Clock::time_point{}) {
    // The peer closes when it has read all. One whose kernel has all need not be waited for, nor
    // one that takes nothing.
    const size_t queued = bytes_.Queued();
    if (queued != last_queued_) over_ = now;
    last_queued_ = queued;
    if (now - over_ > (queued == 0 ? kLastWords : options.keepalive_timeout)) bytes_.Close();
    return;
  }
  if (bytes_.unsent() > 0) {
    // The peer is to read, and is not read meanwhile.
    if (now - bytes_.progress() > options.keepalive_timeout) bytes_.Close();
  } else if (pinged_ != Clock::time_point{}) {
    if (now - pinged_ > options.keepalive_timeout) bytes_.Close();
  } else if (now - heard_ > options.keepalive && !failed_) {
    pinged_ = now;
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
    FlushSoon();
  }
  if (!failed_) EndSilentCalls(now);
}

void Http2Connection::EndSilentCalls(Clock::time_point now) {
  const bool late = ending_.has_value() && now >= ending_->last_moment;
  const Clock::time_point peer_now = now - PausedUntil(now);
  std::vector<std::pair<CallPtr, absl::Status>> unread;
  std::vector<std::pair<CallPtr, absl::Status>> silent;
  for (const auto& [id, call] : streams_) {
    if (!call->accepted_) continue;
    if (call->unread_ > 0 || call->finished_) {
      absl::Status why = WhyEndAnswer(*call, peer_now, late);
      if (!why.ok()) unread.emplace_back(call, std::move(why));
    } else if (call->asked_ && !call->ended_) {
      absl::Status why = WhyEndRequest(*call, peer_now, late);
      if (!why.ok()) silent.emplace_back(call, std::move(why));
    }
  }
  for (const auto& [call, why] : unread) Abandon(call.get(), why);
  for (const auto& [call, why] : silent) Refuse(call.get(), why);
}

absl::Status Http2Connection::WhyEndAnswer(const GrpcStream& call, Clock::time_point peer_now,
                                           bool late) const {
  // Within a frame nothing else can be said.
  if (call.answer_since_ == Clock::time_point{} || call.offered_ > 0) return absl::OkStatus();
  if (late && !call.finished_) return ending_->why;
  const auto patience = context_.options.half_message;
  // Of several answers the peer takes one after the other: those that wait are not to blame.
  if (peer_now - call.answer_since_ > patience &&
      (peer_now - took_ > patience ||
       nghttp2_session_get_stream_remote_window_size(session_, call.id_) <= 0)) {
    return NobodyReads();
  }
  // A part of a stream has its handler's place, however little the peer takes at a time.
  if (!call.finished_ && peer_now - call.answer_begun_ > kMessagePatience * patience) {
    return NobodyReads();
  }
  return absl::OkStatus();
}

absl::Status Http2Connection::WhyEndRequest(const GrpcStream& call, Clock::time_point peer_now,
                                            bool late) const {
  const auto silence = peer_now - call.heard_;
  if (late || (ending_.has_value() && silence > kEndingSilence)) return ending_->why;
  if (call.may_be_silent_ && call.body_.empty()) return absl::OkStatus();
  const auto patience = context_.options.half_message;
  const bool slow =
      !call.body_.empty() && peer_now - call.message_since_ > kMessagePatience * patience;
  return slow || silence > patience ? HalfARequest() : absl::OkStatus();
}

void Http2Connection::Abandon(GrpcStream* call, const absl::Status& status) {
  // All has been taken but the status: it is told as it is.
  if (call->unread_ > 0 || !call->finished_) call->status_ = FieldsOf(status);
  DropAnswer(call);
  call->sending_ = {};
  call->out_ = {};
  call->answer_since_ = {};
  call->abandoned_ = true;
  call->finished_ = true;
  DropBody(call);
  SubmitTrailers(call);
  Dismiss(call);
}

void Http2Connection::AnnounceEnd() {
  if (failed_) return;
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, SessionCallbacks::kEndPing.data());
  FlushSoon();
}

void Http2Connection::BeginEnd(const Ending& ending) {
  if (failed_) return;
  ending_ = ending;
  if (!ready_) {
    bytes_.Close();
    return;
  }
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
  FlushSoon();
}

int Http2Connection::CountReset(int32_t id) {
  // A refusal that has not left yet was no answer.
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second->end_sent_) return 0;
  if (!budgets_.SpendReset(heard_)) Calm();
  return 0;
}

void Http2Connection::Calm() {
  if (std::exchange(calmed_, true)) return;
  nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
  FlushSoon();
}

int Http2Connection::BeginStream(int32_t id) {
  streams_.emplace(id, std::make_shared<GrpcStream>(this, loop_, id, peer_, heard_));
  return 0;
}

int Http2Connection::AddHeader(int32_t id, std::string_view name, std::string_view value) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return 0;
  found->second->AddHeader(name, value, context_.options.max_metadata);
  // nghttp2 bounds the frames, not what they unfold to.
  if (found->second->header_bytes_ > SessionCallbacks::kHeaderListBytes) Calm();
  return 0;
}

int Http2Connection::EndHeaders(int32_t id, bool end_stream) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return 0;
  const CallPtr call = found->second;
  if (call->finished_) return 0;
  call->ended_ = end_stream;
  call->accepted_ = true;
  Begin(call);
  return 0;
}

void Http2Connection::Begin(const CallPtr& call) {
  GrpcStream* const raw = call.get();
  call->held_ = call->kept_bytes();
  if (!Hold(raw, call->held_)) {
    call->held_ = 0;
    Refuse(raw, NoRoom());
    return;
  }
  if (!call->is_post_) return RefuseHttp(raw, "405");
  if (!call->is_grpc_) return RefuseHttp(raw, "415");
  if (const absl::Status headers = call->CheckHeaders(context_.options.max_metadata);
      !headers.ok()) {
    return Refuse(raw, headers);
  }
  call->handler_ = context_.accept(call);
  if (call->handler_ == nullptr) {
    return Refuse(raw, NotSupported("this server has no method of that name"));
  }
  // What was asked for while there was no handler yet.
  Deliver(raw);
}

int Http2Connection::AddData(int32_t id, std::string_view bytes) {
  nghttp2_session_consume_connection(session_, bytes.size());
  const auto found = streams_.find(id);
  if (found == streams_.end()) return 0;
  const CallPtr call = found->second;
  if (call->finished_ || (refuses_ && !WantsRest(call.get(), bytes))) {
    nghttp2_session_consume_stream(session_, id, bytes.size());
    return 0;
  }
  if (!Hold(call.get(), bytes.size())) {
    Refuse(call.get(), NoRoom());
    return 0;
  }
  call->held_ += bytes.size();
  call->heard_ = heard_ - paused_;
  if (call->body_.empty()) call->message_since_ = call->heard_;
  call->unconsumed_ += bytes.size();
  budgets_.EarnMessages(call->body_.Append(bytes));
  if (const std::optional<size_t> size = call->body_.MessageSize(); size.has_value()) {
    const size_t most = context_.options.max_message;
    if (*size > most) {
      Refuse(call.get(), TooLong(*size, most));
      return 0;
    }
    if (call->one_message_ && call->body_.size() > kMessagePrefixBytes + *size) {
      Refuse(call.get(), Malformed("the method takes one message, and more have come"));
      return 0;
    }
  }
  Deliver(call.get());
  return 0;
}

bool Http2Connection::WantsRest(GrpcStream* call, std::string_view bytes) {
  if (!call->one_message_ || call->handler_ == nullptr || !call->body_.empty()) return true;
  const std::optional<size_t> size = StreamBody::MessageSize(bytes);
  if (!size.has_value() || *size > context_.options.max_message) return true;
  const size_t whole = kMessagePrefixBytes + *size;
  if (bytes.size() >= whole) return true;
  const std::shared_ptr<CallHandler> handler = call->handler_;
  handler->OnMessageBegun(*size, bytes.substr(kMessagePrefixBytes), bytes[0] != 0);
  if (!call->finished_) return true;
  // Much of the rest is on its way.
  budgets_.ExpectLateBytes(std::min<size_t>(whole - bytes.size(), kStreamWindow), kLongFrame,
                           heard_);
  call->refused_early_ = true;
  return false;
}

int Http2Connection::EndData(int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return 0;
  found->second->ended_ = true;
  Deliver(found->second.get());
  return 0;
}

void Http2Connection::Deliver(GrpcStream* call) {
  const std::shared_ptr<CallHandler> handler = call->handler_;
  if (handler == nullptr) return;
  const CallPtr keeper = call->shared_from_this();
  while (call->asked_ && !call->finished_ && call->body_.HasWholeMessage() &&
         (call->ended_ || !call->one_message_)) {
    call->asked_ = false;
    const size_t before = call->body_.size();
    ReceivedMessage message(call->body_.TakeMessage(), call->encoding_);
    const size_t taken = before - call->body_.size();
    call->held_ -= taken;
    held_.Remove(taken);
    call->message_since_ = call->heard_ = PeerNow();  // the wait before was ours
    if (message.flag() > 1) return Refuse(call, Malformed("a message begins with neither 0 nor 1"));
    call->is_begun_ = true;
    handler->OnMessage(std::move(message));
  }
  if (call->finished_ || call->connection_ == nullptr) return;
  // The window stays closed while whole messages wait for their turn.
  if (!call->body_.HasWholeMessage() || call->one_message_) {
    ConsumeStream(call);
  }
  if (!call->ended_ || call->end_told_) return;
  if (call->body_.empty()) {
    call->end_told_ = true;
    handler->OnEnd();
  } else if (!call->body_.HasWholeMessage()) {
    Refuse(call, Malformed("the request ends in the middle of a message"));
  }
}

void Http2Connection::Refuse(GrpcStream* call, const absl::Status& status) {
  if (call->finished_) return;
  End(call, FieldsOf(status));
  Dismiss(call);
}

void Http2Connection::Dismiss(GrpcStream* call) {
  const std::shared_ptr<CallHandler> handler = std::exchange(call->handler_, nullptr);
  call->cancelled_.store(true, std::memory_order_relaxed);
  if (handler != nullptr) handler->OnCancel(CallEnd::kCallerGone);
}

void Http2Connection::RefuseHttp(GrpcStream* call, const char* code) {
  call->finished_ = true;
  call->answer_since_ = PeerNow();
  DropBody(call);
  const std::array<nghttp2_nv, 1> headers = {Fixed(":status", code)};
  nghttp2_submit_response(session_, call->id_, headers.data(), headers.size(), nullptr);
  FlushSoon();
}

void Http2Connection::DropBody(GrpcStream* call) {
  held_.Remove(std::exchange(call->held_, 0));
  call->body_.Clear();
  call->StopTimer();
  ConsumeStream(call);
}

void Http2Connection::ConsumeStream(GrpcStream* call) {
  if (call->unconsumed_ == 0) return;
  nghttp2_session_consume_stream(session_, call->id_, std::exchange(call->unconsumed_, 0));
  // The window may open again, also for a call that nothing else has happened to.
  FlushSoon();
}

void Http2Connection::Send(GrpcStream* call, MessageBuffer message) {
  if (call->finished_) {
    refuses_ = false;
    DropBody(call);
  }
  call->out_ = std::move(message);
  call->sending_ = call->out_.Frame();
  call->unread_ = call->sending_.size();
  call->answer_begun_ = call->answer_since_ = PeerNow();
  if (held_.bytes() == call->held_ && uncounted_ == 0) {
    // An answer that nothing waits beside is sent, however long it is.
    uncounted_ = call->unread_;
  } else if (Hold(call, call->unread_)) {
    call->counted_ = call->unread_;
  } else {
    // The peer has more answers to read than it may.
    call->unread_ = 0;
    call->sending_ = {};
    call->out_ = {};
    call->finished_ = false;
    Refuse(call, NoRoom());
    return;
  }
  if (call->headers_sent_) {
    Resume(call);
    return;
  }
  call->headers_sent_ = true;
  const std::array<nghttp2_nv, 2> headers = {Fixed(":status", "200"),
                                             Fixed("content-type", "application/grpc")};
  nghttp2_data_provider data{};
  data.source.ptr = call;
  data.read_callback = &SessionCallbacks::ReadData;
  nghttp2_submit_response(session_, call->id_, headers.data(), headers.size(), &data);
  FlushSoon();
}

void Http2Connection::End(GrpcStream* call, StatusPtr status) {
  call->status_ = std::move(status);
  // A stream that was served may have a window full of small messages on its way.
  if (call->is_begun_ && !call->ended_)
    budgets_.ExpectLateBytes(kStreamWindow, kSmallFrame, heard_);
  call->finished_ = true;
  call->answer_since_ = PeerNow();
  refuses_ = call->status_->code() != 0;
  DropBody(call);
  if (call->headers_sent_) {
    Resume(call);
    return;
  }
  call->status_->SubmitAlone(session_, call->id_, call->encoding_ == MessageEncoding::kUnknown);
  FlushSoon();
}

void Http2Connection::Resume(GrpcStream* call) {
  if (std::exchange(call->deferred_, false)) nghttp2_session_resume_data(session_, call->id_);
  FlushSoon();
}

ssize_t Http2Connection::OfferData(GrpcStream* call, size_t size, uint32_t* flags) {
  if (call->abandoned_ || (call->sending_.empty() && !call->finished_)) {
    call->deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  const size_t offered = std::min(size, call->sending_.size());
  call->offered_ = offered;
  if (call->finished_ && offered == call->sending_.size()) {
    // Trailers follow.
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    SubmitTrailers(call);
  }
  return static_cast<ssize_t>(offered);
}

void Http2Connection::SubmitTrailers(GrpcStream* call) {
  static const StatusFields ok{GrpcStatus()};
  (call->status_ == nullptr ? ok : *call->status_).SubmitTrailers(session_, call->id_);
  FlushSoon();
}

void Http2Connection::TakeData(GrpcStream* call, size_t size, std::string* out) {
  call->offered_ = 0;
  out->append(call->sending_.substr(0, size));
  call->sending_.remove_prefix(size);
  Take(call, std::min(size, call->unread_));
  took_ = call->answer_since_ = PeerNow();
  budgets_.EarnSent(size);
  if (!call->sending_.empty()) return;
  budgets_.EarnAnswer();
  call->out_ = {};
  if (call->finished_) return;
  call->answer_since_ = {};
  written_.push_back(call->shared_from_this());
}

int Http2Connection::CloseStream(int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return 0;
  const CallPtr call = std::move(found->second);
  streams_.erase(found);
  EndCall(call);
  return 0;
}

void Http2Connection::NoteEndSent(int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  found->second->end_sent_ = true;
  // An answered call has earned something; one that was refused before it was whole has not.
  if (found->second->handler_ != nullptr && !found->second->refused_early_) budgets_.EarnCall();
}

void Http2Connection::EndCall(const CallPtr& call) {
  held_.Remove(std::exchange(call->held_, 0));
  DropAnswer(call.get());
  call->connection_ = nullptr;
  call->StopTimer();
  if (call->finished_) {
    call->handler_.reset();
  } else {
    Dismiss(call.get());
  }
}

bool Http2Connection::Hold(GrpcStream* call, size_t bytes) {
  // Whether the caller is known is asked only where it matters.
  if (!held_.IsFree(bytes) && !call->is_known_.has_value()) {
    call->is_known_ = context_.is_known == nullptr || context_.is_known(*call);
  }
  return held_.Add(bytes, call->is_known_.value_or(false));
}

void Http2Connection::Take(GrpcStream* call, size_t bytes) {
  call->unread_ -= bytes;
  const size_t counted = std::min(bytes, call->counted_);
  call->counted_ -= counted;
  uncounted_ -= bytes - counted;
  held_.Remove(counted);
}

}  // namespace dnc
