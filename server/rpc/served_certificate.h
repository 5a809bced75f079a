// The server's TLS certificate, kept in step with its files.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/periodic_task.h"
#include "server/rpc/options.h"
#include "server/wire/tls_context.h"

namespace dnc {

// A certificate with its key, in PEM form.
struct CertificatePair {
  std::string certificate;
  std::string key;

  friend bool operator==(const CertificatePair&, const CertificatePair&) = default;
};

// Looks at the files now and then, and serves what they hold as soon as it can be used; until then
// what was served before, such as while a new certificate stands beside the key of the old one.
// Thread-safe.
class ServedCertificate {
 public:
  // How soon a renewed certificate is served.
  static constexpr absl::Duration kRefresh = absl::Seconds(2);

  // `options` must name both files. Errors: INVALID_ARGUMENT if one can't be read or is no PEM, or
  // if the key is not the certificate's.
  static absl::StatusOr<std::unique_ptr<ServedCertificate>> Open(const TlsOptions& options);
  ServedCertificate(const ServedCertificate&) = delete;
  ServedCertificate& operator=(const ServedCertificate&) = delete;

  // What a server uses that ends before this.
  const TlsContext* tls() const { return &tls_; }

  // When the certificate that is served runs out.
  absl::Time end() const { return absl::FromUnixSeconds(end_.load()); }

 private:
  explicit ServedCertificate(TlsOptions options) : options_(std::move(options)) {}

  // Serves what the files hold, if it is new and can be used.
  absl::Status Refresh();
  void Watch();

  const TlsOptions options_;
  TlsContext tls_;
  CertificatePair seen_;  // by the last Refresh; of the watching thread once that runs
  std::string told_;      // what the last Refresh of the watcher complained of
  std::atomic<int64_t> end_{0};
  std::optional<PeriodicTask> watcher_;  // ends before what it uses
};

}  // namespace dnc
