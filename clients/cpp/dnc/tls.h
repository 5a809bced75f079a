// How a client reaches the server: in plain text, or by TLS.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/security/credentials.h"

namespace dnc {

struct TlsOptions {
  bool enabled = false;     // TLS, trusting the system's certificates
  std::string ca_file;      // TLS, trusting only these certificates; a PEM file
  std::string server_name;  // which the server's certificate must have; empty: the host's

  bool used() const { return enabled || !ca_file.empty(); }
};

// What a channel is made with; plain text unless MakeTransport made it.
struct Transport {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  std::string server_name;  // as in TlsOptions
  bool shared = true;       // with other channels of the process to the same target
};

// The server's certificate is checked always. Errors: NOT_FOUND for a file that can't be read,
// INVALID_ARGUMENT for one without certificates, or a name without TLS.
absl::StatusOr<Transport> MakeTransport(const TlsOptions& options);

}  // namespace dnc
