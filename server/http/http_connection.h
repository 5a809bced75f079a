// A connection that speaks HTTP/1.1 or 1.0, and its calls, one at a time. The one user of Beast.
//
//   ByteStream --OnBytes--> Beast's parser --> HttpRequest --> the route's handler
//   ByteStream <---Send---- head and body <------------------- HttpCall::Answer, on any thread
//
// While a call is under way nothing is read, so that what a peer sends ahead waits in its socket,
// and one that has finished sending gets its answer. Nor is anything read while an answer waits for
// its reader. What a peer may make the server keep or do is bounded here:
//   - the head: 16 KiB;
//   - the body: by its route, judged when the head has come; its bytes, and those of unread
//     answers, are counted in a pool for all connections, of which half is for known callers, and
//     of the other half no network may have all;
//   - time: for the head, the body, the next request, and the reading of an answer.
// A request that is refused before it is whole ends its connection, but not at once: what still
// comes is read for a moment, because closing would take the answer from the peer.
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

#include "server/http/http_call.h"
#include "server/http/http_head.h"
#include "server/http/http_message.h"
#include "server/http/http_options.h"
#include "server/http/router.h"
#include "server/rpc/rpc_context.h"
#include "server/wire/budgets.h"
#include "server/wire/byte_stream.h"
#include "server/wire/event_loop.h"
#include "server/wire/tls_context.h"

namespace boost::system {
class error_code;
}  // namespace boost::system

namespace dnc {

class HttpConnection;

// What the connections of one network have together.
struct HttpNetwork {
  // Of bodies from unknown callers, in the pool.
  std::atomic<int64_t> unknown_bytes{0};
};

// What connections share. It outlives them.
struct HttpConnectionContext {
  HttpOptions options;
  BytePool* pool = nullptr;
  // For unread answers beyond that pool, for a moment each.
  BytePool* beyond = nullptr;
  const Router* router = nullptr;
  LiveCalls* live = nullptr;  // counts the calls
  // Whether a request with this head has a caller who may do anything here; null: all may.
  std::function<bool(const HttpRequest& head)> is_known;
  // A connection is gone; called on its loop.
  std::function<void(HttpConnection*)> closed;
};

// Belongs to its loop's thread.
class HttpConnection final : public ByteStream::User,
                             public EventLoop::Flushed,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  using Clock = std::chrono::steady_clock;

  // Takes `fd` over. `peer`: the caller's address without its port; `network`: its network.
  HttpConnection(const HttpConnectionContext* context, EventLoop* loop, int fd, SslPtr ssl,
                 std::string peer, std::shared_ptr<HttpNetwork> network);
  ~HttpConnection() override;

  void Start();
  // Is called now and then: ends what has lasted too long.
  void Look(Clock::time_point now);
  // From now on an answer says that the connection closes behind it, and one that has been quiet
  // for a while closes.
  void AnnounceEnd() { announced_ = true; }
  // Closes where no request has begun (a new connection has a moment for its first), or behind the
  // one that is under way. One that is not whole is refused when its caller is silent for a moment,
  // at the latest at `last_moment`.
  void BeginEnd(Clock::time_point last_moment);
  void Close() { bytes_.Close(); }

  EventLoop* loop() const { return loop_; }
  const std::string& peer() const { return peer_; }

 private:
  class Call;
  struct Parser;  // Beast's
  // What a call knows of its connection, which may be gone before it.
  struct Link {
    explicit Link(HttpConnection* of) : connection(of) {}
    HttpConnection* connection;  // null: gone; of the loop's thread
    std::atomic<bool> gone{false};
  };
  enum class State : uint8_t {
    kHead,    // a request's head is read, or waited for
    kBody,    // and then its body
    kCall,    // the handler has it
    kAnswer,  // the answer waits for its reader
    kLinger,  // all is said: what still comes is dropped
  };

  void OnBytes(std::string_view bytes) override;
  void OnReady() override {}
  void OnSent() override;
  void OnClosed() override;
  void Flush() override;

  static HttpRefusal BadRequest(const boost::system::error_code& error);
  // Reads requests from `bytes` until one is whole; how many bytes it has used.
  size_t Read(std::string_view bytes);
  // The head is whole: judges it, and finds its route.
  void TakeHead();
  // Whether so many more bytes of the body are taken; if not, the request is refused.
  bool TakeBody(std::string_view bytes);
  // Counts so many more bytes of the body; false if there is no room for them.
  bool Hold(size_t bytes);
  // Gives back all that is counted, of the body or of the answer.
  void LetGo();
  void RefuseRoute(const std::string& allow);
  // Answers without a handler. If the request is not whole, it ends the connection.
  void Refuse(const HttpRefusal& refusal);
  // Closes the connection without an answer, soon.
  void BreakSoon();
  void BeginCall();
  // The answer of the call under way.
  void Finish(HttpAnswer answer);
  void SendAnswer();
  // The kernel has all of the answer.
  void EndAnswer();
  // Waits for the next request.
  void BeginHead();
  void Linger();
  // Whether the end is so near that no request is waited for.
  bool IsLate(Clock::time_point now) const;
  void LookAtRequest(Clock::time_point now);
  void LookAtAnswer(Clock::time_point now);
  void FlushSoon() {
    if (!std::exchange(flush_soon_, true)) loop_->FlushSoon(shared_from_this());
  }

  const HttpConnectionContext& context_;
  EventLoop* const loop_;
  const std::string peer_;
  const std::shared_ptr<HttpNetwork> network_;
  ByteStream bytes_;
  std::unique_ptr<Parser> parser_;  // of the request that has begun
  State state_ = State::kHead;
  std::string in_;  // what has been read and not used yet
  HttpRequest request_;
  const Route* route_ = nullptr;
  PathParts parts_;
  std::shared_ptr<Link> link_;  // of the call under way
  std::optional<HttpAnswer> answer_;
  bool wants_head_ = false;  // the body of the answer is not sent
  bool is_http10_ = false;
  bool keep_ = true;              // the connection stays open behind the answer
  bool first_ = true;             // no request has been answered yet
  bool announced_ = false;        // the server's end
  std::optional<bool> is_known_;  // the caller; unset: nobody has asked
  bool flush_soon_ = false;
  bool break_soon_ = false;
  size_t max_body_ = 0;
  size_t lingered_ = 0;       // bytes that were dropped
  size_t unknown_bytes_ = 0;  // of the body, counted in the network
  HeldBytes held_;            // of the request, then of the answer
  Clock::time_point since_;   // the state began, or the first byte of a head has come
  Clock::time_point heard_;   // something has come
  int64_t beyond_bytes_ = 0;  // of the answer, in the pool for those
  std::optional<Clock::time_point> last_moment_;
};

}  // namespace dnc
