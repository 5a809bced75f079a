// Makes calls by nghttp2 on sockets of its own, one thread for all of them. It costs the client's
// machine far less than gRPC's library does, so that it can ask for more than a server holds.
//
//   Start --> a channel in turn --> its connection has room? ThinConnection::Begin
//                                   else the channel's queue, until there is room
//
// A channel has one connection that takes calls. When the server says goodbye on it (GOAWAY), or
// it breaks, the channel opens another; calls under way on the old one end there. Calls that the
// server has certainly not taken go to the new one. Where no connection can be made, calls fail
// at once with UNAVAILABLE, and it is tried again after 0.1 s at first and 1 s at most.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/dncload/caller.h"
#include "tools/dncload/thin_connection.h"

namespace dnc::load {

class ThinCaller final : public Caller, private ThinConnection::User {
 public:
  ThinCaller(const Target& target, const CallerOptions& options, CallUser* user);
  ~ThinCaller() override;
  ThinCaller(const ThinCaller&) = delete;
  ThinCaller& operator=(const ThinCaller&) = delete;

  absl::Status Connect(Clock::time_point deadline) override;
  void Start(void* tag, std::string_view request) override;
  void Flush() override;
  bool Take(int64_t wait) override;
  void CancelAll() override { cancelled_ = true; }
  int64_t wait_margin() const override { return 60'000; }

  // How many connections have been opened so far.
  int opened() const { return opened_; }

 private:
  // A place in a queue. The call has ended meanwhile if its serial is another.
  struct Waiting {
    ThinCall* call = nullptr;
    uint64_t serial = 0;
    bool over() const { return !call->under_way || call->serial != serial; }
  };
  struct Channel {
    std::unique_ptr<ThinConnection> connection;            // null until it is tried again
    std::vector<std::unique_ptr<ThinConnection>> leaving;  // with calls that end there
    std::deque<Waiting> waiting;
    size_t address = 0;  // of the target's, to try next
    bool failed = false;
    int64_t retry_at = 0;
    int64_t backoff = 0;
    std::string why;  // the last connection failed
  };

  void OnDone(ThinCall* call, const absl::Status& status, std::string_view answer) override;
  void OnNotTaken(ThinCall* call) override;

  void Open(Channel* channel);
  // Takes note of connections that broke or leave, and lets calls begin that wait.
  void Maintain(Channel* channel);
  void Fail(Channel* channel, const std::string& why);
  void Watch(ThinConnection* connection);
  // Waits for at most `wait` ns until a socket is ready, and serves those that are.
  void Wait(int64_t wait);
  void GiveUp(ThinCall* call, const absl::Status& status);
  // Ends the calls whose time has passed, or all if they are cancelled.
  void EndLateCalls(int64_t now);
  // For how long nothing is to be done at `now` without an event, at most `wait`.
  int64_t QuietTime(int64_t now, int64_t wait) const;

  const Target& target_;
  const CallerOptions options_;
  CallUser* const user_;
  std::optional<ThinTarget> thin_target_;
  std::unique_ptr<ThinHeaders> headers_;
  const int poll_;  // an epoll set
  std::vector<Channel> channels_;
  size_t next_channel_ = 0;
  std::vector<std::unique_ptr<ThinCall>> calls_;  // all that were ever needed
  std::vector<ThinCall*> free_;
  std::deque<Waiting> deadlines_;  // ascending, since all calls have the same time
  // Calls that could not even begin, and why.
  std::vector<std::pair<Waiting, absl::Status>> unsent_;
  bool ended_ = false;  // a call has, in this Take
  bool cancelled_ = false;
  int opened_ = 0;
};

}  // namespace dnc::load
