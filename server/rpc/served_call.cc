#include "server/rpc/served_call.h"

#include <chrono>
#include <limits>
#include <thread>

#include "absl/strings/match.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/rpc/error_status.h"
#include "server/rpc/scrub_wire.h"
#include "server/wire/wire_errors.h"

namespace dnc {

void LiveCalls::WaitUntilNone(const std::function<void()>& meanwhile) const {
  while (!count_.WasNone()) {
    meanwhile();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

ServedCall::~ServedCall() { End(absl::StatusCode::kCancelled); }

absl::Status ServedCall::StillWanted() const {
  if (call_->DeadlinePassed()) return DeadlinePassed();
  return gone() ? CallerGone() : absl::OkStatus();
}

absl::Status ServedCall::ReadMessage(size_t max_bytes, google::protobuf::MessageLite* out) {
  ReceivedMessage message = std::move(message_);
  if (message.received() > max_bytes) {
    return LimitReached(StrCat("the message has ", message.received(),
                               " bytes, and this method takes ", max_bytes, "; send less"));
  }
  if (absl::Status expanded = message.Expand(max_bytes); !expanded.ok()) return expanded;
  const std::string_view bytes = message.view();
  if (bytes.size() > std::numeric_limits<int>::max() ||
      !out->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Malformed(StrCat("the request is no ", out->GetTypeName()));
  }
  return absl::OkStatus();
}

void ServedCall::OnCancel(CallEnd why) {
  if (why == CallEnd::kDeadline) {
    Finish(DeadlinePassed());
  } else {
    // The transport may have told the caller something else.
    End(static_cast<absl::StatusCode>(call_->told_code()));
  }
  if (!std::exchange(gone_told_, true)) OnGone();
}

std::string HostOf(const std::string& peer) {
  return absl::StartsWith(peer, "ip") ? peer.substr(0, peer.rfind(':')) : peer;
}

Credentials CredentialsOf(const GrpcStream& call) {
  return {call.Metadata("authorization"), call.Metadata("dnc-tenant"), call.metadata_bytes()};
}

absl::StatusOr<Caller> ServedCall::AdmitNew(Permission permission) const {
  if (rpc_.stop->stopping()) return Stopping();
  return Admit(permission);
}

absl::Status ServedCall::ReachRevision(uint64_t revision, Permission permission,
                                       Caller* caller) const {
  if (caller->revision >= revision) return absl::OkStatus();
  return rpc_.revisions->Reach(revision, call_->DeadlineTime(), CredentialsOf(*call_), permission,
                               caller);
}

bool ServedCall::End(absl::StatusCode code) {
  if (ended_.exchange(true, std::memory_order_relaxed)) return false;
  rpc_.metrics->CountCall(method_, code);
  return true;
}

void ServedCall::Answer(MessageBuffer message) {
  if (End(absl::StatusCode::kOk)) call_->Answer(std::move(message));
}

void ServedCall::Finish(const absl::Status& status) {
  if (End(status.code())) call_->Finish(ToWireStatus(status));
}

void ServedCall::FinishKept(const absl::Status& status) {
  if (End(status.code())) call_->FinishWith(ToKeptFields(status));
}

void ServedCall::OnLoop(std::function<void()> task) {
  call().loop()->Post([self = shared_from_this(), task = std::move(task)] { task(); });
}

void OneRequestCall::OnMessage(ReceivedMessage message) {
  Keep(std::move(message));
  has_message_ = true;
}

void OneRequestCall::OnEnd() {
  if (has_message_) {
    OnRequest();
  } else {
    Finish(Malformed("the caller has ended the request without a message"));
  }
}

void TurnStream::Begin() {
  if (const absl::Status admitted = Admitted(); !admitted.ok()) {
    Finish(admitted);
    return;
  }
  call().WatchDeadline();
  call().AskMessage();
}

void TurnStream::OnMessage(ReceivedMessage message) {
  busy_ = true;
  Keep(std::move(message));
  Take();
}

void TurnStream::OnEnd() {
  all_sent_ = true;
  if (!busy_) AllSent();
}

void TurnStream::Write(const google::protobuf::MessageLite& message) {
  call().Write(ToMessageBuffer(message));
}

void TurnStream::Next() {
  busy_ = false;
  if (all_sent_) {
    AllSent();
  } else {
    call().AskMessage();
  }
}

}  // namespace dnc
