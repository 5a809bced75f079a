#include "tools/dncload/grpc_caller.h"

#include <algorithm>

#include "dnc/rpc_status.h"
#include "tools/dncload/thin_caller.h"

namespace dnc::load {
namespace {

gpr_timespec After(int64_t nanoseconds) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(nanoseconds, GPR_TIMESPAN));
}

}  // namespace

struct GrpcCaller::Call {
  std::optional<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer answer;
  grpc::Status status;
  void* tag = nullptr;
  bool under_way = false;
};

std::string_view BytesOf(const grpc::ByteBuffer& message, grpc::Slice* keeper) {
  if (!message.TrySingleSlice(keeper).ok() && !message.DumpToSingleSlice(keeper).ok()) return {};
  return {reinterpret_cast<const char*>(keeper->begin()), keeper->size()};
}

GrpcCaller::GrpcCaller(const Target& target, const CallerOptions& options, CallUser* user)
    : target_(target), options_(options), user_(user) {
  constexpr int kMaxChannels = 1000;  // of a thread
  for (int i = 0; i < options.channels; ++i) {
    channels_.push_back(target.MakeChannel(options.index * kMaxChannels + i));
    stubs_.push_back(std::make_unique<grpc::GenericStub>(channels_.back()));
  }
}

GrpcCaller::~GrpcCaller() {
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

absl::Status GrpcCaller::Connect(Clock::time_point deadline) {
  const auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Clock::now());
  for (const auto& channel : channels_) {
    if (!channel->WaitForConnected(After(std::max<int64_t>(wait.count(), 0)))) {
      return target_.Unreachable("");
    }
  }
  return absl::OkStatus();
}

void GrpcCaller::Start(void* tag, std::string_view request) {
  if (free_.empty()) {
    calls_.push_back(std::make_unique<Call>());
    free_.push_back(calls_.back().get());
  }
  Call* const call = free_.back();
  free_.pop_back();
  call->tag = tag;
  call->under_way = true;
  call->context.emplace();
  call->context->set_deadline(After(static_cast<int64_t>(options_.timeout * 1e9)));
  target_.Identify(&*call->context);
  const grpc::Slice slice(request.data(), request.size(), grpc::Slice::STATIC_SLICE);
  const grpc::ByteBuffer message(&slice, 1);
  grpc::GenericStub& stub = *stubs_[next_stub_];
  next_stub_ = next_stub_ + 1 == stubs_.size() ? 0 : next_stub_ + 1;
  call->reader = stub.PrepareUnaryCall(&*call->context, kScrubMethod, message, &queue_);
  call->reader->StartCall();
  call->reader->Finish(&call->answer, &call->status, call);
}

bool GrpcCaller::Take(int64_t wait) {
  void* tag = nullptr;
  bool ok = false;
  const auto next =
      queue_.AsyncNext(&tag, &ok, wait <= 0 ? gpr_inf_past(GPR_CLOCK_MONOTONIC) : After(wait));
  if (next != grpc::CompletionQueue::GOT_EVENT) return false;
  auto* const call = static_cast<Call*>(tag);
  grpc::Slice keeper;
  if (call->status.ok()) {
    user_->OnEnded(call->tag, absl::OkStatus(), BytesOf(call->answer, &keeper));
  } else {
    user_->OnEnded(call->tag, FromGrpcStatus(call->status), {});
  }
  call->under_way = false;
  call->reader.reset();
  call->context.reset();
  call->answer.Clear();
  free_.push_back(call);
  return true;
}

void GrpcCaller::CancelAll() {
  for (const auto& call : calls_) {
    if (call->under_way) call->context->TryCancel();
  }
}

const char* Name(SenderKind kind) { return kind == SenderKind::kThin ? "thin" : "grpc"; }

std::unique_ptr<Caller> MakeCaller(const Target& target, const CallerOptions& options,
                                   CallUser* user) {
  if (options.kind == SenderKind::kThin) return std::make_unique<ThinCaller>(target, options, user);
  return std::make_unique<GrpcCaller>(target, options, user);
}

}  // namespace dnc::load
