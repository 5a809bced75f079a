// Streams that tell news as it comes: each piece of news once, and no work while there is none.
#include <sys/resource.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "dnc/v1/list_service.grpc.pb.h"
#include "dnc/v1/tenant_service.grpc.pb.h"
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

  void SetLoad(uint64_t id, LoadState state) {
    LoadInfo load;
    load.id = id;
    load.list = "national";
    load.state = state;
    registry_.SetLoad(load);
  }
  std::unique_ptr<grpc::ClientReader<v1::WatchLoadResponse>> WatchLoad(grpc::ClientContext* context,
                                                                       uint64_t id) {
    v1::WatchLoadRequest request;
    request.set_load_id(id);
    return registry_stub_->WatchLoad(context, request);
  }

  static constexpr int kConnections = 10;
  static constexpr int kWatches = 1'000;  // of a connection

  // The places for all of them, and no heartbeat.
  void AllowManyWatches() {
    options_.limits.max_tenant_streams = kConnections * kWatches;
    options_.limits.max_streams = kWatches;
    options_.rpc.worker_queue = kConnections * kWatches;
    options_.rpc.watch_heartbeat = absl::Hours(1);
  }
};

// A thousand watches on each of ten connections, on the side of the caller.
template <class Service, class Request, class Response>
class ManyWatches {
 public:
  using Stub = typename Service::Stub;
  using Reader = std::unique_ptr<grpc::ClientAsyncReader<Response>>;
  using Open = Reader (Stub::*)(grpc::ClientContext*, const Request&, grpc::CompletionQueue*,
                                void*);

  // Opens them, and has each of them read.
  ManyWatches(const std::string& address, Open open, const Request& request, int connections,
              int watches) {
    for (int i = 0; i < connections; ++i) {
      grpc::ChannelArguments own;
      own.SetInt("dnc.test.connection", i);  // else all channels share a connection
      stubs_.push_back(Service::NewStub(
          grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), own)));
      for (int j = 0; j < watches; ++j) {
        watches_.push_back(std::make_unique<OpenWatch>());
        OpenWatch& watch = *watches_.back();
        watch.reader = (stubs_.back().get()->*open)(&watch.context, request, &queue_, &watch);
        // Meanwhile the answer to an earlier one may come.
        while (!watch.open) Next();
        watch.reader->Read(&watch.response, &watch);
      }
    }
  }
  ~ManyWatches() {
    for (const auto& watch : watches_) {
      watch->context.TryCancel();
      watch->reader->Finish(&watch->status, watch.get());
    }
    for (size_t i = 0; i < watches_.size(); ++i) Next();
  }
  ManyWatches(const ManyWatches&) = delete;
  ManyWatches& operator=(const ManyWatches&) = delete;

  // Waits until each has been answered once.
  void WaitForAnswers() {
    while (answered_ < watches_.size()) Next();
  }
  std::vector<const Response*> answers() const {
    std::vector<const Response*> all;
    for (const auto& watch : watches_) all.push_back(&watch->response);
    return all;
  }

 private:
  struct OpenWatch {
    grpc::ClientContext context;
    Response response;
    grpc::Status status;
    Reader reader;
    bool open = false;
  };

  void Next() {
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue_.Next(&tag, &ok));
    auto* const watch = static_cast<OpenWatch*>(tag);
    if (watch->open && ok) ++answered_;
    watch->open = true;
  }

  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<Stub>> stubs_;
  std::vector<std::unique_ptr<OpenWatch>> watches_;
  size_t answered_ = 0;
};

