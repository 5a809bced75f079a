// The channel to a dncd.
#pragma once

#include <memory>
#include <string>

#include "grpcpp/channel.h"

namespace dnc {

// Connects at the first call, in plain text. A call on a broken connection fails at once instead
// of waiting for a new one; connecting is tried again after 0.1 s at first, 2 s at most.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target);

}  // namespace dnc
