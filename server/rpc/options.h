// These options say how calls are served, and what a caller may ask for. docs/configuration.md
// lists the keys that these fields are read from; the defaults stand here.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace dnc {

// This is the server's certificate, both files in PEM form; with both empty it serves plain text.
// The section is `tls`.
struct TlsOptions {
  std::string certificate;  // with those between it and the authority's
  std::string key;

  bool enabled() const { return !certificate.empty(); }
};

// This is how calls are served. The section is `rpc`.
struct RpcOptions {
  int threads = 0;                                // that serve calls; 0: one a core
  absl::Duration spin = absl::Microseconds(200);  // looking for the next event before sleeping
  int worker_threads = 4;                         // for calls that read the disk or wait
  int worker_queue = 1024;                        // calls that wait for a worker
  absl::Duration drain;                           // goes on serving, not ready, before it stops
  absl::Duration stop_grace = absl::Seconds(5);   // for calls under way when the server stops
  absl::Duration keepalive = absl::Seconds(30);   // of quiet, before a connection is pinged
  absl::Duration keepalive_timeout = absl::Seconds(20);  // for the answer to a ping
  absl::Duration watch_heartbeat = absl::Seconds(20);    // of quiet, before a watch says so
};

// This is what a caller may ask for. The section is `limits`.
struct RequestLimits {
  int max_batch = 10'000;                           // numbers
  int max_request_bytes = 4 << 20;                  // of a message
  int numbers_under_way = 500'000;                  // of scrubs, for each thread that serves calls
  absl::Duration max_wait = absl::Milliseconds(3);  // of an admitted scrub, for those before it
  int max_streams = 1024;                           // calls at the same time on a connection
  int max_uploads = 8;                              // at the same time
  int max_key_uploads = 4;                          // of those, of one key
  int max_tenant_streams = 100;                     // imports of a tenant, and as many watches
  int max_health_watches = 1024;                    // at the same time; half of one address
  int max_metadata_bytes = 16 << 10;                // of a call
  // Bytes of requests that are not whole and of answers that are not read, of all connections
  // together, besides 64 KiB of each.
  uint64_t max_unfinished_bytes = 64 << 20;
  int max_idle_frames = 10'000;                      // that bring nothing, of a connection
  int max_resets = 10'000;                           // of unanswered calls, of a connection
  absl::Duration silent_stream = absl::Seconds(60);  // then a stream's place is given to others
  absl::Duration revision_wait = absl::Seconds(1);   // for at_least_revision
  uint64_t max_upload_bytes = 8ULL << 30;            // of one load; key registry.max_upload_bytes
};

}  // namespace dnc
