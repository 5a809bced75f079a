// Compares the files of vectors with what is made here by the contract's own code, and plays them
// to the C++ client in place of a server. DNC_WRITE_VECTORS=1 writes the files.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>

#include "absl/time/time.h"
#include "clients/conformance/vector.h"
#include "dnc/client.h"
#include "dnc/connection.h"
#include "dnc/rpc_status.h"

namespace dnc::conformance {
namespace {

constexpr char kFolder[] = "clients/conformance/vectors";

std::vector<Vector> AllVectors() {
  std::vector<Vector> vectors = AnswerVectors();
  const std::vector<Vector> faults = FaultVectors();
  vectors.insert(vectors.end(), faults.begin(), faults.end());
  return vectors;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ConformanceTest, FilesAreWhatTheContractMakes) {
  std::set<std::string> names;
  for (const auto& [name, content] : WriteVectors(AllVectors())) {
    const std::filesystem::path path = std::filesystem::path(kFolder) / name;
    if (std::getenv("DNC_WRITE_VECTORS") != nullptr) {
      std::filesystem::create_directories(kFolder);
      std::ofstream(path, std::ios::binary) << content;
    }
    EXPECT_EQ(ReadFile(path), content)
        << path << " is old: run this test with DNC_WRITE_VECTORS=1 at the repository's top";
    names.insert(name);
  }
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    EXPECT_TRUE(names.count(entry.path().filename()) > 0) << entry.path() << " is made by nothing";
  }
}

TEST(ConformanceTest, EveryVectorHasItsOwnName) {
  std::set<std::string> names;
  for (const Vector& vector : AllVectors()) {
    EXPECT_TRUE(names.insert(vector.name).second) << vector.name;
    EXPECT_EQ(vector.may_call.size(), vector.numbers.size()) << vector.name;
  }
}

// Answers each attempt as the vector says.
class PlayedStub : public ScrubStub {
 public:
  PlayedStub(const Vector& vector, int* requests) : vector_(vector), requests_(requests) {}

  absl::Status Scrub(absl::Time /*deadline*/, const v1::ScrubRequest& /*request*/,
                     v1::ScrubResponse* response) override {
    return Play(response);
  }
  absl::Status CheckNumber(absl::Time /*deadline*/, const v1::CheckNumberRequest& /*request*/,
                           v1::CheckNumberResponse* response) override {
    return Play(response);
  }

 private:
  absl::Status Play(google::protobuf::Message* response) {
    const auto at = static_cast<size_t>((*requests_)++);
    const GrpcForm& form = vector_.answers[std::min(at, vector_.answers.size() - 1)].grpc;
    const bool read = response->ParseFromString(form.message);
    if (form.code == 0) return read ? absl::OkStatus() : absl::InternalError("unreadable");
    return FromGrpcStatus({static_cast<grpc::StatusCode>(form.code), form.text, form.details});
  }

  const Vector& vector_;
  int* requests_;
};

// Only what gRPC itself leaves to the client is played here; tests/blackbox/test_conformance.py
// plays the broken connections to a program with the client.
bool IsPlayed(const Vector& vector) {
  return (vector.call == "scrub" || vector.call == "check") &&
         std::all_of(vector.answers.begin(), vector.answers.end(), [](const Answer& answer) {
           return answer.grpc_used && answer.grpc.fault.empty();
         });
}

// Returns for each number whether it may be called, and the status.
std::pair<std::vector<bool>, absl::Status> Ask(const Client& client, const Vector& vector) {
  ScrubOptions options = {.at_least_revision = vector.at_least_revision};
  if (vector.as_of != 0) options.as_of = absl::FromUnixSeconds(vector.as_of);
  std::vector<bool> may_call;
  if (vector.call == "check") {
    const auto check = client.CheckNumber(vector.numbers.front(), options);
    return {{check.ok() && check->may_call()}, check.status()};
  }
  const ScrubResult result = client.Scrub(vector.numbers, options);
  for (size_t i = 0; i < vector.numbers.size(); ++i) may_call.push_back(result.may_call(i));
  return {may_call, result.status()};
}

TEST(ConformanceTest, ClientSaysWhatTheVectorsExpect) {
  int played = 0;
  for (const Vector& vector : AllVectors()) {
    if (!IsPlayed(vector)) continue;
    SCOPED_TRACE(vector.name);
    int requests = 0;
    RetryPolicy policy;
    policy.deadline = absl::Seconds(vector.deadline_seconds);
    const Client client(
        std::make_unique<Connection>(std::make_unique<PlayedStub>(vector, &requests), policy,
                                     [](absl::Duration /*wait*/) {}),
        {}, [&vector] { return absl::FromUnixSeconds(vector.now); });
    const auto [may_call, status] = Ask(client, vector);
    EXPECT_EQ(may_call, vector.may_call);
    EXPECT_EQ(status.ok(), vector.error.empty()) << status;
    if (vector.requests > 0) {
      EXPECT_EQ(requests, vector.requests);
    }
    ++played;
  }
  EXPECT_GT(played, 30);
}

}  // namespace
}  // namespace dnc::conformance
