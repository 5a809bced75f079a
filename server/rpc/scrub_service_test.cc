#include <atomic>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "server/rpc/test_server.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ScrubServiceTest : public ServerTest {
 protected:
  grpc::Status Scrub(const v1::ScrubRequest& request, v1::ScrubResponse* response) {
    grpc::ClientContext context;
    return scrub_->Scrub(&context, request, response);
  }
  // The reason of a refusal that tells when to come again.
  static std::string InfoAndRetryOf(const grpc::Status& status) {
    google::rpc::Status details;
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    if (!details.ParseFromString(status.error_details()) || details.details_size() != 2 ||
        !details.details(0).UnpackTo(&info) || !details.details(1).UnpackTo(&retry)) {
      return {};
    }
    EXPECT_GT(retry.retry_delay().seconds() + retry.retry_delay().nanos(), 0);
    return info.reason();
  }
  static v1::ScrubRequest Numbers(const std::vector<uint64_t>& numbers) {
    v1::ScrubRequest request;
    for (const uint64_t number : numbers) request.add_numbers(number);
    return request;
  }
};

TEST_F(ScrubServiceTest, AnswersByColumnsInTheOrderAsked) {
  Start();
  v1::ScrubResponse response;
  ASSERT_TRUE(
      Scrub(Numbers({2015550101, 12015550123, 3035550100, 42, 12015550109}), &response).ok());
  EXPECT_THAT(response.verdicts(),
              ElementsAre(v1::VERDICT_LISTED, v1::VERDICT_CLEAR, v1::VERDICT_NOT_COVERED,
                          v1::VERDICT_INVALID, v1::VERDICT_LISTED));
  EXPECT_THAT(response.reasons(),
              ElementsAre(1U << v1::REASON_NATIONAL, 0, 1U << v1::REASON_AREA_CODE_NOT_LOADED,
                          1U << v1::REASON_MALFORMED, 1U << v1::REASON_NATIONAL));
  EXPECT_EQ(response.results_size(), 0);
  EXPECT_EQ(response.snapshot().revision(), 5);
  ASSERT_EQ(response.snapshot().lists_size(), 1);
  const v1::ListSnapshot& list = response.snapshot().lists(0);
  EXPECT_EQ(list.list(), "national");
  EXPECT_EQ(list.release_id(), 5);
  EXPECT_EQ(list.digest().size(), 32);
  EXPECT_EQ(list.valid_until().seconds() - list.obtained_at().seconds(), 31 * 86400);
  EXPECT_EQ(metrics_.Sum().numbers[static_cast<size_t>(Verdict::kListed)], 2);
  EXPECT_EQ(metrics_.Sum().numbers[static_cast<size_t>(Verdict::kInvalid)], 1);
}

TEST_F(ScrubServiceTest, ReadsNumbersOfFiveBytes) {
  Start();
  v1::ScrubRequest request;
  for (const uint64_t number : {2015550101UL, 12015550123UL, 42UL}) {
    for (int byte = 0; byte < 5; ++byte) {
      request.mutable_packed_numbers()->push_back(static_cast<char>(number >> (8 * byte)));
    }
  }
  // From bytes to bytes, and by protobuf on a worker.
  for (const v1::Detail detail : {v1::DETAIL_COLUMNS, v1::DETAIL_FULL}) {
    request.set_detail(detail);
    v1::ScrubResponse response;
    ASSERT_TRUE(Scrub(request, &response).ok());
    EXPECT_THAT(response.verdicts(),
                ElementsAre(v1::VERDICT_LISTED, v1::VERDICT_CLEAR, v1::VERDICT_INVALID));
  }
  request.mutable_packed_numbers()->push_back('x');
  v1::ScrubResponse response;
  EXPECT_EQ(ReasonOf(Scrub(request, &response)), "INVALID_REQUEST");
  request.mutable_packed_numbers()->pop_back();
  request.add_texts("2015550101");
  EXPECT_EQ(ReasonOf(Scrub(request, &response)), "INVALID_REQUEST");
}

