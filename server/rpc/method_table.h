// The methods that a server has: which path begins which call.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "server/rpc/rpc_context.h"
#include "server/wire/grpc_stream.h"

namespace dnc {

// Filled before the server starts; thread-safe from then on. Outlives the calls.
class MethodTable {
 public:
  using Begin = std::function<std::shared_ptr<CallHandler>(const RpcContext& rpc, CallPtr call)>;
  enum class Requests : uint8_t { kOne, kMany };

  // `rpc` must outlive the table.
  explicit MethodTable(const RpcContext* rpc) : rpc_(*rpc) {}

  // `path` as HTTP/2 has it: `/dnc.v1.ScrubService/Scrub`. `permission` is what the method asks of
  // its callers.
  void Add(std::string_view path, Requests requests, Permission permission, Begin begin);

  // Adds a method with one request: its calls are made as Call(rpc, args..., call).
  template <class Call, class... Args>
  void AddCall(std::string_view path, Permission permission, Args... args) {
    Add(path, Requests::kOne, permission, [args...](const RpcContext& rpc, CallPtr call) {
      return std::make_shared<Call>(rpc, args..., std::move(call));
    });
  }
  // The same with a stream of requests (TurnStream).
  template <class Stream, class... Args>
  void AddStream(std::string_view path, Permission permission, Args... args) {
    Add(path, Requests::kMany, permission, [args...](const RpcContext& rpc, CallPtr call) {
      auto stream = std::make_shared<Stream>(rpc, args..., std::move(call));
      stream->Begin();
      return stream;
    });
  }

  // The handler of a call that has begun; null for a path that is none of a method. Called on the
  // call's loop.
  std::shared_ptr<CallHandler> Accept(const CallPtr& call) const;

  // Whether a call has a caller who may do what it asks for; not if everybody may. The method asks
  // again.
  bool IsKnown(const GrpcStream& call) const;

  // The full names of the services that have methods here.
  std::set<std::string> Services() const;

 private:
  struct Entry {
    Requests requests;
    Permission permission;
    Begin begin;
  };

  const RpcContext& rpc_;
  std::map<std::string, Entry, std::less<>> methods_;
};

}  // namespace dnc
