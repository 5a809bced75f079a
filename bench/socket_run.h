// Runs a whole server over a snapshot and real stores of tenants, and calls Scrub through a socket:
// what a call costs from socket to socket.
#pragma once

#include <memory>
#include <string>

#include "absl/types/span.h"
#include "dnc/v1/scrub_service.pb.h"
#include "server/base/metrics.h"
#include "server/numbers/phone_number.h"
#include "server/rpc/fake_registry.h"
#include "server/rpc/server.h"
#include "server/rpc/test_stores.h"
#include "server/scrub/snapshot.h"
#include "server/wire/test_client.h"
#include "tests/support/temp_dir.h"

namespace dnc {

// Uses one thread, beside those of the server: one loop serves all calls unless told, and does not
// look for the next event before it sleeps, which would count as work.
class SocketRun {
 public:
  // The socket and the stores are in a folder of their own, which is removed with the run.
  explicit SocketRun(const SnapshotPtr& snapshot, int loops = 1);
  ~SocketRun();
  SocketRun(const SocketRun&) = delete;
  SocketRun& operator=(const SocketRun&) = delete;

  // Asks about the numbers, and waits for the answer. Returns false if it is no OK with a verdict
  // for each.
  bool Scrub(absl::Span<const Number> numbers);

  // Opens one more connection, for a thread of the caller's. The first one belongs to the first
  // loop, and each further one to the next.
  std::unique_ptr<TestClient> Connect() const;
  // Asks as Scrub does, through such a connection.
  static bool Scrub(TestClient* client, const v1::ScrubRequest& request);
  // Asks with the key of a tenant above its quota. Returns false if that is not why the call fails.
  bool Refused(absl::Span<const Number> numbers);

 private:
  // Makes the tenant's key, at the first call.
  const std::string& KeyAboveQuota();

  const blackbox::TempDir folder_;  // outlives the stores in it
  const Clock clock_;
  FakeRegistry registry_;
  Metrics metrics_;
  TestStores stores_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<TestClient> client_;
  std::string key_;
};

}  // namespace dnc
