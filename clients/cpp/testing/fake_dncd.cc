#include "clients/cpp/testing/fake_dncd.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace dnc {
namespace {

constexpr uint64_t kRevision = 7;

uint64_t Normalize(uint64_t value) {
  if (value >= 12'000'000'000 && value < 20'000'000'000) value -= 10'000'000'000;
  return value >= 2'000'000'000 && value < 10'000'000'000 ? value : 0;
}

uint64_t Parse(const std::string& text) {
  uint64_t value = 0;
  for (const char c : text.substr(0, 18)) {
    if (c >= '0' && c <= '9') value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return text.find('?') == std::string::npos ? Normalize(value) : 0;
}

void FillResult(uint64_t number, v1::NumberResult* result) {
  result->set_number(number);
  if (number == 0) {
    result->set_verdict(v1::VERDICT_INVALID);
    result->set_rule(v1::RULE_MALFORMED);
    result->add_reasons(v1::REASON_MALFORMED);
    return;
  }
  result->mutable_valid_until()->set_seconds(std::time(nullptr) + 86'400);
  if (number % 2 == 0) {
    result->set_verdict(v1::VERDICT_CLEAR);
    result->set_rule(v1::RULE_CLEAR);
    return;
  }
  result->set_verdict(v1::VERDICT_LISTED);
  result->set_rule(v1::RULE_NATIONAL);
  result->add_reasons(v1::REASON_NATIONAL);
  result->add_reasons(v1::REASON_STATE);
  for (const char* list : {"national", "state:TX"}) {
    v1::Match* match = result->add_matches();
    match->set_list(list);
    match->set_effect(v1::LIST_EFFECT_DENY);
    match->mutable_listed_since()->set_seconds(1'700'000'000 + 60 * result->matches_size());
  }
}

void FillSnapshot(v1::Snapshot* snapshot) {
  snapshot->set_revision(kRevision);
  snapshot->mutable_decided_at()->set_seconds(std::time(nullptr));
  v1::ListSnapshot* list = snapshot->add_lists();
  list->set_list("national");
  list->set_release_id(3);
}

}  // namespace

grpc::Status FakeScrubService::Admit(grpc::ServerContext* context) {
  if (++calls == stall_at) stall = true;
  while (stall && !context->IsCancelled()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (refuse) return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too much"};
  int left = unavailable;
  while (left > 0 && !unavailable.compare_exchange_weak(left, left - 1)) {
  }
  if (left > 0) return {grpc::StatusCode::UNAVAILABLE, "starting"};
  return grpc::Status::OK;
}

grpc::Status FakeScrubService::CheckBatch(const v1::ScrubRequest& request) {
  const int asked = request.numbers_size() + request.texts_size() +
                    static_cast<int>(request.packed_numbers().size() / 5);
  if (max_batch == 0 || asked <= max_batch) return grpc::Status::OK;
  return StatusWithReason("BATCH_TOO_LARGE", "",
                          hide_limit ? "" : std::to_string(max_batch.load()));
}

void FakeScrubService::Answer(const v1::ScrubRequest& request, v1::ScrubResponse* response) {
  std::vector<uint64_t> numbers(request.numbers().begin(), request.numbers().end());
  const std::string& packed = request.packed_numbers();
  for (size_t at = 0; at + 5 <= packed.size(); at += 5) {
    numbers.push_back(0);
    for (size_t i = 0; i < 5; ++i) {
      numbers.back() |= static_cast<uint64_t>(static_cast<uint8_t>(packed[at + i])) << (8 * i);
    }
  }
  const int given = static_cast<int>(numbers.size());
  const int asked = given + request.texts_size();
  largest_batch = std::max(largest_batch.load(), asked);
  for (int i = 0; i < asked; ++i) {
    v1::NumberResult result;
    FillResult(
        i < given ? Normalize(numbers[static_cast<size_t>(i)]) : Parse(request.texts(i - given)),
        &result);
    if (all_clear) result.set_verdict(v1::VERDICT_CLEAR);
    uint32_t bits = 0;
    for (const int reason : result.reasons()) bits |= 1U << reason;
    if (i < asked - drop_verdicts) response->add_verdicts(result.verdict());
    if (i < asked - drop_reasons) response->add_reasons(bits);
    if (contradict) result.set_verdict(v1::VERDICT_CLEAR);
    if (request.detail() == v1::DETAIL_FULL) *response->add_results() = result;
  }
  FillSnapshot(response->mutable_snapshot());
}

grpc::Status FakeScrubService::Scrub(grpc::ServerContext* context, const v1::ScrubRequest* request,
                                     v1::ScrubResponse* response) {
  grpc::Status status = Admit(context);
  if (status.ok()) status = CheckBatch(*request);
  if (status.ok()) Answer(*request, response);
  return status;
}

grpc::Status FakeScrubService::ScrubStream(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::ScrubStreamResponse, v1::ScrubStreamRequest>* stream) {
  v1::ScrubStreamRequest request;
  for (int answers = 0; stream->Read(&request); ++answers) {
    grpc::Status status = Admit(context);
    if (status.ok()) status = CheckBatch(request.scrub());
    if (!status.ok()) return status;
    if (answers == stream_limit) {
      return end_quietly ? grpc::Status::OK
                         : grpc::Status(grpc::StatusCode::UNAVAILABLE, "going away");
    }
    v1::ScrubStreamResponse response;
    Answer(request.scrub(), response.mutable_scrub());
    stream->Write(response);
  }
  return grpc::Status::OK;
}

grpc::Status FakeScrubService::CheckNumber(grpc::ServerContext* context,
                                           const v1::CheckNumberRequest* request,
                                           v1::CheckNumberResponse* response) {
  const grpc::Status status = Admit(context);
  if (!status.ok()) return status;
  FillResult(Parse(request->number()), response->mutable_result());
  FillSnapshot(response->mutable_snapshot());
  return grpc::Status::OK;
}

FakeDncd::FakeDncd() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&scrub);
  server_ = builder.BuildAndStart();
  address_ = "127.0.0.1:" + std::to_string(port);
}

FakeDncd::~FakeDncd() {
  scrub.stall = false;
  server_->Shutdown(std::chrono::system_clock::now());
}

grpc::Status StatusWithReason(const std::string& reason, const std::string& guard,
                              const std::string& max_batch) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("dnc.v1");
  if (!guard.empty()) (*info.mutable_metadata())["guard"] = guard;
  if (!max_batch.empty()) (*info.mutable_metadata())["max_batch"] = max_batch;
  google::rpc::Status details;
  details.set_code(grpc::StatusCode::INVALID_ARGUMENT);
  details.set_message("message");
  details.add_details()->PackFrom(info);
  return {grpc::StatusCode::INVALID_ARGUMENT, "message", details.SerializeAsString()};
}

}  // namespace dnc
