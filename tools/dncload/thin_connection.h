// A connection of the thin sender: calls as HTTP/2 streams, by nghttp2.
//
//   Begin --> HEADERS, DATA | 0 | length | request |
//                                     HEADERS, DATA | 0 | length | answer |, trailers --> OnDone
//   GiveUp --> RST_STREAM
//
// A connection is ready when the server's settings have come. It stays below the server's bound of
// calls at the same time, and takes no more once the server has said goodbye (GOAWAY).
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "tools/dncload/thin_socket.h"

namespace dnc::load {

class ThinConnection;

// A call, from its start to its end.
struct ThinCall {
  void* tag = nullptr;
  std::string_view request;
  int64_t deadline = 0;  // ns, by the steady clock
  uint64_t serial = 0;   // changes with each use of this object
  bool under_way = false;
  int moves = 0;                         // to other connections, since this one did not take it
  ThinConnection* connection = nullptr;  // null while it waits for one
  int32_t stream = 0;
  std::array<char, 5> prefix{};  // before the request
  size_t sent = 0;               // bytes of prefix and request
  // The answer, as far as it has come.
  std::string body;  // with its prefix
  int http_status = 0;
  int code = -1;  // grpc-status; below 0: none has come
  std::string message;
  std::string details;  // a google.rpc.Status
};

// The header fields of all calls, made once.
class ThinHeaders {
 public:
  using Field = std::pair<std::string, std::string>;
  explicit ThinHeaders(std::vector<Field> fields);
  ThinHeaders(const ThinHeaders&) = delete;
  ThinHeaders& operator=(const ThinHeaders&) = delete;
  const std::vector<nghttp2_nv>& fields() const { return fields_; }

 private:
  const std::vector<Field> texts_;
  std::vector<nghttp2_nv> fields_;
};

// Belongs to one thread; nothing waits.
class ThinConnection {
 public:
  class User {
   public:
    virtual ~User() = default;
    // The call has ended. `answer` is its message if `status` is OK.
    virtual void OnDone(ThinCall* call, const absl::Status& status, std::string_view answer) = 0;
    // The server has certainly not taken the call: another connection may.
    virtual void OnNotTaken(ThinCall* call) = 0;
  };

  // Begins to connect. All that is given must outlive it.
  ThinConnection(const ThinTarget& target, size_t address, double patience,
                 const ThinHeaders& headers, User* user);
  ~ThinConnection();
  ThinConnection(const ThinConnection&) = delete;
  ThinConnection& operator=(const ThinConnection&) = delete;

  int fd() const { return socket_.fd(); }
  // The server's settings have come.
  bool ready() const { return ready_; }
  // It takes no more calls.
  bool leaving() const { return leaving_; }
  // It is gone. Whoever sees that calls DropCalls.
  bool broken() const { return broken_ || socket_.broken(); }
  const std::string& why() const { return why_.empty() ? socket_.why() : why_; }
  bool wants_to_write() const { return socket_.wants_to_write(); }
  size_t calls() const { return calls_.size(); }
  // Whether a call can begin now.
  bool has_room() const { return ready_ && !leaving_ && !broken() && calls_.size() < max_calls_; }

  // Only if there is room. The bytes wait for Flush.
  void Begin(ThinCall* call);
  // Gives up a call that has begun. OnDone does not follow.
  void GiveUp(ThinCall* call);
  // The socket is ready to be read or written.
  void OnEvent();
  void Flush();
  // Ends all calls of a connection that is gone: with UNAVAILABLE.
  void DropCalls();

  // The events that the epoll set of its user waits for.
  uint32_t watched_events = 0;

 private:
  struct Callbacks;  // nghttp2's

  void TakeIn();
  ThinCall* CallOf(int32_t stream) const {
    const auto found = calls_.find(stream);
    return found == calls_.end() ? nullptr : found->second;
  }
  void AddHeader(int32_t stream, std::string_view name, std::string_view value);
  void OnSettings();
  // The server has sent all of its answer.
  void EndAnswer(int32_t stream);
  // A stream is closed; `error`: why, if it was reset.
  void OnClosed(int32_t stream, uint32_t error);
  void NotTaken(ThinCall* call);
  // Tells the user of the call's end.
  void Done(ThinCall* call, const absl::Status& status);
  ssize_t ReadBody(int32_t stream, uint8_t* space, size_t size, uint32_t* flags);

  ThinSocket socket_;
  const ThinHeaders& headers_;
  User* const user_;
  nghttp2_session* session_ = nullptr;
  absl::flat_hash_map<int32_t, ThinCall*> calls_;
  size_t max_calls_ = 0;
  std::string out_;  // what nghttp2 has made and the socket gets next
  bool ready_ = false;
  bool leaving_ = false;
  bool broken_ = false;
  std::string why_;
};

}  // namespace dnc::load
