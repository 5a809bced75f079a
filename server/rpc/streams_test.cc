// Streams that tell news as it comes: each piece of news once, and no work while there is none.
#include <sys/resource.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "dnc/v1/list_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "server/rpc/test_server.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

// What the whole process has computed for so far.
std::chrono::microseconds ProcessorTime() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

class StreamsTest : public ServerTest {
 protected:
  using Watch = grpc::ClientReader<v1::WatchChangesResponse>;

  // Adds a record of the default tenant.
  uint64_t AddNumber(const std::string& number) {
    grpc::ClientContext context;
    v1::AddNumbersRequest request;
    v1::AddNumbersResponse response;
    v1::Record* const record = request.add_records();
    record->set_number(number);
    record->set_channel(v1::CHANNEL_CALL);
    const grpc::Status status = Lists()->AddNumbers(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.revision();
  }
  std::unique_ptr<v1::ListService::Stub> Lists() { return v1::ListService::NewStub(channel_); }
};

TEST_F(StreamsTest, EachChangeIsToldOnce) {
  Start();
  const auto lists = Lists();
  grpc::ClientContext context;
  v1::WatchChangesRequest request;
  request.set_after_revision(AddNumber("2015550100"));
  const std::unique_ptr<Watch> watch = lists->WatchChanges(&context, request);
  for (const char* number : {"2015550101", "2015550102", "2015550103"}) {
    const uint64_t revision = AddNumber(number);
    v1::WatchChangesResponse part;
    ASSERT_TRUE(watch->Read(&part));
    EXPECT_EQ(part.revision(), revision);
    ASSERT_EQ(part.changes_size(), 1);
    EXPECT_EQ(part.changes(0).record().number(), number);
  }
  context.TryCancel();
  watch->Finish();
}

TEST_F(StreamsTest, SaysNowAndThenThatThereIsNothing) {
  options_.rpc.watch_heartbeat = absl::Milliseconds(100);
  Start();
  const auto lists = Lists();
  grpc::ClientContext context;
  v1::WatchChangesRequest request;
  request.set_after_revision(AddNumber("2015550100"));
  const std::unique_ptr<Watch> watch = lists->WatchChanges(&context, request);
  for (int i = 0; i < 3; ++i) {
    v1::WatchChangesResponse part;
    ASSERT_TRUE(watch->Read(&part));
    EXPECT_EQ(part.changes_size(), 0);
    EXPECT_EQ(part.revision(), request.after_revision());
    EXPECT_TRUE(part.last_of_revision());
  }
  context.TryCancel();
  watch->Finish();
}

TEST_F(StreamsTest, HealthIsToldWhenItChanges) {
  Start();
  using grpc::health::v1::HealthCheckResponse;
  const auto health = grpc::health::v1::Health::NewStub(channel_);
  grpc::ClientContext context;
  const auto watch = health->Watch(&context, {});
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  metrics_.SetAccepting(false);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  metrics_.SetAccepting(true);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  context.TryCancel();
  watch->Finish();
}

// Whoever goes away while nothing happens leaves his place at once.
TEST_F(StreamsTest, ACallerThatIsGoneLeavesItsPlace) {
  options_.limits.max_tenant_streams = 1;
  Start();
  const auto lists = Lists();
  v1::WatchChangesRequest request;
  request.set_after_revision(AddNumber("2015550100"));
  {
    grpc::ClientContext context;
    const std::unique_ptr<Watch> watch = lists->WatchChanges(&context, request);
    v1::WatchChangesResponse part;
    AddNumber("2015550101");
    ASSERT_TRUE(watch->Read(&part));
    context.TryCancel();
    watch->Finish();
  }
  EXPECT_TRUE(WaitUntil([&] {
    grpc::ClientContext context;
    const std::unique_ptr<Watch> watch = lists->WatchChanges(&context, request);
    v1::WatchChangesResponse part;
    const bool told = watch->Read(&part);
    context.TryCancel();
    watch->Finish();
    return told;
  }));
}

// A stream sleeps while nothing happens, but not longer than its caller may watch.
TEST_F(StreamsTest, AKeyThatIsRevokedOrRunsOutEndsItsWatch) {
  options_.rpc.watch_heartbeat = absl::Hours(1);
  Start();
  const auto lists = Lists();
  v1::WatchChangesRequest request;
  request.set_after_revision(AddNumber("2015550100"));
  for (const bool runs_out : {true, false}) {
    ApiKey key;
    key.tenant_id = kDefaultTenantId;
    key.scopes = {KeyScope::kWriteLists};
    if (runs_out) key.expires_at = clock_.Now() + absl::Seconds(2);
    const auto made = stores_.directory().CreateKey(key, "test");
    ASSERT_TRUE(made.ok()) << made.status();
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + made->secret);
    const std::unique_ptr<Watch> watch = lists->WatchChanges(&context, request);
    if (!runs_out) {
      ASSERT_TRUE(stores_.directory().RevokeKey(made->key.id, "test").ok());
    }
    v1::WatchChangesResponse part;
    EXPECT_FALSE(watch->Read(&part));
    EXPECT_EQ(ReasonOf(watch->Finish()), "UNAUTHENTICATED");
  }
}

