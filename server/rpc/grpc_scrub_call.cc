#include "server/rpc/grpc_scrub_call.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "server/rpc/error_status.h"

namespace dnc {
namespace {

std::string_view ViewOf(const void* data, int size) {
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

using Peek = std::array<char, ScrubCall::kPeekBytes>;

// The beginning of a request, gathered in `space`: gRPC may hand it over in crumbs.
std::string_view FirstBytes(grpc::ByteBuffer* request, Peek& space) {
  grpc::ProtoBufferReader reader(request);
  const void* data = nullptr;
  int size = 0;
  size_t filled = 0;
  while (filled < space.size() && reader.Next(&data, &size)) {
    const size_t part = std::min(static_cast<size_t>(size), space.size() - filled);
    std::memcpy(space.data() + filled, data, part);
    filled += part;
  }
  return {space.data(), filled};
}

// All bytes of a request, where they lie or gathered in `space`; valid as long as `reader` and
// `space` are.
std::string_view AllBytes(grpc::ProtoBufferReader& reader, size_t size, std::string* space) {
  const void* data = nullptr;
  int chunk = 0;
  if (!reader.Next(&data, &chunk)) return {};
  const std::string_view first = ViewOf(data, chunk);
  if (first.size() == size) return first;
  space->assign(first);
  while (reader.Next(&data, &chunk)) space->append(ViewOf(data, chunk));
  return *space;
}

std::string& MySpace() {
  thread_local std::string space;
  return space;
}

// The message as gRPC takes it, without a copy.
grpc::ByteBuffer ToByteBuffer(MessageBuffer message) {
  auto* const kept = new MessageBuffer(std::move(message));
  const std::string_view bytes = kept->message();
  const grpc::Slice slice(
      const_cast<char*>(bytes.data()), bytes.size(),
      [](void* buffer) { delete static_cast<MessageBuffer*>(buffer); }, kept);
  return {&slice, 1};
}

}  // namespace

void GrpcScrubCall::Arm(const ScrubMethod& method, const RpcContext& rpc) {
  (new GrpcScrubCall(method, rpc))->WaitForCaller();
}

void GrpcScrubCall::WaitForCaller() {
  method_.service->RequestScrub(&context_, &request_, &writer_, rpc().queue, rpc().queue,
                                on_start_.tag());
}

void GrpcScrubCall::OnStart(bool ok) {
  if (!ok) {  // the server stops
    delete this;
    return;
  }
  // The next caller is waited for when this one is served: others wait, and the answer is sooner.
  auto* const next = new GrpcScrubCall(method_, rpc());
  if (TakeIn()) rpc().calls->Submit(this);
  next->WaitForCaller();
}

bool GrpcScrubCall::TakeIn() {
  if (rpc().stop->stopping()) {
    refusal_ = Stopping();
    rpc().stop->Refuse(this);
    return false;
  }
  Peek space{};
  return Admit(request_.Length(), FirstBytes(&request_, space));
}

void GrpcScrubCall::Work(bool waited) {
  if (waited && Deadline() < absl::Now()) {
    Fail(DeadlinePassed());
    return;
  }
  grpc::ProtoBufferReader reader(&request_);
  Answer(AllBytes(reader, request_.Length(), &MySpace()));
}

void GrpcScrubCall::Refuse() { Fail(refusal_); }

void GrpcScrubCall::SendFloodRefusal(const absl::Status& status) {
  rpc().calls->NoteFlood();
  request_.Clear();
  refusal_ = status;
  if (!rpc().refusals->Hold(this)) Refuse();
}

void GrpcScrubCall::SendAnswer(MessageBuffer answer) {
  writer_.Finish(ToByteBuffer(std::move(answer)), grpc::Status::OK, on_finish_.tag());
}

void GrpcScrubCall::SendError(const absl::Status& status) {
  writer_.FinishWithError(ToGrpcStatus(status), on_finish_.tag());
}

void GrpcScrubCall::SendCrowded() {
  // Made once: what is refused must cost little.
  static const grpc::Status crowded = ToGrpcStatus(Crowded());
  writer_.FinishWithError(crowded, on_finish_.tag());
}

void GrpcScrubCall::SendNotAMessage() {
  writer_.FinishWithError({grpc::StatusCode::INTERNAL, "the request is no ScrubRequest"},
                          on_finish_.tag());
}

void GrpcScrubCall::OnFinish(bool /*ok*/) { delete this; }

}  // namespace dnc
