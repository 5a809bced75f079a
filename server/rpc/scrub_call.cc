#include "server/rpc/scrub_call.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "server/base/call_timer.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/rpc/error_status.h"

namespace dnc {
namespace {

// Long enough that what was admitted will have been answered.
constexpr absl::Duration kRetryAfter = absl::Milliseconds(20);

// Made once: what is refused must cost little.
const grpc::Status& Crowded() {
  static const grpc::Status status = ToGrpcStatus(WithRetryAfter(
      LimitReached("the server has as many numbers under way as it can answer soon; try again "
                   "after the time in RetryInfo"),
      kRetryAfter));
  return status;
}

std::string_view ViewOf(const void* data, int size) {
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

// Where the numbers begin in whatever a client sends that names a scope of some length.
constexpr size_t kPeekBytes = 128;

// The beginning of a request, gathered in `space`: gRPC may hand it over in crumbs.
std::string_view FirstBytes(grpc::ByteBuffer* request, std::array<char, kPeekBytes>& space) {
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

// What gRPC says of a message that is none.
grpc::Status NotAMessage() {
  return {grpc::StatusCode::INTERNAL, "the request is no ScrubRequest"};
}

bool Serialize(const v1::ScrubResponse& response, grpc::ByteBuffer* out) {
  bool own = false;
  return grpc::GenericSerialize<grpc::ProtoBufferWriter, v1::ScrubResponse>(response, out, &own)
      .ok();
}

}  // namespace

void ScrubCall::Arm(const ScrubMethod& method, const RpcContext& rpc) {
  (new ScrubCall(method, rpc))->WaitForCaller();
}

void ScrubCall::WaitForCaller() {
  method_.service->RequestScrub(&context_, &request_, &writer_, rpc().queue, rpc().queue,
                                on_start_.tag());
}

void ScrubCall::OnStart(bool ok) {
  if (!ok) {  // the server stops
    delete this;
    return;
  }
  // The next caller is waited for when this one is served: others wait, and the answer is sooner.
  auto* const next = new ScrubCall(method_, rpc());
  if (Admit()) rpc().calls->Submit(this);
  next->WaitForCaller();
}

bool ScrubCall::Admit() {
  if (rpc().stop->stopping()) {
    refusal_ = Stopping();
    rpc().stop->Refuse(this);
    return false;
  }
  const int64_t cost = AdmissionControl::CostOf(request_.Length());
  if (!rpc().gate->TryEnter(cost)) {
    rpc().metrics->CountCall(Method::kScrub, absl::StatusCode::kResourceExhausted);
    writer_.FinishWithError(Crowded(), on_finish_.tag());
    return false;
  }
  cost_ = cost;
  absl::StatusOr<Caller> caller = AdmitCaller(context_, Permission::kScrub);
  if (!caller.ok()) {
    Finish(caller.status());
    return false;
  }
  caller_ = *std::move(caller);
  std::array<char, kPeekBytes> space{};
  // A length that is a lie charges no more than could be there.
  charged_ = std::min(PeekCount(FirstBytes(&request_, space)).value_or(0),
                      request_.Length() / kPackedNumberBytes);
  absl::StatusOr<Admission> admission = method_.handler->decider().Admit(caller_, charged_);
  if (!admission.ok()) {
    RefuseQuota(admission.status());
    return false;
  }
  admission_ = *std::move(admission);
  return true;
}

void ScrubCall::Work(bool waited) {
  if (waited && DeadlineOf(context_) < absl::Now()) {
    Finish(DeadlinePassed());
    return;
  }
  grpc::ProtoBufferReader reader(&request_);
  const std::string_view bytes = AllBytes(reader, request_.Length(), &MySpace());
  const std::optional<ScrubColumns> columns = ReadScrubColumns(bytes);
  if (!columns.has_value() || !ScrubHandler::IsFast(caller_, *columns)) {
    AnswerMessage(bytes);
    return;
  }
  absl::Status status;
  {
    CallTimer timer(rpc().metrics, Method::kScrub);
    status = method_.handler->AnswerColumns(caller_, charged_, *columns, &response_);
  }
  Finish(status);
}

void ScrubCall::AnswerMessage(std::string_view bytes) {
  auto request = std::make_shared<v1::ScrubRequest>();
  if (!request->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    rpc().metrics->CountCall(Method::kScrub, absl::StatusCode::kInternal);
    writer_.FinishWithError(NotAMessage(), on_finish_.tag());
  } else if (ScrubHandler::IsFast(caller_, *request)) {
    Finish(Scrub(*request));
  } else {
    AnswerOnWorker(std::move(request));
  }
}

void ScrubCall::AnswerOnWorker(std::shared_ptr<v1::ScrubRequest> request) {
  // Workers have a queue and a limit of their own.
  rpc().gate->Leave(std::exchange(cost_, 0));
  const bool posted = rpc().workers->TryPost([this, request = std::move(request)] {
    // Waited too long for a worker: nobody listens any more.
    Finish(DeadlineOf(context_) < absl::Now() ? DeadlinePassed() : Scrub(*request));
  });
  if (!posted) Finish(LimitReached("too many calls are waiting; retry in a moment"));
}

absl::Status ScrubCall::Scrub(const v1::ScrubRequest& request) {
  CallTimer timer(rpc().metrics, Method::kScrub);
  DNC_RETURN_IF_ERROR(
      ReachRevision(request.at_least_revision(), context_, Permission::kScrub, &caller_));
  v1::ScrubResponse response;
  DNC_RETURN_IF_ERROR(method_.handler->ScrubAdmitted(caller_, charged_, request, &response));
  if (!Serialize(response, &response_)) {
    return absl::InternalError("an answer could not be written; treat all as do-not-call");
  }
  return absl::OkStatus();
}

void ScrubCall::RefuseQuota(absl::Status status) {
  if (!method_.handler->decider().IsFlood(caller_)) {
    Finish(status);
    return;
  }
  rpc().calls->NoteFlood();
  rpc().gate->Leave(std::exchange(cost_, 0));
  request_.Clear();
  refusal_ = std::move(status);
  if (!rpc().refusals->Hold(this)) Refuse();
}

void ScrubCall::Finish(const absl::Status& status) {
  if (cost_ > 0) rpc().gate->Leave(std::exchange(cost_, 0));
  admission_ = Admission();
  rpc().metrics->CountCall(Method::kScrub, status.code());
  if (status.ok()) {
    writer_.Finish(response_, grpc::Status::OK, on_finish_.tag());
  } else {
    writer_.FinishWithError(ToGrpcStatus(status), on_finish_.tag());
  }
}

void ScrubCall::OnFinish(bool /*ok*/) { delete this; }

}  // namespace dnc