// A tenth of a processor at most, for all ten thousand watches and for the server's own clockwork:
// if each looked 20 times a second, that would take far more. What is still done for the answers
// just given may last a little.
bool CostsNothing() {
  static constexpr std::chrono::milliseconds kMeasured(2000);
  return WaitUntil([] {
    const auto before = ProcessorTime();
    std::this_thread::sleep_for(kMeasured);
    return ProcessorTime() - before < kMeasured / 10;
  });
}

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
  metrics_.NoteListenerFails();
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  metrics_.NoteListenerWorks();
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
TEST_F(StreamsTest, AKeyThatIsRevokedOrRunsOutEndsItsWatchOfALoad) {
  Start();
  SetLoad(3, LoadState::kWaiting);
  for (const bool runs_out : {true, false}) {
    ApiKey key;
    key.scopes = {KeyScope::kOperate};
    ASSERT_TRUE(stores_.directory().CreateKey(key, "test").ok());  // the last one can't be revoked
    if (runs_out) key.expires_at = clock_.Now() + absl::Seconds(2);
    const auto made = stores_.directory().CreateKey(key, "test");
    ASSERT_TRUE(made.ok()) << made.status();
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + made->secret);
    const auto watch = WatchLoad(&context, 3);
    v1::WatchLoadResponse response;
    ASSERT_TRUE(watch->Read(&response));
    if (!runs_out) {
      grpc::ClientContext other;
      v1::RevokeKeyRequest request;
      v1::RevokeKeyResponse revoked;
      request.set_key_id(made->key.id);
      ASSERT_TRUE(v1::TenantService::NewStub(channel_)->RevokeKey(&other, request, &revoked).ok());
    }
    EXPECT_FALSE(watch->Read(&response));
    EXPECT_EQ(ReasonOf(watch->Finish()), "UNAUTHENTICATED");
  }
}

// A load may end at any moment of its watch: between two looks, while an answer is written, or
// while the watch falls asleep.
TEST_F(StreamsTest, AWatchMissesNoEndOfItsLoad) {
  Start();
  for (uint64_t id = 1; id <= 60; ++id) {
    SetLoad(id, LoadState::kWaiting);
    std::thread work([this, id] {
      for (const LoadState state :
           {LoadState::kReading, LoadState::kStoring, LoadState::kSucceeded}) {
        std::this_thread::sleep_for(std::chrono::microseconds(id * 97 % 3'000));
        SetLoad(id, state);
      }
    });
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const auto watch = WatchLoad(&context, id);
    v1::WatchLoadResponse response;
    while (watch->Read(&response)) {
    }
    EXPECT_TRUE(watch->Finish().ok());
    EXPECT_EQ(response.load().state(), v1::LOAD_STATE_SUCCEEDED);
    work.join();
  }
}

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

TEST_F(StreamsTest, WatchesCostNothingWhileNothingHappens) {
  AllowManyWatches();
  Start();
  v1::WatchChangesRequest request;
  request.set_after_revision(AddNumber("2015550100"));
  ManyWatches<v1::ListService, v1::WatchChangesRequest, v1::WatchChangesResponse> watches(
      server_->address(), &v1::ListService::Stub::AsyncWatchChanges, request, kConnections,
      kWatches);
  // Each has told of one change: it has begun, and waits for the next.
  const uint64_t revision = AddNumber("2015550101");
  watches.WaitForAnswers();
  for (const auto* const part : watches.answers()) EXPECT_EQ(part->revision(), revision);
  EXPECT_TRUE(CostsNothing());
}

TEST_F(StreamsTest, WatchesOfALoadThatWaitsCostNothing) {
  AllowManyWatches();
  Start();
  SetLoad(3, LoadState::kWaiting);
  v1::WatchLoadRequest request;
  request.set_load_id(3);
  ManyWatches<v1::RegistryService, v1::WatchLoadRequest, v1::WatchLoadResponse> watches(
      server_->address(), &v1::RegistryService::Stub::AsyncWatchLoad, request, kConnections,
      kWatches);
  watches.WaitForAnswers();
  for (const auto* const response : watches.answers()) {
    EXPECT_EQ(response->load().state(), v1::LOAD_STATE_WAITING);
  }
  // What is written of other calls is no news of loads.
  AddNumber("2015550101");
  EXPECT_TRUE(CostsNothing());
}

}  // namespace
}  // namespace dnc
