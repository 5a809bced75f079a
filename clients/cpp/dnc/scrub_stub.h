// Puts the calls of dnc.v1.ScrubService behind an interface, so that a test can replace the server.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dnc/v1/scrub_service.pb.h"
#include "grpcpp/channel.h"

namespace dnc {

// Makes one attempt per call and does not retry. A call that fails leaves its response undefined.
// Thread-safe.
class ScrubStub {
 public:
  virtual ~ScrubStub() = default;
  virtual absl::Status Scrub(absl::Time deadline, const v1::ScrubRequest& request,
                             v1::ScrubResponse* response) = 0;
  virtual absl::Status CheckNumber(absl::Time deadline, const v1::CheckNumberRequest& request,
                                   v1::CheckNumberResponse* response) = 0;
};

// `hint` is added to the message of an error that comes from the connection and not from the
// server.
std::unique_ptr<ScrubStub> MakeGrpcScrubStub(std::shared_ptr<grpc::Channel> channel,
                                             std::string hint = {});

}  // namespace dnc
