// The server under load: how to reach it, as whom, and what it tells of itself.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dnc/tls.h"
#include "dnc/v1/registry_service.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "tools/cli/server_options.h"

namespace dnc::load {

struct TargetOptions : cli::ServerOptions {
  double timeout = 10;  // seconds after which a connection whose other end takes nothing is closed
};

// Immutable and thread-safe.
class Target {
 public:
  // Fails as MakeTransport does.
  static absl::StatusOr<Target> Make(const TargetOptions& options);

  // Makes a connection of its own, not shared with other channels.
  std::shared_ptr<grpc::Channel> MakeChannel(int index) const;

  // Adds key and tenant.
  void Identify(grpc::ClientContext* context) const;

  // Asks the server what it is and what it holds. Fails if the call fails; a tenant's key may not
  // ask.
  absl::StatusOr<v1::GetStatusResponse> Status(double timeout_seconds) const;

  // The error of a server that can't be reached. `why`: what is known of it, or empty.
  absl::Status Unreachable(const std::string& why) const;

  // Returns whether the server is certainly on this machine: loopback or a unix socket.
  bool IsHere() const;

  const TargetOptions& options() const { return options_; }
  bool tls() const { return options_.tls.used(); }

 private:
  explicit Target(TargetOptions options) : options_(std::move(options)) {}

  TargetOptions options_;
  Transport transport_;
};

}  // namespace dnc::load
