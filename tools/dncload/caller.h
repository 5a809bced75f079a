// How a sender makes its calls: over gRPC's client library, or over a thin client of our own.
//
//   auto caller = MakeCaller(target, options, &ended);
//   DNC_RETURN_IF_ERROR(caller->Connect(deadline));
//   caller->Start(tag, request);
//   caller->Flush();
//   while (!caller->Take(wait)) { ... }   // tells `ended` of each call that has ended
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "tools/dncload/target.h"

namespace dnc::load {

using Clock = std::chrono::steady_clock;

enum class SenderKind {
  kGrpc,  // gRPC's C++ library, as most clients are
  kThin,  // nghttp2 on bare sockets: it costs the client's machine the least
};

// Returns "grpc" or "thin".
const char* Name(SenderKind kind);

inline constexpr char kScrubMethod[] = "/dnc.v1.ScrubService/Scrub";

struct CallerOptions {
  SenderKind kind = SenderKind::kGrpc;
  int index = 0;        // of the thread, so that no two threads share a connection
  int channels = 1;     // connections
  double timeout = 10;  // seconds for a call
};

// Learns of calls that have ended.
class CallUser {
 public:
  virtual ~CallUser() = default;
  // `answer` is the bytes of the message, valid during the call; empty unless `status` is OK. An
  // error of the server keeps its reason, which ReasonOf reads. A call whose time has passed ends
  // with DEADLINE_EXCEEDED.
  virtual void OnEnded(void* tag, const absl::Status& status, std::string_view answer) = 0;
};

// Makes calls of the Scrub method over connections of its own. Belongs to one thread.
class Caller {
 public:
  virtual ~Caller() = default;

  // Opens the connections. UNAVAILABLE tells which server can't be reached.
  virtual absl::Status Connect(Clock::time_point deadline) = 0;
  // Begins a call with an encoded ScrubRequest, which must stay valid until the call has ended. Its
  // bytes may wait for Flush. Does not tell of calls that have ended.
  virtual void Start(void* tag, std::string_view request) = 0;
  virtual void Flush() {}
  // Waits at most `wait` ns, 0: only looks, and tells of calls that have ended. False if none has.
  virtual bool Take(int64_t wait) = 0;
  // Gives up all calls that are under way. They end with CANCELLED in the following Takes.
  virtual void CancelAll() = 0;
  // How much longer than asked Take may wait, in ns.
  virtual int64_t wait_margin() const = 0;
};

// `target` and `user` must outlive it.
std::unique_ptr<Caller> MakeCaller(const Target& target, const CallerOptions& options,
                                   CallUser* user);

}  // namespace dnc::load
