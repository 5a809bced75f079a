// Makes the channel to a dncd.
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

// Says on whose behalf calls are made. It is never logged.
struct Identity {
  std::string api_key;  // `dnck_...`; empty: none
  std::string tenant;   // the tenant to act as, with an operator's key
};

// Returns `text` without white space at its ends: a name that comes from a file has a line end.
std::string Trimmed(const std::string& text);

// Trims the identity. Fails with INVALID_ARGUMENT if a call cannot carry it. No message shows the
// key.
absl::StatusOr<Identity> CheckIdentity(const Identity& identity);

// Trims a target. Fails with INVALID_ARGUMENT for an empty one, for one with other white space or
// control characters, and for a web address.
absl::StatusOr<std::string> CheckTarget(const std::string& target);

// Returns the addresses of a target as HOST:PORT, at least one. An address without a port gets 443,
// as in gRPC.
std::vector<std::string> AddressesOf(const std::string& target);

// Returns whether a target names several servers. Behind a name of DNS or a balancer several may
// stand all the same; nobody knows that here.
bool NamesSeveral(const std::string& target);

// Returns whether a target is certainly on this machine: all its addresses are loopback or unix
// sockets.
bool IsLocal(const std::string& target);

// Returns the environment variable that names a proxy for connections to `target`; empty if they
// use none. Connections on this machine never do.
std::string ProxyVariable(const std::string& target);

// Returns what to add to the message of a failed connection; empty if no proxy is used.
std::string ProxyHint(const std::string& target);

// Returns a channel that connects at the first call. A call on a broken connection fails at once
// instead of waiting for a new one. Connecting is tried again after 0.1 s at first, and after 2 s
// at most.
//
// A connection whose other end takes nothing for `patience` is closed. gRPC ends a call, even one
// that is cancelled or past its deadline, only when what it was writing has gone out, and would
// wait without limit for a peer that hangs.
//
// A connection that is quiet for half a minute is pinged, even without calls, so that a silently
// broken one is noticed.
//
// Every call carries the metadata of `identity`. Fails as CheckIdentity and CheckTarget do.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& target,
                                                           absl::Duration patience,
                                                           const Identity& identity = {},
                                                           const Transport& transport = {});

}  // namespace dnc
