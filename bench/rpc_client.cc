#include "bench/rpc_client.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "dnc/v1/scrub_service.pb.h"
#include "grpcpp/support/slice.h"

namespace dnc {
namespace {

constexpr char kScrub[] = "/dnc.v1.ScrubService/Scrub";

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

gpr_timespec At(BenchClock::time_point time) {
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(time - BenchClock::now());
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(std::max<int64_t>(0, left.count()), GPR_TIMESPAN));
}

}  // namespace

struct BenchClient::Call {
  grpc::ClientContext context;
  grpc::ByteBuffer response;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  BenchClock::time_point begin;
};

BenchClient::BenchClient(const std::string& target, const std::string& key)
    : key_(key.empty() ? "" : "Bearer " + key) {
  grpc::ChannelArguments arguments;
  // This gives the client a connection of its own, not one that clients share.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  const auto channel =
      grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) {
    Die("no connection to " + target);
  }
  stub_ = std::make_unique<grpc::GenericStub>(channel);
}

BenchClient::~BenchClient() {
  Drain([](const BenchAnswer&) {});
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) continue;
}

void BenchClient::Start(const grpc::ByteBuffer& request, BenchClock::time_point begin) {
  auto* call = new Call;
  call->begin = begin;
  if (!key_.empty()) call->context.AddMetadata("authorization", key_);
  call->reader = stub_->PrepareUnaryCall(&call->context, kScrub, request, &queue_);
  ++under_way_;
  call->reader->StartCall();
  call->reader->Finish(&call->response, &call->status, call);
}

BenchAnswer BenchClient::Take(void* tag) {
  const std::unique_ptr<Call> call(static_cast<Call*>(tag));
  --under_way_;
  BenchAnswer answer;
  answer.took = BenchClock::now() - call->begin;
  answer.ok = call->status.ok();
  answer.response_bytes = answer.ok ? call->response.Length() : 0;
  return answer;
}

bool BenchClient::Poll(BenchClock::time_point until, const Done& done) {
  void* tag = nullptr;
  bool ok = false;
  const gpr_timespec time =
      until <= BenchClock::now() ? gpr_time_0(GPR_CLOCK_MONOTONIC) : At(until);
  if (queue_.AsyncNext(&tag, &ok, time) != grpc::CompletionQueue::GOT_EVENT) return false;
  done(Take(tag));
  return true;
}

void BenchClient::Drain(const Done& done) {
  while (under_way() > 0) Poll(BenchClock::now() + std::chrono::seconds(1), done);
}

std::string BenchClient::MustCall(const grpc::ByteBuffer& request) {
  grpc::ClientContext context;
  if (!key_.empty()) context.AddMetadata("authorization", key_);
  grpc::ByteBuffer response;
  grpc::Status status;
  const auto reader = stub_->PrepareUnaryCall(&context, kScrub, request, &queue_);
  reader->StartCall();
  reader->Finish(&response, &status, this);
  void* tag = nullptr;
  bool ok = false;
  queue_.Next(&tag, &ok);
  if (!status.ok()) Die("a call failed: " + status.error_message());
  return BytesOf(response);
}

std::vector<grpc::ByteBuffer> BenchRequests(const std::vector<uint64_t>& numbers, size_t batch,
                                            size_t count, bool packed) {
  std::vector<grpc::ByteBuffer> requests;
  size_t next = 0;
  for (size_t r = 0; r < count; ++r) {
    v1::ScrubRequest request;
    for (size_t i = 0; i < batch; ++i, next = (next + 1) % numbers.size()) {
      if (!packed) {
        request.add_numbers(numbers[next]);
        continue;
      }
      request.mutable_packed_numbers()->append(reinterpret_cast<const char*>(&numbers[next]), 5);
    }
    const grpc::Slice bytes(request.SerializeAsString());
    requests.emplace_back(&bytes, 1);
  }
  return requests;
}

std::vector<uint64_t> BenchNumbers(const std::string& file, size_t count) {
  std::ifstream in(file);
  std::vector<uint64_t> numbers;
  std::string line;
  std::getline(in, line);  // this skips the heading
  while (numbers.size() < count && std::getline(in, line)) {
    numbers.push_back(std::strtoull(line.c_str(), nullptr, 10));
  }
  if (numbers.empty()) Die(file + " cannot be read, or holds no number");
  return numbers;
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

double Percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto place = static_cast<size_t>(share * static_cast<double>(values.size()));
  return values[std::min(place, values.size() - 1)];
}

}  // namespace dnc
