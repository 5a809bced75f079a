// The server's side of TLS: a certificate that may be replaced while connections are served.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

struct ssl_st;
struct ssl_ctx_st;

namespace dnc {

struct FreeSsl {
  void operator()(ssl_st* ssl) const;
};
using SslPtr = std::unique_ptr<ssl_st, FreeSsl>;

// What is spoken inside TLS. A client that offers protocols and not this one is refused.
enum class InTls : uint8_t { kHttp2, kHttp1 };

// Speaks TLS 1.2 and newer. Thread-safe.
class TlsContext {
 public:
  TlsContext() = default;
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // From now on new connections are served with this pair, in PEM form: the certificate first, then
  // those between it and the authority's. Error: INVALID_ARGUMENT; the pair before goes on serving.
  absl::Status Use(const std::string& certificate, const std::string& key)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The server's side of a new connection; null if no pair was given yet, or memory is short.
  SslPtr NewConnection(InTls protocol = InTls::kHttp2) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
