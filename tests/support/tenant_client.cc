#include "tests/support/tenant_client.h"

#include <chrono>
#include <utility>

#include "tests/support/wait.h"

namespace dnc::blackbox {

TenantClient::TenantClient(const std::shared_ptr<grpc::Channel>& channel, std::string tenant_id,
                           std::string authorization)
    : tenant_id_(std::move(tenant_id)),
      authorization_(std::move(authorization)),
      lists_(v1::ListService::NewStub(channel)),
      scrubs_(v1::ScrubService::NewStub(channel)),
      tenants_(v1::TenantService::NewStub(channel)) {}

void TenantClient::Prepare(grpc::ClientContext& context) const {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  if (!tenant_id_.empty()) context.AddMetadata("dnc-tenant", tenant_id_);
  if (!authorization_.empty()) context.AddMetadata("authorization", authorization_);
}

grpc::Status TenantClient::ScrubStream(const std::vector<v1::ScrubRequest>& batches,
                                       std::vector<v1::ScrubResponse>* answers,
                                       const std::function<void()>& after_first) {
  grpc::ClientContext context;
  Prepare(context);
  const auto stream = scrubs_->ScrubStream(&context);
  for (const v1::ScrubRequest& batch : batches) {
    v1::ScrubStreamRequest request;
    *request.mutable_scrub() = batch;
    v1::ScrubStreamResponse answer;
    if (!stream->Write(request) || !stream->Read(&answer)) break;
    answers->push_back(answer.scrub());
    if (answers->size() == 1 && after_first) after_first();
  }
  stream->WritesDone();
  return stream->Finish();
}

grpc::Status TenantClient::Import(const std::vector<v1::ImportNumbersRequest>& parts,
                                  std::vector<v1::ImportNumbersResponse>* answers) {
  grpc::ClientContext context;
  Prepare(context);
  const auto stream = lists_->ImportNumbers(&context);
  for (const v1::ImportNumbersRequest& part : parts) {
    v1::ImportNumbersResponse answer;
    if (!stream->Write(part) || !stream->Read(&answer)) break;
    answers->push_back(answer);
  }
  stream->WritesDone();
  return stream->Finish();
}

grpc::Status TenantClient::Export(const std::string& list_id, std::vector<v1::Record>* records) {
  grpc::ClientContext context;
  Prepare(context);
  v1::ExportNumbersRequest request;
  request.set_list_id(list_id);
  const auto stream = lists_->ExportNumbers(&context, request);
  v1::ExportNumbersResponse part;
  bool complete = false;
  while (stream->Read(&part)) {
    records->insert(records->end(), part.records().begin(), part.records().end());
    complete = part.last();
  }
  const grpc::Status status = stream->Finish();
  if (!status.ok() || complete) return status;
  return {grpc::StatusCode::DATA_LOSS, "the export has no last part"};
}

grpc::Status TenantClient::Watch(
    uint64_t after_revision, const std::function<bool(const v1::WatchChangesResponse&)>& enough) {
  grpc::ClientContext context;
  Prepare(context);
  v1::WatchChangesRequest request;
  request.set_after_revision(after_revision);
  const auto stream = lists_->WatchChanges(&context, request);
  v1::WatchChangesResponse part;
  while (stream->Read(&part)) {
    if (!enough(part)) continue;
    context.TryCancel();
    stream->Finish();
    return grpc::Status::OK;
  }
  return stream->Finish();
}

}  // namespace dnc::blackbox
