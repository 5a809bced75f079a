#include "server/rpc/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "server/base/str_cat.h"
#include "server/rpc/test_server.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

class ServerLifeTest : public ServerTest {
 protected:
  // The status that grpc.health.v1 tells: 1 SERVING, 2 NOT_SERVING; 0 for an error. Debian has no
  // C++ stubs of the health service, so the bytes are made by hand.
  int Health(const std::string& service) {
    std::string request;
    if (!service.empty()) {
      request = std::string("\x0a") + static_cast<char>(service.size()) + service;
    }
    const grpc::Slice slice(request);
    const grpc::ByteBuffer buffer(&slice, 1);
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", buffer, &queue);
    call->StartCall();
    grpc::ByteBuffer answer;
    grpc::Status status;
    void* tag = nullptr;
    bool ok = false;
    call->Finish(&answer, &status, &tag);
    queue.Next(&tag, &ok);
    grpc::Slice bytes;
    if (!status.ok() || !answer.DumpToSingleSlice(&bytes).ok() || bytes.size() != 2) return 0;
    return bytes.begin()[1];
  }

  bool HealthBecomes(const std::string& service, int expected) {
    return WaitUntil([&] { return Health(service) == expected; });
  }
};

TEST_F(ServerLifeTest, HealthFollowsTheRegistry) {
  StartEmpty();
  EXPECT_EQ(Health(""), 2);
  EXPECT_EQ(Health("dnc.v1.ScrubService"), 2);
  EXPECT_EQ(Health("dnc.v1.RegistryService"), 1);
  Publish(TestSnapshot(1, absl::Now()));
  EXPECT_TRUE(HealthBecomes("", 1));
  EXPECT_TRUE(HealthBecomes("dnc.v1.ScrubService", 1));
  Publish(TestSnapshot(0, absl::Now()));  // release 0: nothing is loaded
  EXPECT_TRUE(HealthBecomes("", 2));
  EXPECT_EQ(Health("dnc.v1.Nobody"), 0);
}

TEST_F(ServerLifeTest, ServesOnAUnixSocket) {
  const std::string path = StrCat(testing::TempDir(), "/dncd_", getpid(), ".sock");
  options_.listen = "unix:" + path;
  options_.socket_mode = 0600;
  Start();
  EXPECT_EQ(server_->address(), options_.listen);
  struct stat found {};
  ASSERT_EQ(lstat(path.c_str(), &found), 0);
  EXPECT_TRUE(S_ISSOCK(found.st_mode));
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  EXPECT_EQ(Health(""), 1);
  const auto second = Server::Start(options_, stores_.Parts(&registry_, &metrics_));
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), testing::HasSubstr("another program"));
  EXPECT_EQ(Health(""), 1) << "the first one is not disturbed";
}

// What a server leaves that was killed: a socket that nobody accepts on.
TEST_F(ServerLifeTest, TakesOverASocketThatNobodyServes) {
  const std::string path = StrCat(testing::TempDir(), "/dncd_", getpid(), ".sock");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int left = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(left, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  close(left);
  options_.listen = "unix:" + path;
  Start();
  EXPECT_EQ(Health(""), 1);
}

TEST_F(ServerLifeTest, LeavesAFileInPlaceOfASocketAlone) {
  const std::string path = StrCat(testing::TempDir(), "/dncd_", getpid(), ".txt");
  std::ofstream(path) << "precious";
  options_.listen = "unix:" + path;
  EXPECT_FALSE(Server::Start(options_, stores_.Parts(&registry_, &metrics_)).ok());
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
  std::filesystem::remove(path);
}

TEST_F(ServerLifeTest, ASecondServerOnThePortFailsClearly) {
  Start();
  ServerOptions second = options_;
  second.listen = server_->address();
  const auto failed = Server::Start(second, stores_.Parts(&registry_, &metrics_));
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(std::string(failed.status().message()).find(server_->address()), std::string::npos);
}

TEST_F(ServerLifeTest, StopsAtOnceWhenNobodyCalls) {
  options_.rpc.stop_grace = absl::FromChrono(kPatience);
  for (int i = 0; i < 5; ++i) {
    Start();
    grpc::ClientContext context;
    v1::ScrubResponse response;
    ASSERT_TRUE(scrub_->Scrub(&context, {}, &response).ok());
    const absl::Time begin = absl::Now();
    server_->Stop();
    server_->Stop();
    EXPECT_LT(absl::Now() - begin, options_.rpc.stop_grace / 2);
  }
}

TEST_F(ServerLifeTest, RefusesMessagesAboveTheLimit) {
  options_.limits.max_request_bytes = 1000;
  Start();
  v1::ScrubRequest request;
  for (int i = 0; i < 200; ++i) request.add_numbers(2015550100);
  grpc::ClientContext context;
  v1::ScrubResponse response;
  EXPECT_EQ(scrub_->Scrub(&context, request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace dnc
