#include "dnc/tls.h"

#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace dnc {

absl::StatusOr<Transport> MakeTransport(const TlsOptions& options) {
  if (!options.used()) {
    // A user who names a certificate believes that it is used, so silence would be wrong.
    if (!options.server_name.empty()) {
      return absl::InvalidArgumentError(
          "the name of a certificate is given, but not TLS; also say which certificates to trust");
    }
    return Transport();
  }
  grpc::SslCredentialsOptions ssl;
  if (options.ca_file.has_value()) {
    // A setting that was lost on its way here must not end in plain text.
    if (options.ca_file->empty()) {
      return absl::InvalidArgumentError(
          "the path of the certificates to trust is empty; name a file, or leave it out");
    }
    // A folder can be opened too, and reads as an empty file.
    std::ifstream file(*options.ca_file);
    if (!file) return absl::NotFoundError(absl::StrCat(*options.ca_file, " can't be read"));
    ssl.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
    if (!absl::StrContains(ssl.pem_root_certs, "-----BEGIN CERTIFICATE-----")) {
      return absl::InvalidArgumentError(
          absl::StrCat(*options.ca_file, " holds no certificate in PEM form"));
    }
  }
  Transport transport;
  transport.credentials = grpc::SslCredentials(ssl);
  transport.server_name = options.server_name;
  return transport;
}

}  // namespace dnc
