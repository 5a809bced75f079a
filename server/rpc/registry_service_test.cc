#include <fstream>

#include "server/base/error.h"
#include "server/rpc/test_server.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

class RegistryServiceTest : public ServerTest {
 protected:
  using Part = v1::UploadReleaseRequest;
  static Part Options(const std::string& list = "") {
    Part part;
    part.mutable_options()->set_list(list);
    return part;
  }
  static Part File(const std::string& name, uint64_t size = 0) {
    Part part;
    part.mutable_file()->set_name(name);
    part.mutable_file()->set_size_bytes(size);
    return part;
  }
  static Part Chunk(const std::string& bytes) {
    Part part;
    part.set_chunk(bytes);
    return part;
  }
  grpc::Status Upload(const std::vector<Part>& parts, v1::UploadReleaseResponse* response) {
    grpc::ClientContext context;
    const auto writer = registry_stub_->UploadRelease(&context, response);
    for (const Part& part : parts) {
      if (!writer->Write(part)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }
};

TEST_F(RegistryServiceTest, HandsAnUploadOver) {
  Start();
  v1::UploadReleaseResponse response;
  Part options = Options("state:TX");
  options.mutable_options()->add_allow("shrink:201");
  options.mutable_options()->mutable_obtained_at()->set_seconds(1000);
  const std::string big(200'000, 'x');
  const grpc::Status status = Upload({options, File("a.txt", 6), Chunk("abc"), Chunk("def"),
                                      File("b.txt"), Chunk(big), Chunk(big), File("empty.txt")},
                                     &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.load().state(), v1::LOAD_STATE_WAITING);
  EXPECT_EQ(response.load().list(), "state:TX");
  const auto uploads = registry_.uploads();
  ASSERT_EQ(uploads.size(), 1);
  ASSERT_EQ(uploads[0].size(), 3);
  EXPECT_EQ(uploads[0][0], (std::pair<std::string, std::string>("a.txt", "abcdef")));
  EXPECT_EQ(uploads[0][1].second, big + big);
  EXPECT_EQ(uploads[0][2].second, "");
  EXPECT_EQ(registry_.last_options().allow, std::vector<std::string>{"shrink:201"});
  EXPECT_EQ(registry_.last_options().obtained_at, absl::FromUnixSeconds(1000));
  EXPECT_EQ(Leftovers(), 0);
}

TEST_F(RegistryServiceTest, RefusesBadUploadsAndLeavesNothing) {
  Start();
  const std::string big(900'000, 'x');
  Part unknown_guard = Options();
  unknown_guard.mutable_options()->add_allow("shrunk:201");
  Part bare_guard = Options();
  bare_guard.mutable_options()->add_allow("shrink");
  const std::vector<std::pair<std::vector<Part>, std::string>> cases = {
      {{}, "INVALID_REQUEST"},
      {{Options()}, "INVALID_REQUEST"},
      {{File("a.txt")}, "INVALID_REQUEST"},
      {{Options(), Options()}, "INVALID_REQUEST"},
      {{Options(), Chunk("abc")}, "INVALID_REQUEST"},
      {{Options(), Part()}, "INVALID_REQUEST"},
      {{unknown_guard}, "INVALID_REQUEST"},
      {{bare_guard}, "INVALID_REQUEST"},
      {{Options(), File("")}, "INVALID_REQUEST"},
      {{Options(), File("..")}, "INVALID_REQUEST"},
      {{Options(), File("../a.txt")}, "INVALID_REQUEST"},
      {{Options(), File(std::string("a\0b", 3))}, "INVALID_REQUEST"},
      {{Options(), File(std::string(256, 'a'))}, "INVALID_REQUEST"},
      {{Options(), File("a"), Chunk("x"), File("a")}, "INVALID_REQUEST"},
      {{Options(), File("a", 4), Chunk("abc")}, "INVALID_REQUEST"},
      {{Options(), File("a", 2), Chunk("abc"), File("b")}, "INVALID_REQUEST"},
      {{Options(), File("a"), Chunk(std::string((1 << 20) + 1, 'x'))}, "INVALID_REQUEST"},
      {{Options(), File("a"), Chunk(big), Chunk(big)}, "LIMIT_REACHED"},
      {{Options(), File("a", 2 << 20)}, "LIMIT_REACHED"},
  };
  for (const auto& [parts, reason] : cases) {
    v1::UploadReleaseResponse response;
    EXPECT_EQ(ReasonOf(Upload(parts, &response)), reason) << parts.size();
    EXPECT_EQ(Leftovers(), 0);
  }
  EXPECT_TRUE(registry_.uploads().empty());
}

// Only who has said that all is sent has sent all, whatever has arrived of the others.
TEST_F(RegistryServiceTest, NeverLoadsWhatALostCallerSent) {
  Start();
  for (int i = 0; i < 200; ++i) {
    grpc::ClientContext context;
    v1::UploadReleaseResponse response;
    const auto writer = registry_stub_->UploadRelease(&context, &response);
    writer->Write(Options());
    writer->Write(File("a.txt", 3));
    writer->Write(Chunk("abc"));
    if (i % 2 == 0) absl::SleepFor(absl::Milliseconds(i % 5));
    context.TryCancel();
    EXPECT_FALSE(writer->Finish().ok());
  }
  // The whole connection is lost.
  for (int i = 0; i < 20; ++i) {
    auto channel =
        grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(), [i] {
          grpc::ChannelArguments arguments;
          arguments.SetInt("dnc.test", i);
          return arguments;
        }());
    auto stub = v1::RegistryService::NewStub(channel);
    grpc::ClientContext context;
    v1::UploadReleaseResponse response;
    auto writer = stub->UploadRelease(&context, &response);
    writer->Write(Options());
    writer->Write(File("a.txt"));
    writer->Write(Chunk("abc"));
  }
  server_->Stop();
  EXPECT_TRUE(registry_.uploads().empty());
  EXPECT_EQ(Leftovers(), 0);
}

TEST_F(RegistryServiceTest, LimitsUploadsAtTheSameTime) {
  options_.limits.max_uploads = 1;
  Start();
  grpc::ClientContext context;
  v1::UploadReleaseResponse response;
  const auto first = registry_stub_->UploadRelease(&context, &response);
  ASSERT_TRUE(first->Write(Options()));
  ASSERT_TRUE(first->Write(File("a")));
  ASSERT_TRUE(WaitUntil([this] { return Leftovers() == 1; })) << "its folder is not made";
  v1::UploadReleaseResponse refused;
  EXPECT_EQ(ReasonOf(Upload({Options(), File("a"), Chunk("x")}, &refused)), "LIMIT_REACHED");
  first->WritesDone();
  EXPECT_TRUE(first->Finish().ok());
  // Its answer comes a little before its end.
  EXPECT_TRUE(WaitUntil([&] { return Upload({Options(), File("a"), Chunk("x")}, &refused).ok(); }));
}

TEST_F(RegistryServiceTest, WatchesALoadToItsEnd) {
  Start();
  LoadInfo load;
  load.id = 3;
  load.list = "national";
  registry_.SetLoad(load);
  grpc::ClientContext context;
  v1::WatchLoadRequest request;
  request.set_load_id(3);
  const auto reader = registry_stub_->WatchLoad(&context, request);
  std::vector<int> states;
  v1::WatchLoadResponse response;
  for (const auto next : {LoadState::kReading, LoadState::kStoring, LoadState::kRefused}) {
    ASSERT_TRUE(reader->Read(&response));
    states.push_back(response.load().state());
    load.state = next;
    if (next == LoadState::kRefused) load.error = GuardError("shrink", "too few numbers");
    registry_.SetLoad(load);
  }
  while (reader->Read(&response)) states.push_back(response.load().state());
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(states, (std::vector<int>{v1::LOAD_STATE_WAITING, v1::LOAD_STATE_READING,
                                      v1::LOAD_STATE_STORING, v1::LOAD_STATE_REFUSED}));
  EXPECT_EQ(response.load().error_reason(), "GUARD_REFUSED");
  EXPECT_EQ(response.load().refused_by(), v1::GUARD_SHRINK);
}

TEST_F(RegistryServiceTest, WatchesEndWithTheCallerOrTheServer) {
  options_.rpc.stop_grace = absl::FromChrono(kPatience);
  Start();
  LoadInfo load;
  load.id = 3;
  registry_.SetLoad(load);
  v1::WatchLoadRequest request;
  request.set_load_id(3);
  {
    grpc::ClientContext context;
    const auto reader = registry_stub_->WatchLoad(&context, request);
    v1::WatchLoadResponse response;
    ASSERT_TRUE(reader->Read(&response));
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  grpc::ClientContext context;
  const auto reader = registry_stub_->WatchLoad(&context, request);
  v1::WatchLoadResponse response;
  ASSERT_TRUE(reader->Read(&response));
  const absl::Time begin = absl::Now();
  server_->Stop();
  EXPECT_LT(absl::Now() - begin, options_.rpc.stop_grace / 2);
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(ReasonOf(reader->Finish()), "STOPPING");

  const auto sum = metrics_.Sum();
  const auto& calls = sum.calls[static_cast<size_t>(Method::kWatchLoad)];
  EXPECT_EQ(calls[static_cast<size_t>(grpc::StatusCode::UNAVAILABLE)], 1);
}

TEST_F(RegistryServiceTest, WatchingAnUnknownLoadIsNotFound) {
  Start();
  grpc::ClientContext context;
  const auto reader = registry_stub_->WatchLoad(&context, {});
  v1::WatchLoadResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(ReasonOf(reader->Finish()), "NOT_FOUND");
}

TEST_F(RegistryServiceTest, LoadsFromPaths) {
  Start();
  v1::LoadReleaseRequest request;
  v1::LoadReleaseResponse response;
  {
    grpc::ClientContext context;
    EXPECT_EQ(ReasonOf(registry_stub_->LoadRelease(&context, request, &response)),
              "INVALID_REQUEST");
  }
  {
    // Callers may rely on which of two errors they are told.
    v1::LoadReleaseRequest wrong;
    wrong.mutable_options()->mutable_obtained_at()->set_nanos(-1);
    grpc::ClientContext context;
    EXPECT_EQ(registry_stub_->LoadRelease(&context, wrong, &response).error_message(),
              "name at least one file in `paths`");
  }
  request.add_paths("/etc/passwd");
  {
    grpc::ClientContext context;
    const grpc::Status status = registry_stub_->LoadRelease(&context, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(ReasonOf(status), "PATH_NOT_ALLOWED");
  }
  request.set_paths(0, "/allowed/a.txt");
  grpc::ClientContext context;
  ASSERT_TRUE(registry_stub_->LoadRelease(&context, request, &response).ok());
  EXPECT_EQ(response.load().list(), "national");
  EXPECT_FALSE(response.load().has_ended_at());
}

TEST_F(RegistryServiceTest, PagesLoads) {
  Start();
  for (uint64_t id = 1; id <= 5; ++id) {
    LoadInfo load;
    load.id = id;
    registry_.SetLoad(load);
  }
  std::vector<uint64_t> ids;
  v1::ListLoadsRequest request;
  request.set_page_size(2);
  int pages = 0;
  do {
    grpc::ClientContext context;
    v1::ListLoadsResponse response;
    ASSERT_TRUE(registry_stub_->ListLoads(&context, request, &response).ok());
    for (const v1::Load& load : response.loads()) ids.push_back(load.id());
    request.set_page_token(response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(ids, (std::vector<uint64_t>{5, 4, 3, 2, 1}));
  EXPECT_EQ(pages, 3);
  request.set_page_token("nonsense");
  grpc::ClientContext context;
  v1::ListLoadsResponse response;
  EXPECT_EQ(ReasonOf(registry_stub_->ListLoads(&context, request, &response)), "INVALID_REQUEST");
}

TEST_F(RegistryServiceTest, AnswersTheRest) {
  Start();
  {
    grpc::ClientContext context;
    v1::GetCoverageResponse response;
    ASSERT_TRUE(registry_stub_->GetCoverage(&context, {}, &response).ok());
    EXPECT_EQ(response.list(), "national");
    EXPECT_EQ(response.area_codes(0).state(), v1::COVERAGE_STATE_STALE);
  }
  {
    grpc::ClientContext context;
    v1::ListReleasesResponse response;
    EXPECT_TRUE(registry_stub_->ListReleases(&context, {}, &response).ok());
  }
  {
    grpc::ClientContext context;
    v1::RollBackReleaseResponse response;
    EXPECT_EQ(ReasonOf(registry_stub_->RollBackRelease(&context, {}, &response)),
              "NO_EARLIER_RELEASE");
  }
  {
    grpc::ClientContext context;
    v1::RetireListResponse response;
    EXPECT_EQ(ReasonOf(registry_stub_->RetireList(&context, {}, &response)), "INVALID_REQUEST");
  }
  {
    grpc::ClientContext context;
    v1::GetHistoryRequest request;
    v1::GetHistoryResponse response;
    request.set_number("201-555-0101");
    ASSERT_TRUE(registry_stub_->GetHistory(&context, request, &response).ok());
    EXPECT_EQ(response.number(), 2015550101);
    EXPECT_EQ(response.events(0).action(), v1::HISTORY_ACTION_FIRST_SEEN);
  }
  {
    grpc::ClientContext context;
    v1::GetHistoryResponse response;
    EXPECT_EQ(ReasonOf(registry_stub_->GetHistory(&context, {}, &response)), "INVALID_REQUEST");
  }
  grpc::ClientContext context;
  v1::GetStatusResponse response;
  ASSERT_TRUE(registry_stub_->GetStatus(&context, {}, &response).ok());
  EXPECT_EQ(response.version(), "9.9.9");
  EXPECT_EQ(response.revision(), 5);
  EXPECT_EQ(response.numbers(), 10);
  EXPECT_EQ(response.max_batch(), 1000);
  EXPECT_EQ(response.lists(0).max_age_days(), 31);
}

TEST_F(RegistryServiceTest, TellsWhatWasAnswered) {
  Start();
  {
    grpc::ClientContext context;
    v1::CheckNumberRequest ask;
    ask.set_number("1");
    v1::CheckNumberResponse answer;
    ASSERT_TRUE(scrub_->CheckNumber(&context, ask, &answer).ok());
  }
  v1::GetActivityRequest request;
  v1::GetActivityResponse response;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(registry_stub_->GetActivity(&context, request, &response).ok());
  }
  EXPECT_EQ(response.step_minutes(), 5);
  EXPECT_GE(response.steps_size(), 1);
  EXPECT_EQ(response.total().answers(), 1);
  ASSERT_EQ(response.total().numbers_size(), 1);
  EXPECT_EQ(response.total().numbers(0).verdict(), v1::VERDICT_INVALID);
  EXPECT_EQ(response.total().numbers(0).numbers(), 1);
  EXPECT_GT(response.total().latency_p999_ns(), 0);
  request.set_step_minutes(1441);
  grpc::ClientContext context;
  EXPECT_EQ(ReasonOf(registry_stub_->GetActivity(&context, request, &response)), "INVALID_REQUEST");
}

}  // namespace
}  // namespace dnc
