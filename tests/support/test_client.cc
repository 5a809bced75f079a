#include "tests/support/test_client.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <thread>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/support/wait.h"

namespace dnc::blackbox {
namespace {

constexpr size_t kChunkBytes = 256 << 10;

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  // Channels to servers that come and go on the same port must not share a connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// Returns the call's error, or that of the first record that was refused.
template <typename Response>
grpc::Status WholeOutcome(const grpc::Status& status, const Response& response) {
  if (!status.ok()) return status;
  for (const v1::WriteResult& result : response.results()) {
    if (result.outcome() == v1::WRITE_OUTCOME_REFUSED) {
      return {grpc::StatusCode::INVALID_ARGUMENT, result.message()};
    }
  }
  return status;
}

v1::UploadReleaseRequest OptionsPart(const LoadRequest& request) {
  v1::UploadReleaseRequest part;
  v1::LoadOptions* options = part.mutable_options();
  options->set_list(request.list);
  options->set_requested_by("tests");
  if (request.obtained_at) options->mutable_obtained_at()->set_seconds(*request.obtained_at);
  for (const std::string& allow : request.allow) options->add_allow(allow);
  options->set_dry_run(request.dry_run);
  if (request.callable_limit) options->set_callable_limit(*request.callable_limit);
  options->set_refuse_first(request.refuse_first);
  return part;
}

bool WriteFile(grpc::ClientWriter<v1::UploadReleaseRequest>& writer, const ListFile& file) {
  v1::UploadReleaseRequest start;
  start.mutable_file()->set_name(file.name);
  start.mutable_file()->set_size_bytes(file.bytes.size());
  if (!writer.Write(start)) return false;
  for (size_t at = 0; at < file.bytes.size(); at += kChunkBytes) {
    v1::UploadReleaseRequest chunk;
    chunk.set_chunk(file.bytes.substr(at, kChunkBytes));
    if (!writer.Write(chunk)) return false;
  }
  return true;
}

}  // namespace

std::string LoadOutcome::Describe() const {
  if (!status.ok()) {
    return "call failed with code " + std::to_string(status.error_code()) + " " + ReasonOf(status) +
           ": " + status.error_message();
  }
  return "load " + std::to_string(load.id()) + " of " + load.list() + " is " +
         v1::LoadState_Name(load.state()) + " " + load.error_reason() + " " +
         v1::Guard_Name(load.refused_by()) + ": " + load.error();
}

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return "";
  for (const auto& detail : details.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

TestClient::TestClient(const std::string& address, std::string operator_key)
    : operator_key_(std::move(operator_key)),
      channel_(Connect(address)),
      registry_(v1::RegistryService::NewStub(channel_)),
      scrub_(v1::ScrubService::NewStub(channel_)),
      lists_(v1::ListService::NewStub(channel_)) {}

void TestClient::Prepare(grpc::ClientContext& context) const {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  if (operator_key_.empty()) return;
  context.AddMetadata("authorization", "Bearer " + operator_key_);
  context.AddMetadata("dnc-tenant", "default");
}

LoadOutcome TestClient::StartLoad(const LoadRequest& request) {
  if (!request.allow_all) return Send(request);
  LoadRequest looked = request;
  looked.dry_run = true;
  looked.allow.clear();
  LoadOutcome look = Send(looked);
  Await(look);
  if (!look.succeeded()) return look;
  looked.dry_run = request.dry_run;
  for (const v1::GuardFinding& finding : look.load.findings()) {
    const bool told =
        std::find(looked.allow.begin(), looked.allow.end(), finding.allow()) != looked.allow.end();
    if (!told) looked.allow.push_back(finding.allow());
  }
  return Send(looked);
}

LoadOutcome TestClient::Send(const LoadRequest& request) {
  grpc::ClientContext context;
  Prepare(context);
  v1::UploadReleaseResponse response;
  const auto writer = registry_->UploadRelease(&context, &response);
  bool open = writer->Write(OptionsPart(request));
  for (const ListFile& file : request.files) open = open && WriteFile(*writer, file);
  writer->WritesDone();
  LoadOutcome outcome;
  outcome.status = writer->Finish();
  outcome.load = response.load();
  return outcome;
}

LoadOutcome TestClient::Load(const LoadRequest& request) {
  LoadOutcome outcome = StartLoad(request);
  Await(outcome);
  return outcome;
}

void TestClient::Await(LoadOutcome& outcome) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  v1::ListLoadsRequest newest;
  newest.set_page_size(1);
  // WatchLoad looks ten times a second, which is too slow for tests of a thousand small loads.
  while (outcome.status.ok() && !outcome.load.has_ended_at()) {
    if (std::chrono::steady_clock::now() > deadline) {
      outcome.status = grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "the load does not end");
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    grpc::ClientContext context;
    Prepare(context);
    v1::ListLoadsResponse response;
    outcome.status = registry_->ListLoads(&context, newest, &response);
    for (const v1::Load& load : response.loads()) {
      if (load.id() == outcome.load.id()) outcome.load = load;
    }
  }
}

grpc::Status TestClient::Scrub(const v1::ScrubRequest& request, v1::ScrubResponse* response) {
  grpc::ClientContext context;
  Prepare(context);
  return scrub_->Scrub(&context, request, response);
}

std::vector<v1::Verdict> TestClient::Verdicts(const std::vector<uint64_t>& numbers) {
  std::vector<v1::Verdict> verdicts;
  for (size_t first = 0; first < numbers.size(); first += 10'000) {
    const size_t last = std::min(numbers.size(), first + 10'000);
    v1::ScrubRequest request;
    for (size_t i = first; i < last; ++i) request.add_numbers(numbers[i]);
    v1::ScrubResponse response;
    if (!Scrub(request, &response).ok()) return {};
    for (const int verdict : response.verdicts()) {
      verdicts.push_back(static_cast<v1::Verdict>(verdict));
    }
  }
  return verdicts;
}

v1::GetCoverageResponse TestClient::Coverage(const std::string& list) {
  grpc::ClientContext context;
  Prepare(context);
  v1::GetCoverageRequest request;
  request.set_list(list);
  v1::GetCoverageResponse response;
  registry_->GetCoverage(&context, request, &response);
  return response;
}

v1::GetStatusResponse TestClient::Status() {
  grpc::ClientContext context;
  Prepare(context);
  v1::GetStatusResponse response;
  registry_->GetStatus(&context, {}, &response);
  return response;
}

std::vector<v1::Release> TestClient::Releases(const std::string& list) {
  grpc::ClientContext context;
  Prepare(context);
  v1::ListReleasesRequest request;
  request.set_list(list);
  v1::ListReleasesResponse response;
  registry_->ListReleases(&context, request, &response);
  return {response.releases().begin(), response.releases().end()};
}

grpc::Status TestClient::RollBack(const std::string& list, v1::RollBackReleaseResponse* response) {
  grpc::ClientContext context;
  Prepare(context);
  v1::RollBackReleaseRequest request;
  request.set_list(list);
  return registry_->RollBackRelease(&context, request, response);
}

grpc::Status TestClient::Retire(const std::string& list, v1::RetireListResponse* response) {
  grpc::ClientContext context;
  Prepare(context);
  v1::RetireListRequest request;
  request.set_list(list);
  return registry_->RetireList(&context, request, response);
}

grpc::Status TestClient::AddOptOuts(const std::vector<uint64_t>& numbers,
                                    const std::string& reason) {
  grpc::ClientContext context;
  Prepare(context);
  v1::AddNumbersRequest request;
  for (const uint64_t number : numbers) {
    v1::Record* record = request.add_records();
    record->set_number(std::to_string(number));
    record->set_reason(reason);
  }
  v1::AddNumbersResponse response;
  const grpc::Status status = lists_->AddNumbers(&context, request, &response);
  return WholeOutcome(status, response);
}

grpc::Status TestClient::RemoveOptOuts(const std::vector<uint64_t>& numbers) {
  grpc::ClientContext context;
  Prepare(context);
  v1::RemoveNumbersRequest request;
  request.set_remove_do_not_call(true);
  for (const uint64_t number : numbers) request.add_numbers(std::to_string(number));
  v1::RemoveNumbersResponse response;
  const grpc::Status status = lists_->RemoveNumbers(&context, request, &response);
  return WholeOutcome(status, response);
}

size_t TestClient::OptOuts() {
  grpc::ClientContext context;
  Prepare(context);
  v1::ExportNumbersRequest request;
  request.set_list_id("internal");
  const auto stream = lists_->ExportNumbers(&context, request);
  v1::ExportNumbersResponse part;
  size_t records = 0;
  bool complete = false;
  while (stream->Read(&part)) {
    records += static_cast<size_t>(part.records_size());
    complete = part.last();
  }
  return stream->Finish().ok() && complete ? records : 0;
}

}  // namespace dnc::blackbox
