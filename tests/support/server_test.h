// The frame of a test that has its own server on a fresh data folder.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/support/seed.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_client.h"

namespace dnc::blackbox {

class ServerTest : public ::testing::Test {
 protected:
  // Starts the server, and waits until it answers scrubs. Returns false if it refuses to start.
  bool Start(std::vector<std::string> arguments = {});
  bool StartOn(ServerSettings settings);
  bool Restart();

  TestClient& client() { return *client_; }
  ServerProcess& server() { return *server_; }
  std::string data_dir() const { return dir_.path() + "/data"; }

  // Loads full lists of the national registry, and expects that it succeeds.
  void LoadFull(const std::vector<uint64_t>& numbers, std::time_t obtained_at,
                const std::vector<std::string>& allow = {});

 private:
  bool Connect();

  TempDir dir_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<TestClient> client_;
};

// Returns `count` different random numbers of an area code, ascending. `exchanges` says in how many
// of the 1,000 exchanges they are.
std::set<uint64_t> RandomNumbers(Random& random, int area_code, size_t count,
                                 uint64_t exchanges = 1000);

}  // namespace dnc::blackbox
