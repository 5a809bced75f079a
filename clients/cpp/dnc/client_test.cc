#include "dnc/client.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "absl/time/clock.h"
#include "clients/cpp/testing/fake_dncd.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

constexpr uint64_t kClear = 2015550100;
constexpr uint64_t kListed = 2015550101;

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() { options_.deadline = absl::Minutes(1); }

  Client Connect() {
    options_.target = server_->address();
    auto client = Client::Connect(options_);
    EXPECT_TRUE(client.ok());
    return *std::move(client);
  }

  std::unique_ptr<FakeDncd> server_ = std::make_unique<FakeDncd>();
  ClientOptions options_;
};

// A client that asks for TLS is never served without it.
TEST_F(ClientTest, TlsIsNeverLeftOut) {
  options_.tls.enabled = true;
  options_.max_attempts = 1;
  const ScrubResult result = Connect().Scrub(std::vector<uint64_t>{kClear});
  EXPECT_FALSE(result.ok());  // the server speaks plain text
  EXPECT_FALSE(result.may_call(0));
  options_.tls = {.ca_file = "/absent.pem"};
  EXPECT_TRUE(absl::IsNotFound(Client::Connect(options_).status()));
  options_.tls = {.ca_file = "README.md"};
  EXPECT_TRUE(absl::IsInvalidArgument(Client::Connect(options_).status()));
  options_.tls = {.ca_file = ""};
  EXPECT_TRUE(absl::IsInvalidArgument(Client::Connect(options_).status()));
  options_.tls = {.enabled = true, .ca_file = ""};
  EXPECT_TRUE(absl::IsInvalidArgument(Client::Connect(options_).status()));
  options_.tls = {.server_name = "dnc.test"};
  EXPECT_TRUE(absl::IsInvalidArgument(Client::Connect(options_).status()));
}

TEST_F(ClientTest, ScrubsNumbersAndTexts) {
  const Client client = Connect();
  const ScrubResult numbers = client.Scrub(std::vector<uint64_t>{kClear, kListed, 12015550100, 5});
  ASSERT_TRUE(numbers.ok()) << numbers.status();
  EXPECT_TRUE(numbers.may_call(0));
  EXPECT_EQ(numbers.verdict(1), v1::VERDICT_LISTED);
  EXPECT_TRUE(numbers.may_call(2));
  EXPECT_EQ(numbers.verdict(3), v1::VERDICT_INVALID);
  const ScrubResult texts = client.Scrub(std::vector<std::string>{"(201) 555-0100", "201-555-0101",
                                                                  "201\xA0"
                                                                  "5550100"});
  ASSERT_TRUE(texts.ok()) << texts.status();
  EXPECT_TRUE(texts.may_call(0));
  EXPECT_FALSE(texts.may_call(1));
  EXPECT_EQ(texts.verdict(2), v1::VERDICT_INVALID);
  ASSERT_EQ(texts.snapshots().size(), 1u);
  EXPECT_EQ(texts.snapshots()[0].revision(), 7u);
}

