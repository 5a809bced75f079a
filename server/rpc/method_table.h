// The methods that a server has: which path begins which call. gRPC and HTTP share it: whoever adds
// a method with one request and one answer adds it for both.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "server/rpc/rpc_context.h"
#include "server/wire/grpc_stream.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace dnc {

// What a method with one request and one answer does, whatever its messages are and whichever front
// was asked. Thread-safe.
struct UnaryHandler {
  using Message = google::protobuf::Message;

  Method name = Method::kScrub;
  Permission permission = Permission::kOperate;
  // The messages, empty: New() makes one to fill.
  const Message* request = nullptr;
  const Message* response = nullptr;
  // `handle` is quick and never waits, so it runs on the call's loop.
  bool on_loop = false;
  // How many numbers are asked about counts: the gate admits the call, and where `is_fast` it is
  // answered on its loop in its turn.
  bool weighed = false;
  std::function<bool(const Caller&, const Message&)> is_fast;
  // Answers, on a worker's thread unless it is said otherwise. Null if `submit` is set.
  std::function<absl::Status(const Caller&, const Message&, Message*)> handle;
  // Answers later: `done` is called once, on any thread; the messages live until then.
  std::function<void(const Caller&, const Message&, Message*,
                     std::function<void(absl::Status)> done)>
      submit;
  // The revision that the caller must be of for `handle`; null: any.
  std::function<uint64_t(const Message&)> at_least_revision;
};

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

  // What the method of that path does, which has been added, for fronts that read its messages in
  // another form.
  void AddUnary(std::string_view path, UnaryHandler handler);
  // By path.
  const std::map<std::string, UnaryHandler, std::less<>>& unary() const { return unary_; }

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
  std::map<std::string, UnaryHandler, std::less<>> unary_;
};

}  // namespace dnc
