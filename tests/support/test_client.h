// A plain client of the services, for tests: no retries, nothing hidden.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dnc/v1/list_service.grpc.pb.h"
#include "dnc/v1/registry_service.grpc.pb.h"
#include "dnc/v1/scrub_service.grpc.pb.h"
#include "tests/support/list_files.h"

namespace dnc::blackbox {

struct LoadRequest {
  std::vector<ListFile> files;
  std::string list = "national";
  std::optional<std::time_t> obtained_at;
  std::vector<std::string> allow;  // findings to override: "shrink:201"
  // Makes a dry run first, and overrides whatever it finds.
  bool allow_all = false;
  bool dry_run = false;
  std::optional<uint64_t> callable_limit;
  bool refuse_first = false;
};

// How a load ended.
struct LoadOutcome {
  grpc::Status status;  // of the calls; the load itself may have been refused although this is OK
  v1::Load load;        // as it was last seen

  bool succeeded() const { return status.ok() && load.state() == v1::LOAD_STATE_SUCCEEDED; }
  bool refused() const { return status.ok() && load.state() == v1::LOAD_STATE_REFUSED; }
  // Describes the answer in failure messages.
  std::string Describe() const;
};

// Returns the reason of an error from ErrorInfo.reason; empty if it has none.
std::string ReasonOf(const grpc::Status& status);

// Thread-safe. Every call has a deadline, so that a test never hangs.
class TestClient {
 public:
  // Makes every call with the operator's key, if there is one, as the tenant `default`.
  explicit TestClient(const std::string& address, std::string operator_key = "");

  // Uploads, and waits for the end of the load.
  LoadOutcome Load(const LoadRequest& request);

  // Uploads, and returns when the load is accepted.
  LoadOutcome StartLoad(const LoadRequest& request);

  grpc::Status Scrub(const v1::ScrubRequest& request, v1::ScrubResponse* response);

  // Returns the verdicts of `numbers`; empty if the call failed.
  std::vector<v1::Verdict> Verdicts(const std::vector<uint64_t>& numbers);

  v1::GetCoverageResponse Coverage(const std::string& list = "national");
  v1::GetStatusResponse Status();
  // Returns releases, newest first.
  std::vector<v1::Release> Releases(const std::string& list = "national");
  grpc::Status RollBack(const std::string& list, v1::RollBackReleaseResponse* response);
  grpc::Status Retire(const std::string& list, v1::RetireListResponse* response);

  // Write to the default tenant's list `internal`. They also fail if one number was refused.
  grpc::Status AddOptOuts(const std::vector<uint64_t>& numbers, const std::string& reason = "");
  grpc::Status RemoveOptOuts(const std::vector<uint64_t>& numbers);
  // Returns how many records an export of the list has; 0 if the export was not complete.
  size_t OptOuts();

  // Returns the channel, which other clients of the same server may use.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  void Prepare(grpc::ClientContext& context) const;
  LoadOutcome Send(const LoadRequest& request);
  // Waits until a load that was sent has ended.
  void Await(LoadOutcome& outcome);

  const std::string operator_key_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RegistryService::Stub> registry_;
  std::unique_ptr<v1::ScrubService::Stub> scrub_;
  std::unique_ptr<v1::ListService::Stub> lists_;
};

}  // namespace dnc::blackbox