// Whoever is above the quota is refused at the beginning of a long request, with reason and time,
// and each such call counts. A key that is revoked is noticed at once.
TEST_F(ScrubServiceTest, RefusesLongRequestsAboveTheQuota) {
  options_.limits.max_batch = 10'000;
  Start();
  Tenant tenant;
  tenant.id = "floods";
  tenant.quotas.numbers_per_second = 1;
  ASSERT_TRUE(stores_.directory().Create(tenant, "test").ok());
  ApiKey key;
  key.tenant_id = tenant.id;
  key.scopes = {KeyScope::kScrub};
  const auto made = stores_.directory().CreateKey(key, "test");
  ASSERT_TRUE(made.ok());
  const v1::ScrubRequest request = Numbers(std::vector<uint64_t>(10'000, 2015550101));
  const auto call = [&] {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + made->secret);
    v1::ScrubResponse response;
    return scrub_->Scrub(&context, request, &response);
  };
  EXPECT_TRUE(call().ok());  // runs the quota into debt
  for (int i = 0; i < 20; ++i) {
    const grpc::Status refused = call();
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(InfoAndRetryOf(refused), "QUOTA_EXCEEDED");
    EXPECT_THAT(refused.error_message(), HasSubstr("quota of 1 numbers a second"));
  }
  constexpr auto kRefused = static_cast<size_t>(absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(metrics_.Sum().calls[static_cast<size_t>(Method::kScrub)][kRefused], 20U);
  ASSERT_TRUE(stores_.directory().RevokeKey(made->key.id, "test").ok());
  EXPECT_EQ(ReasonOf(call()), "UNAUTHENTICATED");
  EXPECT_EQ(ReasonOf(call()), "UNAUTHENTICATED");
}

// A burst above what may be under way: each call is answered right, or refused with the time after
// which to come again.
TEST_F(ScrubServiceTest, RefusesWhatItCannotAnswerSoon) {
  options_.limits.numbers_under_way = 1;
  options_.rpc.threads = 1;
  Start();
  const v1::ScrubRequest request = Numbers(std::vector<uint64_t>(1000, 2015550101));
  int refused = 0;
  for (int burst = 0; burst < 1000 && refused == 0; ++burst) {
    struct AsyncCall {
      grpc::ClientContext context;
      v1::ScrubResponse response;
      grpc::Status status;
      std::unique_ptr<grpc::ClientAsyncResponseReader<v1::ScrubResponse>> reader;
    };
    std::vector<AsyncCall> calls(64);
    grpc::CompletionQueue queue;
    for (AsyncCall& call : calls) {
      call.reader = scrub_->AsyncScrub(&call.context, request, &queue);
      call.reader->Finish(&call.response, &call.status, &call);
    }
    for (size_t i = 0; i < calls.size(); ++i) {
      void* tag = nullptr;
      bool ok = false;
      ASSERT_TRUE(queue.Next(&tag, &ok));
      const auto& call = *static_cast<AsyncCall*>(tag);
      if (call.status.ok()) {
        EXPECT_EQ(call.response.verdicts_size(), 1000);
        EXPECT_EQ(call.response.verdicts(999), v1::VERDICT_LISTED);
        continue;
      }
      ++refused;
      EXPECT_EQ(call.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
      EXPECT_EQ(InfoAndRetryOf(call.status), "LIMIT_REACHED");
    }
  }
  EXPECT_GT(refused, 0);
  v1::ScrubResponse response;
  EXPECT_TRUE(Scrub(request, &response).ok()) << "nothing is left at the gate";
}

TEST_F(ScrubServiceTest, ReadsTexts) {
  Start();
  v1::ScrubRequest request;
  request.add_texts("(201) 555-0101");
  request.add_texts("+1.212.555.0101");
  request.add_texts("call me");
  v1::ScrubResponse response;
  ASSERT_TRUE(Scrub(request, &response).ok());
  EXPECT_THAT(response.verdicts(),
              ElementsAre(v1::VERDICT_LISTED, v1::VERDICT_CLEAR, v1::VERDICT_INVALID));
}

TEST_F(ScrubServiceTest, AnswersAnEmptyBatchWithASnapshot) {
  Start();
  v1::ScrubResponse response;
  ASSERT_TRUE(Scrub({}, &response).ok());
  EXPECT_EQ(response.verdicts_size(), 0);
  EXPECT_EQ(response.snapshot().revision(), 5);
}

TEST_F(ScrubServiceTest, RefusesRequestsOutOfOrder) {
  Start();
  v1::ScrubResponse response;
  v1::ScrubRequest both = Numbers({2015550101});
  both.add_texts("2015550101");
  grpc::Status status = Scrub(both, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "INVALID_REQUEST");

  status = Scrub(Numbers(std::vector<uint64_t>(1001, 2015550101)), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "BATCH_TOO_LARGE");
  EXPECT_TRUE(Scrub(Numbers(std::vector<uint64_t>(1000, 2015550101)), &response).ok());

  v1::ScrubRequest unknown = Numbers({2015550101});
  unknown.set_detail(static_cast<v1::Detail>(9));
  EXPECT_EQ(ReasonOf(Scrub(unknown, &response)), "INVALID_REQUEST");

  v1::ScrubRequest future = Numbers({2015550101});
  future.mutable_as_of()->set_seconds(absl::ToUnixSeconds(absl::Now()) + 3600);
  EXPECT_EQ(ReasonOf(Scrub(future, &response)), "INVALID_REQUEST");
  future.mutable_as_of()->set_nanos(-1);
  EXPECT_EQ(ReasonOf(Scrub(future, &response)), "INVALID_REQUEST");
  v1::ScrubRequest answered = Numbers({2015550101});
  answered.mutable_as_answered_at()->set_seconds(absl::ToUnixSeconds(absl::Now()) + 3600);
  EXPECT_EQ(ReasonOf(Scrub(answered, &response)), "INVALID_REQUEST");
  answered.mutable_as_answered_at()->set_seconds(1'000'000'000);
  EXPECT_TRUE(Scrub(answered, &response).ok());
  EXPECT_EQ(response.snapshot().decided_at().seconds(), 1'000'000'000);
  answered.mutable_as_of()->set_seconds(1'000'000'000);
  EXPECT_EQ(ReasonOf(Scrub(answered, &response)), "INVALID_REQUEST") << "two moments";
}

// Callers may rely on which of two errors they are told.
TEST_F(ScrubServiceTest, TheScopeIsCheckedBeforeTheMoment) {
  Start();
  v1::ScrubRequest scrub = Numbers({2015550101});
  scrub.mutable_as_of()->set_nanos(-1);
  v1::ScrubResponse scrubbed;
  EXPECT_THAT(Scrub(scrub, &scrubbed).error_message(), Not(HasSubstr("`scope`")));
  scrub.set_scope("No Scope");
  EXPECT_THAT(Scrub(scrub, &scrubbed).error_message(), HasSubstr("`scope`"));

  v1::CheckNumberRequest check;
  check.set_number("2015550101");
  check.mutable_as_of()->set_nanos(-1);
  check.set_scope("No Scope");
  grpc::ClientContext context;
  v1::CheckNumberResponse checked;
  EXPECT_THAT(scrub_->CheckNumber(&context, check, &checked).error_message(), HasSubstr("`scope`"));
}

TEST_F(ScrubServiceTest, IsUnavailableWhileStarting) {
  StartEmpty();
  v1::ScrubResponse response;
  const grpc::Status status = Scrub(Numbers({2015550101}), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "STARTING");
  grpc::ClientContext context;
  v1::CheckNumberResponse check;
  EXPECT_EQ(ReasonOf(scrub_->CheckNumber(&context, {}, &check)), "STARTING");
}

TEST_F(ScrubServiceTest, TellsEverythingWithFullDetail) {
  Start();
  v1::ScrubRequest request = Numbers({2015550101, 2015550123, 7});
  request.set_detail(v1::DETAIL_FULL);
  v1::ScrubResponse response;
  ASSERT_TRUE(Scrub(request, &response).ok());
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_THAT(response.verdicts(),
              ElementsAre(v1::VERDICT_LISTED, v1::VERDICT_CLEAR, v1::VERDICT_INVALID));
  EXPECT_EQ(response.results(0).rule(), v1::RULE_NATIONAL);
  EXPECT_EQ(response.results(0).matches(0).effect(), v1::LIST_EFFECT_DENY);
  EXPECT_THAT(response.results(0).reasons(), ElementsAre(v1::REASON_NATIONAL));
  EXPECT_FALSE(response.results(1).explanation().empty());
  EXPECT_EQ(response.results(2).number(), 0);
}

TEST_F(ScrubServiceTest, AnswersAsOfAMomentByColumns) {
  Start();
  v1::ScrubRequest request = Numbers({2015550101});
  request.mutable_as_of()->set_seconds(absl::ToUnixSeconds(absl::Now()) - 60);
  v1::ScrubResponse response;
  ASSERT_TRUE(Scrub(request, &response).ok());
  EXPECT_THAT(response.verdicts(), ElementsAre(v1::VERDICT_LISTED));
  EXPECT_EQ(response.results_size(), 0);
  EXPECT_EQ(response.snapshot().decided_at().seconds(), request.as_of().seconds());
}

TEST_F(ScrubServiceTest, NeverSendsAShortAnswer) {
  Start();
  registry_.SetShortAnswers();
  v1::ScrubRequest request = Numbers({2015550101, 2015550123});
  request.set_detail(v1::DETAIL_FULL);
  v1::ScrubResponse response;
  const grpc::Status status = Scrub(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(ReasonOf(status), "INTERNAL");
}

TEST_F(ScrubServiceTest, ChecksANumber) {
  Start();
  grpc::ClientContext context;
  v1::CheckNumberRequest request;
  request.set_number("1 201 555 0101");
  v1::CheckNumberResponse response;
  ASSERT_TRUE(scrub_->CheckNumber(&context, request, &response).ok());
  EXPECT_EQ(response.result().number(), 2015550101);
  EXPECT_EQ(response.result().verdict(), v1::VERDICT_LISTED);
  EXPECT_EQ(response.snapshot().revision(), 5);
}

TEST_F(ScrubServiceTest, StreamsBatchesInOrder) {
  Start();
  grpc::ClientContext context;
  const auto stream = scrub_->ScrubStream(&context);
  for (int i = 0; i < 200; ++i) {
    v1::ScrubStreamRequest request;
    for (int j = 0; j <= i; ++j) request.mutable_scrub()->add_numbers(2015550100);
    if (i % 10 == 9) request.mutable_scrub()->set_detail(v1::DETAIL_FULL);
    ASSERT_TRUE(stream->Write(request));
    v1::ScrubStreamResponse response;
    ASSERT_TRUE(stream->Read(&response));
    ASSERT_EQ(response.scrub().verdicts_size(), i + 1);
    EXPECT_EQ(response.scrub().verdicts(i), v1::VERDICT_LISTED);
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ScrubServiceTest, FirstErrorEndsAStream) {
  Start();
  grpc::ClientContext context;
  const auto stream = scrub_->ScrubStream(&context);
  v1::ScrubStreamRequest request;
  request.mutable_scrub()->add_numbers(2015550100);
  ASSERT_TRUE(stream->Write(request));
  request.mutable_scrub()->add_texts("x");
  stream->Write(request);
  v1::ScrubStreamResponse response;
  EXPECT_TRUE(stream->Read(&response));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(ReasonOf(stream->Finish()), "INVALID_REQUEST");
}

TEST_F(ScrubServiceTest, StopsWithStreamsOpen) {
  Start();
  grpc::ClientContext context;
  const auto stream = scrub_->ScrubStream(&context);
  v1::ScrubStreamRequest request;
  request.mutable_scrub()->add_numbers(2015550100);
  ASSERT_TRUE(stream->Write(request));
  v1::ScrubStreamResponse response;
  ASSERT_TRUE(stream->Read(&response));
  const absl::Time begin = absl::Now();
  server_->Stop();
  EXPECT_LT(absl::Now() - begin, absl::FromChrono(kPatience));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(ScrubServiceTest, ManyCallersWhileSnapshotsChangeAndCallsAreCancelled) {
  Start();
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&, t] {
      for (int i = 0; !stop; ++i) {
        v1::ScrubRequest request = Numbers(std::vector<uint64_t>(i % 300, 2015550100));
        if (i % 3 == 0) request.set_detail(v1::DETAIL_FULL);
        grpc::ClientContext context;
        if (t == 0) {
          context.set_deadline(std::chrono::system_clock::now() +
                               std::chrono::microseconds(i % 500));
        }
        v1::ScrubResponse response;
        const grpc::Status status = scrub_->Scrub(&context, request, &response);
        if (!status.ok()) {
          EXPECT_EQ(t, 0) << status.error_message();
          continue;
        }
        ++answered;
        ASSERT_EQ(response.verdicts_size(), request.numbers_size());
        for (const int verdict : response.verdicts()) ASSERT_EQ(verdict, v1::VERDICT_LISTED);
      }
    });
  }
  callers.emplace_back([&] {  // streams that break off at any point, on a connection of their own
    grpc::ChannelArguments arguments;
    arguments.SetInt("test.breaks_off", 1);
    const auto breaker = v1::ScrubService::NewStub(grpc::CreateCustomChannel(
        server_->address(), grpc::InsecureChannelCredentials(), arguments));
    for (int i = 0; !stop; ++i) {
      // Not without a pause: client and server share a process here, and with it gRPC's poller.
      absl::SleepFor(absl::Microseconds(200));
      grpc::ClientContext context;
      const auto stream = breaker->ScrubStream(&context);
      v1::ScrubStreamRequest request;
      request.mutable_scrub()->add_numbers(2015550100);
      if (i % 2 == 0) request.mutable_scrub()->set_detail(v1::DETAIL_FULL);
      for (int j = 0; j < i % 5; ++j) stream->Write(request);
      if (i % 7 == 0) context.TryCancel();
    }
  });
  const absl::Time enough = absl::Now() + absl::Seconds(2);
  const absl::Time end = absl::Now() + absl::FromChrono(kPatience);
  for (uint64_t revision = 6; absl::Now() < enough || (answered <= 100 && absl::Now() < end);
       ++revision) {
    Publish(TestSnapshot(revision, absl::Now()));
    absl::SleepFor(absl::Milliseconds(1));
  }
  stop = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_GT(answered, 100);
}

}  // namespace
}  // namespace dnc
