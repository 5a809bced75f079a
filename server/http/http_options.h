// How HTTP is served. docs/configuration.md lists the keys that these fields are read from, in the
// section `http`; the defaults stand here.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace dnc {

struct HttpOptions {
  std::string listen = "127.0.0.1:8061";      // HOST:PORT; empty: HTTP is not served
  int max_body_bytes = 4 << 20;               // of a request; a route may take fewer
  int max_scrub_numbers = 51'000;             // of a call of the dialers' scrub
  int max_dated_numbers = 1'000;              // of one that tells since when numbers are listed
  absl::Duration header = absl::Seconds(10);  // until the head of a request is whole
  absl::Duration body = absl::Seconds(30);    // for the body, from its head on
  absl::Duration idle = absl::Seconds(60);    // between two requests
  int max_connections = 4096;                 // at the same time
  int max_connections_per_address = 1024;     // of one address, or of one IPv6 network (/64)
  // Bytes of requests and of unread answers, of all connections together, besides 64 KiB of each.
  uint64_t max_unfinished_bytes = 64 << 20;
};

}  // namespace dnc
