#include "bench/rpc_client.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>
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

BenchClient::BenchClient(const std::string& target, const std::string& key, size_t connections)
    : key_(key.empty() ? "" : "Bearer " + key) {
  grpc::ChannelArguments arguments;
  // A connection for each, not one that they share.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  for (size_t i = 0; i < connections; ++i) {
    const auto channel =
        grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
    if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) {
      Die("no connection to " + target);
    }
    stubs_.emplace_back(channel);
  }
}

BenchClient::~BenchClient() {
  Drain([](const BenchAnswer&) {});
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) continue;
}

void BenchClient::Start(const grpc::ByteBuffer& request, BenchClock::time_point begin,
                        std::chrono::microseconds deadline) {
  auto* call = new Call;
  call->begin = begin;
  if (!key_.empty()) call->context.AddMetadata("authorization", key_);
  if (deadline.count() > 0) call->context.set_deadline(std::chrono::system_clock::now() + deadline);
  next_ = (next_ + 1) % stubs_.size();
  call->reader = stubs_[next_].PrepareUnaryCall(&call->context, kScrub, request, &queue_);
  under_way_.fetch_add(1, std::memory_order_relaxed);
  call->reader->StartCall();
  call->reader->Finish(&call->response, &call->status, call);
}

BenchAnswer BenchClient::Take(void* tag) {
  const std::unique_ptr<Call> call(static_cast<Call*>(tag));
  under_way_.fetch_sub(1, std::memory_order_relaxed);
  BenchAnswer answer;
  answer.took = BenchClock::now() - call->begin;
  answer.ok = call->status.ok();
  answer.code = call->status.error_code();
  answer.has_details = !call->status.error_details().empty();
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
  const auto reader = stubs_.front().PrepareUnaryCall(&context, kScrub, request, &queue_);
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
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) Die(file + " cannot be read");
  const auto size = static_cast<uint64_t>(in.tellg());
  std::mt19937_64 random(11);
  std::vector<uint64_t> numbers;
  std::string line;
  while (numbers.size() < count) {
    in.clear();
    in.seekg(static_cast<std::streamoff>(random() % (size - 24)));
    std::getline(in, line);
    std::getline(in, line);
    std::erase_if(line, [](char c) { return c < '0' || c > '9'; });
    if (line.size() != 10) continue;
    const uint64_t listed = std::strtoull(line.c_str(), nullptr, 10);
    numbers.push_back(listed);
    numbers.push_back(listed / 10'000 * 10'000 + random() % 10'000);
  }
  std::shuffle(numbers.begin(), numbers.end(), random);
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