// Watches of ten connections cost nothing while nothing happens. If each looked 20 times a second,
// that would take far more than the whole process may take here.
TEST_F(StreamsTest, WatchesCostNothingWhileNothingHappens) {
  constexpr int kConnections = 10;
  constexpr int kWatches = 1'000;  // of a connection
  static constexpr std::chrono::milliseconds kMeasured(2000);
  options_.limits.max_tenant_streams = kConnections * kWatches;
  options_.limits.max_streams = kWatches;
  options_.rpc.worker_queue = kConnections * kWatches;
  options_.rpc.watch_heartbeat = absl::Hours(1);
  Start();
  v1::WatchChangesRequest request;
  request.set_after_revision(AddNumber("2015550100"));

  struct OpenWatch {
    grpc::ClientContext context;
    v1::WatchChangesResponse part;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncReader<v1::WatchChangesResponse>> reader;
  };
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<v1::ListService::Stub>> stubs;
  std::vector<std::unique_ptr<OpenWatch>> watches;
  const auto next = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    return ok ? static_cast<OpenWatch*>(tag) : nullptr;
  };
  for (int i = 0; i < kConnections; ++i) {
    grpc::ChannelArguments own;
    own.SetInt("dnc.test.connection", i);  // else all channels share a connection
    stubs.push_back(v1::ListService::NewStub(
        grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(), own)));
    for (int j = 0; j < kWatches; ++j) {
      watches.push_back(std::make_unique<OpenWatch>());
      OpenWatch& watch = *watches.back();
      watch.reader = stubs.back()->AsyncWatchChanges(&watch.context, request, &queue, &watch);
      ASSERT_NE(next(), nullptr);
      watch.reader->Read(&watch.part, &watch);
    }
  }
  // Each has told of one change: it has begun, and waits for the next.
  const uint64_t revision = AddNumber("2015550101");
  for (size_t i = 0; i < watches.size(); ++i) {
    OpenWatch* const watch = next();
    ASSERT_NE(watch, nullptr);
    EXPECT_EQ(watch->part.revision(), revision);
  }
  // A tenth of a processor at most, for all ten thousand and for the server's own clockwork. What
  // is still done for the answers just given may last a little.
  EXPECT_TRUE(WaitUntil([] {
    const auto before = ProcessorTime();
    std::this_thread::sleep_for(kMeasured);
    return ProcessorTime() - before < kMeasured / 10;
  }));

  for (const auto& watch : watches) {
    watch->context.TryCancel();
    watch->reader->Finish(&watch->status, watch.get());
  }
  for (size_t i = 0; i < watches.size(); ++i) next();
}

}  // namespace
}  // namespace dnc
