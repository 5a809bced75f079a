// A call of gRPC's wire protocol, as a front sees it: what the caller has sent, and ways to answer.
//
//   HEADERS   path, metadata, grpc-timeout        --> AcceptCall makes a handler
//   DATA      | 0 | length, 4 bytes | message |   --> OnMessage, once for each AskMessage
//   END_STREAM                                    --> OnEnd
//                                                 <-- Write, as often as wished; OnWritten
//                                                 <-- Finish: trailers
//
// A call belongs to the loop of its connection. Its handler is called on that loop's thread only;
// what a handler does with the call may be done on any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/wire/event_loop.h"
#include "server/wire/grpc_text.h"
#include "server/wire/inflate.h"
#include "server/wire/message_buffer.h"
#include "server/wire/stream_body.h"

namespace dnc {

class GrpcStream;
class Http2Connection;
class StatusFields;
struct DeadlineTimer;
using CallPtr = std::shared_ptr<GrpcStream>;

// A status with its texts as they are sent. Thread-safe.
using StatusPtr = std::shared_ptr<const StatusFields>;
// `kept`: it is told often, for example to everybody who is above a quota, and a peer is to
// remember the texts that it has been told.
StatusPtr ToFields(const GrpcStatus& status, bool kept = false);

// A message that has arrived.
class ReceivedMessage {
 public:
  ReceivedMessage() = default;
  // Takes the message with its prefix. `encoding`: of the call.
  ReceivedMessage(std::string frame, MessageEncoding encoding)
      : bytes_(std::move(frame)), encoding_(encoding) {}

  // Whether it must be expanded before it can be read.
  bool compressed() const { return flag() != 0; }
  // What the message's first byte says: 0 or 1, and everything else is an error.
  uint8_t flag() const { return bytes_.empty() ? 0 : static_cast<uint8_t>(bytes_[0]); }
  // How many bytes have come.
  size_t received() const { return bytes_.empty() ? 0 : bytes_.size() - kMessagePrefixBytes; }
  // The message, which must not be compressed.
  std::string_view view() const {
    return bytes_.empty() ? std::string_view()
                          : std::string_view(bytes_).substr(kMessagePrefixBytes);
  }
  // Expands it if it is compressed: to `max_bytes` at most. Errors: those of Inflate.
  absl::Status Expand(size_t max_bytes);

 private:
  std::string bytes_;  // with the prefix; empty: there is none
  MessageEncoding encoding_ = MessageEncoding::kIdentity;
};

// Why a call is over before it was answered.
enum class CallEnd {
  kDeadline,    // the caller may still listen, so Finish should say so
  kCallerGone,  // nobody listens: Finish does nothing
};

// What answers a call. It lives until the stream is closed and nobody else holds it.
class CallHandler {
 public:
  virtual ~CallHandler() = default;
  // The message of a call that has one (ExpectOneMessage) has begun: it will have `size` bytes as
  // it comes, `first` are the first ones of them, and `compressed` says whether they must be
  // expanded. A call that is to be refused may be ended here, so that the rest is not kept. It is
  // not always asked.
  virtual void OnMessageBegun(size_t /*size*/, std::string_view /*first*/, bool /*compressed*/) {}
  // A message that was asked for.
  virtual void OnMessage(ReceivedMessage message) = 0;
  // The caller has sent all. Whoever asked for a message gets none.
  virtual void OnEnd() = 0;
  // What was written has gone to the socket: the next may be written.
  virtual void OnWritten() {}
  // Nobody waits any more. Called once for each reason at most.
  virtual void OnCancel(CallEnd why) = 0;
};

// Thread-safe where it says so; the rest is for the loop's thread.
class GrpcStream : public std::enable_shared_from_this<GrpcStream> {
 public:
  using Clock = std::chrono::steady_clock;

  // `begun`: when its first bytes came.
  GrpcStream(Http2Connection* connection, EventLoop* loop, int32_t id,
             std::shared_ptr<const std::string> peer, Clock::time_point begun);
  ~GrpcStream();
  GrpcStream(const GrpcStream&) = delete;
  GrpcStream& operator=(const GrpcStream&) = delete;

  // What the caller's headers say; does not change once the call is accepted. Thread-safe.
  std::string_view path() const {
    return std::string_view(header_text_).substr(path_at_, path_size_);
  }
  // The first value of a name; names are in lower case.
  std::optional<std::string_view> Metadata(std::string_view name) const;
  // Of all headers, as HTTP/2 counts them: name, value and 32 bytes each.
  size_t metadata_bytes() const { return metadata_bytes_; }
  // Whether messages may come compressed.
  bool compressed() const { return encoding_ != MessageEncoding::kIdentity; }
  // When the caller stops waiting; time_point::max() if never.
  Clock::time_point deadline() const { return deadline_; }
  // The same by the time of day, as of now.
  absl::Time DeadlineTime() const;
  bool DeadlinePassed() const { return deadline_ < Clock::now(); }
  // `ipv4:192.0.2.1:50000`, `ipv6:[2001:db8::1]:50000` or `unix:`.
  const std::string& peer() const { return *peer_; }
  EventLoop* loop() const { return loop_; }
  // Whether nobody waits for an answer any more. Thread-safe.
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

