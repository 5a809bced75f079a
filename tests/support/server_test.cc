#include "tests/support/server_test.h"

#include <chrono>
#include <thread>

namespace dnc::blackbox {

bool ServerTest::Start(std::vector<std::string> arguments) {
  return StartOn({data_dir(), std::move(arguments)});
}

bool ServerTest::StartOn(ServerSettings settings) {
  server_ = std::make_unique<ServerProcess>(std::move(settings));
  return Connect();
}

bool ServerTest::Restart() { return Connect(); }

bool ServerTest::Connect() {
  if (!server_->Start()) return false;
  client_ = std::make_unique<TestClient>(server_->address());
  for (int i = 0; i < 2000 && server_->running(); ++i) {
    if (!client_->Verdicts({2015550123}).empty()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

void ServerTest::LoadFull(const std::vector<uint64_t>& numbers, std::time_t obtained_at,
                          const std::vector<std::string>& allow) {
  LoadRequest request;
  request.files = {FullList("full", numbers)};
  request.obtained_at = obtained_at;
  request.allow = allow;
  const LoadOutcome outcome = client_->Load(request);
  ASSERT_TRUE(outcome.succeeded()) << outcome.Describe();
}

std::set<uint64_t> RandomNumbers(Random& random, int area_code, size_t count, uint64_t exchanges) {
  std::set<uint64_t> numbers;
  const uint64_t base = static_cast<uint64_t>(area_code) * 10'000'000;
  while (numbers.size() < count) numbers.insert(base + Below(random, exchanges * 10'000));
  return numbers;
}

}  // namespace dnc::blackbox
