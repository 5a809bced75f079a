// Says how a client reaches the server: in plain text, or with TLS.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/security/credentials.h"

namespace dnc {

struct TlsOptions {
  bool enabled = false;                // TLS that trusts the system's certificates
  std::optional<std::string> ca_file;  // TLS that trusts only these certificates; a PEM file
  std::string server_name;  // the name that the server's certificate must have; empty: the host's

  bool used() const { return enabled || ca_file.has_value(); }
};

// What a channel is made with; plain text unless MakeTransport made it.
struct Transport {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  std::string server_name;  // as in TlsOptions
  bool shared = true;       // shared with other channels of the process to the same target
};

// Makes a transport that always checks the server's certificate. Fails with NOT_FOUND for a file
// that cannot be read, and with INVALID_ARGUMENT for one without certificates or with an empty
// path, or for a name without TLS.
absl::StatusOr<Transport> MakeTransport(const TlsOptions& options);

}  // namespace dnc
