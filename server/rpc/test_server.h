// A server over a FakeRegistry on a real socket, and stubs to call it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "dnc/v1/registry_service.grpc.pb.h"
#include "dnc/v1/scrub_service.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "server/rpc/fake_registry.h"
#include "server/rpc/server.h"
#include "server/rpc/test_stores.h"
#include "tests/support/temp_dir.h"

namespace dnc {

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    options_.limits.max_batch = 1000;
    options_.limits.revision_wait = absl::Milliseconds(200);
    options_.rpc.stop_grace = absl::Seconds(1);
    options_.limits.max_upload_bytes = 1 << 20;
    options_.version = "9.9.9";
    options_.rpc.threads = 2;
  }

  ~ServerTest() override { server_.reset(); }

  // Serves with a snapshot of revision 5.
  void Start() {
    Publish(TestSnapshot(5, absl::Now() - absl::Hours(24)));
    StartEmpty();
  }

  // Makes the snapshot and its revision visible.
  void Publish(const SnapshotPtr& snapshot) {
    registry_.SetSnapshot(snapshot);
    stores_.order().StartFrom(snapshot->revision);
  }

  void StartEmpty() {
    auto server = Server::Start(options_, stores_.Parts(&registry_, &metrics_));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    scrub_ = v1::ScrubService::NewStub(channel_);
    registry_stub_ = v1::RegistryService::NewStub(channel_);
  }

  // The reason in the details of an error, checked for form.
  static google::rpc::ErrorInfo InfoOf(const grpc::Status& status) {
    google::rpc::Status details;
    google::rpc::ErrorInfo info;
    EXPECT_TRUE(details.ParseFromString(status.error_details()));
    EXPECT_EQ(details.code(), static_cast<int>(status.error_code()));
    EXPECT_EQ(details.details_size(), 1);
    if (details.details_size() == 1) {
      EXPECT_TRUE(details.details(0).UnpackTo(&info));
    }
    EXPECT_EQ(info.domain(), "dnc.v1");
    return info;
  }
  static std::string ReasonOf(const grpc::Status& status) { return InfoOf(status).reason(); }

  // Upload folders that are still there.
  int Leftovers() const {
    if (!std::filesystem::exists(folder_)) return 0;
    int count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++count;
    return count;
  }

  const blackbox::TempDir dir_;  // outlives the stores in it
  const std::string folder_ = dir_.path() + "/uploads";
  ServerOptions options_;
  Clock clock_;
  Metrics metrics_;
  FakeRegistry registry_{folder_};
  TestStores stores_{dir_.path() + "/stores", &clock_};
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ScrubService::Stub> scrub_;
  std::unique_ptr<v1::RegistryService::Stub> registry_stub_;
};

}  // namespace dnc
