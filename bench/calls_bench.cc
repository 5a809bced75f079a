// Measures what threads cost each other that answer one tenant's calls at the same time: a Scrub of
// one number as the loops take it, from the bytes of the request to the bytes of the answer, with
// the caller's key, the quota and the counters. Connections and the kernel are left out.
//
//   bench_calls       // one thread, and two, four ... as many as there are cores
//
// The column CPU is the processor time of one call; what grows with the threads is what they cost
// each other. `limited` has a quota that is never used up, `open` has none. Cores that are two
// threads of one processor's core share its caches, and show nothing.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "bench/handler_run.h"
#include "server/base/call_timer.h"
#include "server/base/check.h"
#include "server/base/sharded_count.h"
#include "server/rpc/scrub_wire.h"
#include "server/service/authorizer.h"

namespace dnc {
namespace {

// What the loops of a server share.
struct Shared {
  explicit Shared(bool limited) {
    registry.SetSnapshot(TestSnapshot(1, clock.Now()));
    Tenant tenant;
    tenant.id = "bench";
    if (limited) tenant.quotas = {.numbers_per_second = 1'000'000'000, .calls_under_way = 10'000};
    DNC_CHECK(stores.directory().Create(tenant, "test").ok(), "a tenant is made");
    ApiKey key;
    key.tenant_id = "bench";
    key.scopes = {KeyScope::kScrub};
    const auto made = stores.directory().CreateKey(key, "test");
    DNC_CHECK(made.ok(), "a key is made");
    authorization = "Bearer " + made->secret;
    v1::ScrubRequest message;
    message.add_numbers(2'015'550'100);
    request = message.SerializeAsString();
  }

  bool Answer() {
    live.Add();
    const auto caller = authorizer.Admit({authorization, {}, 100}, Permission::kScrub);
    if (!caller.ok()) return false;
    const size_t charged = PeekCount(request).value_or(0);
    MessageBuffer response;
    {
      const auto admission = decider.Admit(*caller, charged);
      if (!admission.ok()) return false;
      const CallTimer timer(&metrics, Method::kScrub);
      const auto columns = ReadScrubColumns(request);
      if (!columns.has_value() || !ScrubHandler::IsFast(*caller, *columns)) return false;
      if (!handler.AnswerColumns(*caller, charged, *columns, &response).ok()) return false;
    }
    metrics.CountCall(Method::kScrub, absl::StatusCode::kOk);
    live.Remove();
    return !response.message().empty();
  }

  const blackbox::TempDir folder;  // outlives the stores in it
  const Clock clock;
  FakeRegistry registry{"/nonexistent"};
  Metrics metrics;
  ShardedCount live;
  TestStores stores{folder.path(), &clock};
  Authorizer authorizer{&stores.directory(), &stores.order(), /*keys_required=*/true};
  Decider decider{DecideLimits(), stores.Sources(&registry, &metrics)};
  ScrubHandler handler{&decider};
  std::string authorization;
  std::string request;
};

void BM_Calls(benchmark::State& state, bool limited) {
  static std::unique_ptr<Shared> shared;
  if (state.thread_index() == 0) shared = std::make_unique<Shared>(limited);
  for (auto _ : state) {
    if (!shared->Answer()) state.SkipWithError("a call was not answered");
  }
}
const int kMaxThreads = std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
BENCHMARK_CAPTURE(BM_Calls, open, false)->ThreadRange(1, kMaxThreads);
BENCHMARK_CAPTURE(BM_Calls, limited, true)->ThreadRange(1, kMaxThreads);

}  // namespace
}  // namespace dnc

BENCHMARK_MAIN();