  // The status that the transport has ended the call with by itself; 1, CANCELLED, if it has not.
  int told_code() const;

  // Ask for the caller's next message: OnMessage or OnEnd follows. Thread-safe.
  void AskMessage();
  // Sends a message; at most one is under way, until OnWritten. Thread-safe.
  void Write(MessageBuffer message);
  // Ends the call. Once, and the last. Thread-safe.
  void Finish(const GrpcStatus& status);
  void FinishWith(StatusPtr status);
  // Sends the one message of an answer, and ends the call well. Thread-safe.
  void Answer(MessageBuffer message);
  // From now on the call is ended by its deadline: whoever answers at once need not call this.
  // Thread-safe.
  void WatchDeadline();
  // The caller may be silent for as long as it likes, though it has not sent all.
  void AllowSilence() { may_be_silent_ = true; }
  // The call has one message, which is handed over when the caller has sent all: until then it
  // counts as what the connection holds.
  void ExpectOneMessage() { one_message_ = true; }

 private:
  friend class Http2Connection;
  struct Header {
    uint32_t at;
    uint32_t name_size;
    uint32_t value_size;
  };

  // Takes a header. Of metadata above `max_kept` bytes only the size is noted.
  void AddHeader(std::string_view name, std::string_view value, size_t max_kept);
  // What is wrong with the headers of a call of gRPC's, of which `max_kept` bytes may be metadata.
  absl::Status CheckHeaders(size_t max_kept) const;
  size_t kept_bytes() const {
    return header_text_.capacity() + headers_.capacity() * sizeof(Header);
  }
  // The deadline has passed.
  void Expire();
  // It need not be watched any more.
  void StopTimer();
  // Runs on the loop's thread, now if this is it.
  template <class Task>
  void OnLoop(Task task);

  EventLoop* const loop_;
  Http2Connection* connection_;  // null once the stream is closed
  const int32_t id_;
  std::shared_ptr<CallHandler> handler_;

  const std::shared_ptr<const std::string> peer_;
  std::string header_text_;  // the path, and names and values of metadata
  size_t path_at_ = 0;
  size_t path_size_ = 0;
  std::vector<Header> headers_;
  size_t metadata_bytes_ = 0;
  Clock::time_point deadline_ = Clock::time_point::max();
  MessageEncoding encoding_ = MessageEncoding::kIdentity;
  bool is_post_ = false;
  bool is_grpc_ = false;
  bool bad_timeout_ = false;
  bool bad_metadata_ = false;  // what no metadata may have
  size_t header_bytes_ = 0;    // of all headers
  bool accepted_ = false;      // its headers are whole

  StreamBody body_;        // what has arrived and is not handed over
  size_t unconsumed_ = 0;  // of the stream's window
  size_t held_ = 0;        // bytes that the connection counts: of headers and body
  size_t unread_ = 0;      // bytes of the answer that the peer has not taken
  size_t counted_ = 0;     // of those, what the connection counts
  bool asked_ = false;     // for a message
  bool ended_ = false;     // the caller has sent all
  bool end_told_ = false;  // to the handler

  MessageBuffer out_;          // what is being sent
  std::string_view sending_;   // what is left of it
  size_t offered_ = 0;         // of that, in a frame that nghttp2 has begun
  bool headers_sent_ = false;  // submitted
  bool deferred_ = false;      // nghttp2 waits for more to send
  bool finished_ = false;      // by Finish or Answer
  StatusPtr status_;           // null: OK
  std::atomic<bool> cancelled_{false};
  bool may_be_silent_ = false;
  bool one_message_ = false;
  bool refused_early_ = false;  // before its message was whole
  bool is_begun_ = false;       // a message has been handed over
  bool abandoned_ = false;      // the peer did not take the answer
  bool end_sent_ = false;       // the end of the answer has been handed to the socket
  const Clock::time_point begun_;
  Clock::time_point heard_ = begun_;   // of the body
  Clock::time_point message_since_{};  // when the message that is not whole began
  Clock::time_point answer_since_{};   // when the peer last took something of the answer
  Clock::time_point answer_begun_{};   // when the message that is being sent began
  std::optional<bool> is_known_;       // whether the caller is, once that has been asked
  std::unique_ptr<DeadlineTimer> timer_;
};

}  // namespace dnc
