// Two servers with the same published lists behind one client are restarted by SIGTERM, one after
// the other, under load: no scrub fails, and no acknowledged opt-out is lost. DNC_RESTARTS makes it
// longer: `./dev bench durability`.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "dnc/client.h"
#include "tests/support/server_process.h"
#include "tests/support/server_test.h"
#include "tests/support/wait.h"

namespace dnc::blackbox {
namespace {

constexpr int kScrubbers = 16;
constexpr int kWriters = 4;
constexpr uint64_t kListed = 201'555'0000;    // the odd ones of these
constexpr uint64_t kOptedOut = 202'200'0000;  // and from here on what the writers add

// Returns a port that nobody has, outside those that the system gives to connections: nobody may
// take it while its server restarts.
std::string FreeAddress(Random& random) {
  while (true) {
    const auto port = static_cast<uint16_t>(20'000 + Below(random, 12'000));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_free =
        bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    close(fd);
    if (is_free) return absl::StrCat("127.0.0.1:", port);
  }
}

// Adds opt-outs on one server; repeats each with its request_id until it is acknowledged.
class Writer {
 public:
  Writer(std::string address, int index) : address_(std::move(address)), index_(index) {}

  void Run(const std::atomic<bool>& stop) {
    const auto channel = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
    const auto stub = v1::ListService::NewStub(channel);
    while (!stop) {
      v1::AddNumbersRequest request;
      request.add_records()->set_number(absl::StrCat(First() + written_));
      request.set_request_id(absl::StrCat("writer-", index_, "-", written_));
      while (!TryAdd(*stub, request)) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      ++written_;
    }
  }

  std::vector<uint64_t> Numbers() const {
    std::vector<uint64_t> numbers(written_);
    for (uint64_t i = 0; i < written_; ++i) numbers[i] = First() + i;
    return numbers;
  }
  const std::string& address() const { return address_; }

 private:
  uint64_t First() const { return kOptedOut + static_cast<uint64_t>(index_) * 100'000; }

  static bool TryAdd(v1::ListService::Stub& stub, const v1::AddNumbersRequest& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    v1::AddNumbersResponse response;
    const grpc::Status status = stub.AddNumbers(&context, request, &response);
    return status.ok() && response.results_size() == 1 &&
           response.results(0).outcome() != v1::WRITE_OUTCOME_REFUSED;
  }

  const std::string address_;
  const int index_;
  uint64_t written_ = 0;
};

class RestartTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Random random(TestSeed());
    std::vector<uint64_t> numbers;
    for (uint64_t i = 1; i < 5'000; i += 2) numbers.push_back(kListed + i);
    for (int i = 0; i < 2; ++i) {
      ServerSettings settings;
      settings.data_dir = absl::StrCat(dir_.path(), "/data", i);
      settings.listen = FreeAddress(random);
      servers_.push_back(std::make_unique<ServerProcess>(std::move(settings)));
      ASSERT_TRUE(servers_.back()->Start()) << servers_.back()->Log();
      LoadRequest request;
      request.files.push_back(FullList("national", numbers));
      request.obtained_at = std::time(nullptr) - 24 * 3600;
      TestClient client(servers_.back()->address());
      const LoadOutcome outcome = client.Load(request);
      ASSERT_TRUE(outcome.succeeded()) << outcome.Describe();
    }
  }

  // Scrubs until `stop`, and keeps the first failure.
  void Scrub(const Client& client, const std::atomic<bool>& stop) {
    std::vector<uint64_t> numbers;
    for (uint64_t i = 0; i < 100; ++i) numbers.push_back(kListed + i);
    while (!stop) {
      const ScrubResult result = client.Scrub(numbers);
      bool right = result.ok();
      for (size_t i = 0; i < numbers.size() && right; ++i)
        right = result.may_call(i) == (i % 2 == 0);
      if (right) {
        ++scrubs_;
        continue;
      }
      ++failed_;
      const std::lock_guard lock(mutex_);
      if (failure_.empty()) failure_ = result.ok() ? "a wrong verdict" : result.status().ToString();
    }
  }

  // Waits until the server itself answers scrubs.
  static void WaitUntilReady(const ServerProcess& server) {
    TestClient client(server.address());
    EXPECT_TRUE(WaitUntil(
        [&] { return client.Verdicts({kListed + 1}) == std::vector{v1::VERDICT_LISTED}; }));
  }

  TempDir dir_;
  std::vector<std::unique_ptr<ServerProcess>> servers_;
  std::atomic<uint64_t> scrubs_{0};
  std::atomic<uint64_t> failed_{0};
  std::mutex mutex_;
  std::string failure_;  // guarded by mutex_
};

TEST_F(RestartTest, NoScrubFailsAndNoOptOutIsLost) {
  const uint64_t restarts = FromEnvironment("DNC_RESTARTS", 5);
  ClientOptions options;
  options.target = absl::StrCat("ipv4:", servers_[0]->address(), ",", servers_[1]->address());
  options.deadline = absl::Minutes(5);  // a slow machine is no failed call
  const auto client = Client::Connect(options);
  ASSERT_TRUE(client.ok()) << client.status();
  std::atomic<bool> stop = false;
  std::vector<Writer> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back(servers_[static_cast<size_t>(i % 2)]->address(), i);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kScrubbers; ++i) threads.emplace_back([&] { Scrub(*client, stop); });
  for (Writer& writer : writers) threads.emplace_back([&] { writer.Run(stop); });
  bool started = true;
  for (uint64_t i = 0; i < restarts && started && failed_ == 0; ++i) {
    // Some scrubs and writes happen in between, whatever the machine's speed.
    const uint64_t before = scrubs_;
    EXPECT_TRUE(WaitUntil([&] { return scrubs_ >= before + 100 || failed_ > 0; }));
    ServerProcess& server = *servers_[i % 2];
    EXPECT_EQ(server.Stop(), 0) << server.Log();
    started = server.Start();
    EXPECT_TRUE(started) << server.Log();
    if (started) WaitUntilReady(server);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed_, 0U) << failure_;
  uint64_t written = 0;
  for (const Writer& writer : writers) {
    const std::vector<uint64_t> numbers = writer.Numbers();
    EXPECT_FALSE(numbers.empty());
    written += numbers.size();
    TestClient there(writer.address());
    EXPECT_EQ(there.Verdicts(numbers), std::vector(numbers.size(), v1::VERDICT_LISTED));
  }
  std::printf("%llu restarts, %llu scrubs, %llu opt-outs: none failed, none lost\n",
              static_cast<unsigned long long>(restarts),
              static_cast<unsigned long long>(scrubs_.load()),
              static_cast<unsigned long long>(written));
}

}  // namespace
}  // namespace dnc::blackbox
