// The channel to a dncd.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "dnc/tls.h"
#include "grpcpp/channel.h"

namespace dnc {

// As whom calls are made. Never logged.
struct Identity {
  std::string api_key;  // `dnck_...`; empty: none
  std::string tenant;   // for an operator's key: the tenant to act as
};

// Connects at the first call. A call on a broken connection fails at once instead of waiting for a
// new one; connecting is tried again after 0.1 s at first, 2 s at most.
//
// A connection whose other end takes nothing for `patience` is closed: gRPC ends a call, also one
// that is cancelled or past its deadline, only when what it was writing has gone out, and would
// wait without limit for a peer that hangs.
//
// With `identity` every call carries its metadata.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target, absl::Duration patience,
                                           const Identity& identity = {},
                                           const Transport& transport = {});

}  // namespace dnc
