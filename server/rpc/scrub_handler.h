// Translates the requests of dnc.v1.ScrubService into questions, and answers into responses. What
// is decided, server/service/decide.h decides. Knows nothing of calls and queues.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "dnc/v1/scrub_service.pb.h"
#include "server/rpc/scrub_wire.h"
#include "server/service/decide.h"
#include "server/wire/message_buffer.h"

namespace dnc {

// Thread-safe. The caller has a tenant and may scrub, and is of the revision that the request asks
// for or a later one (RevisionWait).
class ScrubHandler {
 public:
  // `decider` must outlive the handler.
  explicit ScrubHandler(Decider* decider) : decider_(*decider) {}

  // Who charges a call, before its numbers are read.
  Decider& decider() { return decider_; }

  // Whether the request is answered without waiting (Decider::IsFast).
  static bool IsFast(const Caller& caller, const v1::ScrubRequest& request);
  static bool IsFast(const Caller& caller, const ScrubColumns& request);

  // Answers a batch of a stream, and charges its numbers. `response` must be empty.
  absl::Status Scrub(const Caller& caller, const v1::ScrubRequest& request,
                     v1::ScrubResponse* response);

  // The same for a call that was admitted with `charged` numbers.
  absl::Status ScrubAdmitted(const Caller& caller, size_t charged, const v1::ScrubRequest& request,
                             v1::ScrubResponse* response);

  // The same for a request that is fast, from bytes to bytes.
  absl::Status AnswerColumns(const Caller& caller, size_t charged, const ScrubColumns& request,
                             MessageBuffer* response);

  absl::Status CheckNumber(const Caller& caller, const v1::CheckNumberRequest& request,
                           v1::CheckNumberResponse* response);

 private:
  Decider& decider_;
};

}  // namespace dnc
