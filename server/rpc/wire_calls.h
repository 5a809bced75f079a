// The calls of the server's own transport: which handler a path gets.
//
//   /dnc.v1.ScrubService/Scrub  --> WireScrubCall, on the loop
//   all else                    --> Relay: gRPC's server, within the process and without a port
#pragma once

#include <memory>

#include "grpcpp/channel.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/scrub_handler.h"
#include "server/wire/grpc_stream.h"

namespace dnc {

// Relays calls to a server that is reached by a channel within the process. Thread-safe.
class Relay {
 public:
  // `live` counts the calls until gRPC is done with them.
  Relay(std::shared_ptr<grpc::Channel> channel, LiveCalls* live);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Begins the call there, and carries messages, metadata and the end of both sides. A compressed
  // message may have `max_expanded` bytes; a longer one is refused with `known` if that is an
  // error.
  std::shared_ptr<CallHandler> Begin(const CallPtr& call, size_t max_expanded, absl::Status known);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

// Outlives the calls.
class WireCalls {
 public:
  // All outlive this.
  WireCalls(ScrubHandler* scrubs, const RpcContext* rpc, Relay* relay, size_t max_message)
      : scrubs_(*scrubs), rpc_(*rpc), relay_(*relay), max_message_(max_message) {}

  // The handler of a call that has begun. Called on the call's loop.
  std::shared_ptr<CallHandler> Accept(const CallPtr& call) const;

 private:
  // OK if the caller may do anything here.
  absl::Status CheckKnown(const GrpcStream& call) const;

  ScrubHandler& scrubs_;
  const RpcContext& rpc_;
  Relay& relay_;
  const size_t max_message_;
};

}  // namespace dnc
