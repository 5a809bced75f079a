// The channel to a dncd.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dnc/tls.h"
#include "grpcpp/channel.h"

namespace dnc {

// Says as whom calls are made. It is never logged.
struct Identity {
  std::string api_key;  // `dnck_...`; empty: none
  std::string tenant;   // for an operator's key: the tenant to act as
};

// `text` without the white space at its ends: as it comes out of a file, a name has a line end.
std::string Trimmed(const std::string& text);

// Trims the identity, and refuses with INVALID_ARGUMENT what a call can't carry. No message tells
// the key.
absl::StatusOr<Identity> CheckIdentity(const Identity& identity);

// Trims a target. Errors: INVALID_ARGUMENT for an empty one, for one with other white space or
// control characters, and for a web address.
absl::StatusOr<std::string> CheckTarget(const std::string& target);

// The addresses of a target as HOST:PORT, at least one; 443, as in gRPC, is the port of those that
// tell none.
std::vector<std::string> AddressesOf(const std::string& target);

// Whether a target is surely on this machine: loopback or a unix socket, with all its addresses.
bool IsLocal(const std::string& target);

// The environment's variable that names a proxy for connections to `target`; empty if they go
// through none. Connections on this machine never do.
std::string ProxyVariable(const std::string& target);

// What to add to the message of a connection that failed; empty if no proxy is used.
std::string ProxyHint(const std::string& target);

// Connects at the first call. A call on a broken connection fails at once instead of waiting for a
// new one; connecting is tried again after 0.1 s at first, 2 s at most.
//
// A connection whose other end takes nothing for `patience` is closed: gRPC ends a call, also one
// that is cancelled or past its deadline, only when what it was writing has gone out, and would
// wait without limit for a peer that hangs.
//
// A connection that is quiet for half a minute is pinged, also without calls, so that one that
// broke without a word is noticed.
//
// Every call carries the metadata of `identity`. Errors: as CheckIdentity and CheckTarget.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& target,
                                                           absl::Duration patience,
                                                           const Identity& identity = {},
                                                           const Transport& transport = {});

}  // namespace dnc