TEST_F(ClientTest, SplitsIntoBatchesAndKeepsTheOrder) {
  options_.batch_size = 1000;
  const Client client = Connect();
  std::vector<uint64_t> numbers(10'500);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = 2015550000 + (i * i) % 9999;
  const ScrubResult result = client.Scrub(numbers);
  ASSERT_TRUE(result.ok()) << result.status();
  for (size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(result.may_call(i), numbers[i] % 2 == 0);
  EXPECT_EQ(result.snapshots().size(), 11u);
  EXPECT_EQ(server_->scrub.largest_batch, 1000);
}

TEST_F(ClientTest, ServerThatTakesFewerIsAskedInSmallerBatches) {
  const Client client = Connect();
  std::vector<uint64_t> numbers(1'000);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = 2015550000 + (i * i) % 9999;
  for (const auto& [max_batch, hidden] : {std::pair(70, false), std::pair(7, true)}) {
    server_->scrub.max_batch = max_batch;
    server_->scrub.hide_limit = hidden;
    const ScrubResult result = client.Scrub(numbers);
    ASSERT_TRUE(result.ok()) << result.status();
    for (size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(result.may_call(i), numbers[i] % 2 == 0);
  }
  // The known limit is not exceeded again.
  const int before = server_->scrub.calls;
  EXPECT_TRUE(client.Scrub(absl::MakeSpan(numbers).first(4)).ok());
  EXPECT_EQ(server_->scrub.calls, before + 1);
}

TEST_F(ClientTest, BatchesEndByBytesAsWell) {
  options_.batch_size = 1'000'000;
  const Client client = Connect();
  const std::vector<std::string> texts(60'000, "2015550100" + std::string(70, ' '));
  const ScrubResult result = client.Scrub(texts);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_LE(server_->scrub.largest_batch, 13'000);
  for (size_t i = 0; i < texts.size(); ++i) ASSERT_TRUE(result.may_call(i));
}

TEST_F(ClientTest, NothingAskedNeedsNoServer) {
  const Client client = Connect();
  server_.reset();
  EXPECT_TRUE(client.Scrub(std::vector<uint64_t>{}).ok());
}

TEST_F(ClientTest, RetriesWhileUnavailable) {
  server_->scrub.unavailable = 2;
  EXPECT_TRUE(Connect().Scrub(std::vector<uint64_t>{kClear}).may_call(0));
  EXPECT_EQ(server_->scrub.calls, 3);
}

TEST_F(ClientTest, ShortAnswersAreDoNotCall) {
  const Client client = Connect();
  const std::vector<uint64_t> numbers(10, kClear);
  for (const bool verdicts : {true, false}) {
    server_->scrub.drop_verdicts = verdicts ? 1 : 0;
    server_->scrub.drop_reasons = verdicts ? 0 : 1;
    const ScrubResult result = client.Scrub(numbers);
    EXPECT_FALSE(result.ok());
    for (size_t i = 0; i < numbers.size(); ++i) EXPECT_FALSE(result.may_call(i));
  }
}

TEST_F(ClientTest, TimeoutIsDoNotCall) {
  options_.deadline = absl::Milliseconds(100);
  server_->scrub.stall = true;
  // Without a deadline it would wait forever.
  const ScrubResult result = Connect().Scrub(std::vector<uint64_t>{kClear});
  EXPECT_TRUE(absl::IsDeadlineExceeded(result.status())) << result.status();
  EXPECT_FALSE(result.may_call(0));
}

TEST_F(ClientTest, ServerThatGoesAwayIsDoNotCallFromThere) {
  options_.batch_size = 1;
  const Client client = Connect();
  const std::vector<uint64_t> numbers(30'000, kClear);
  server_->scrub.stall_at = 50;
  std::thread killer([this] {
    EXPECT_TRUE(WaitUntil([this] { return server_->scrub.calls >= 50; }));
    server_.reset();
  });
  const ScrubResult result = client.Scrub(numbers);
  killer.join();
  ASSERT_FALSE(result.ok());
  ASSERT_GT(result.answered(), 0u);
  for (size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(result.may_call(i), i < result.answered());
}

TEST_F(ClientTest, ChecksOneNumber) {
  const Client client = Connect();
  const auto listed = client.CheckNumber("+1 (201) 555-0101");
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_FALSE(listed->may_call());
  EXPECT_EQ(listed->result().number(), kListed);
  EXPECT_EQ(listed->result().matches_size(), 2);
  const auto clear = client.CheckNumber("2015550100");
  ASSERT_TRUE(clear.ok());
  EXPECT_TRUE(clear->may_call());
  EXPECT_FALSE(NumberCheck().may_call());
  server_.reset();
  EXPECT_FALSE(client.CheckNumber("2015550100").ok());
}

// Another server may have the revision without the opt-out.
TEST_F(ClientTest, ARevisionIsAskedForAtOneServerOnly) {
  Client one = Connect();
  EXPECT_TRUE(one.Scrub(std::vector<uint64_t>{kClear}, {.at_least_revision = 7}).may_call(0));
  options_.target = " ipv4:" + server_->address() + "," + server_->address();
  const auto several = Client::Connect(options_);
  ASSERT_TRUE(several.ok()) << several.status();
  EXPECT_TRUE(several->Scrub(std::vector<uint64_t>{kClear}).may_call(0));
  const int before = server_->scrub.calls;
  const ScrubResult refused =
      several->Scrub(std::vector<uint64_t>{kClear}, {.at_least_revision = 7});
  EXPECT_FALSE(refused.may_call(0));
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status())) << refused.status();
  EXPECT_TRUE(absl::IsInvalidArgument(
      several->CheckNumber("2015550100", {.at_least_revision = 7}).status()));
  EXPECT_EQ(server_->scrub.calls, before);
}

TEST(ClientOptionsTest, BadOptionsAreRefused) {
  ClientOptions options;
  EXPECT_TRUE(Client::Connect(options).ok());
  for (const auto& bad :
       {ClientOptions{.target = ""}, ClientOptions{.max_attempts = 0},
        ClientOptions{.batch_size = 0}, ClientOptions{.deadline = absl::ZeroDuration()},
        ClientOptions{.deadline = absl::InfiniteDuration()},
        ClientOptions{.max_clock_difference = absl::ZeroDuration()},
        ClientOptions{.max_clock_difference = absl::InfiniteDuration()}}) {
    EXPECT_FALSE(Client::Connect(bad).ok());
  }
}

TEST(RpcStatusTest, KeepsReasonAndGuard) {
  const absl::Status status = FromGrpcStatus(StatusWithReason("GUARD_REFUSED", "shrink"));
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(ReasonOf(status), "GUARD_REFUSED");
  EXPECT_EQ(GuardOf(status), "shrink");
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), "");
  EXPECT_EQ(GuardOf(FromGrpcStatus(StatusWithReason("STARTING", ""))), "");
}

TEST(RpcStatusTest, ForeignDetailsAreNoHarm) {
  const grpc::Status garbage(grpc::StatusCode::INTERNAL, "x", "\x0a\xff garbage");
  EXPECT_TRUE(absl::IsInternal(FromGrpcStatus(garbage)));
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
}

}  // namespace
}  // namespace dnc
