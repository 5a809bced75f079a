// A Scrub inside the server, from the bytes of the request to the bytes of the answer: parsing,
// normalising, the engine, the snapshot that the answer rests on, the counters, serialising. Only
// gRPC and the kernel are left out.
//
//   bench_handler                                   // 260 million numbers, half of those asked
//   listed bench_handler --benchmark_repetitions=5
//
// BM_Floor is the same run's mark: the random memory lines of as many numbers, and nothing else.
// BM_Engine is the verdict engine alone, on numbers that are read already.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bench/synthetic_registry.h"
#include "dnc/v1/scrub_service.pb.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/base/str_cat.h"
#include "server/rpc/fake_registry.h"
#include "server/rpc/scrub_handler.h"
#include "server/rpc/test_stores.h"
#include "server/scrub/engine.h"
#include "server/telemetry/call_timer.h"

namespace dnc {
namespace {

constexpr int kMillions = 260;
// Far more than any cache holds.
constexpr size_t kQuestions = 10'000'000;

SnapshotPtr FullSnapshot() {
  static const SnapshotPtr snapshot = [] {
    auto list = std::make_shared<SnapshotList>();
    list->name = "national";
    list->release_id = 1;
    list->digest = std::string(32, 'd');
    list->numbers = BenchRegistry(kMillions);
    const absl::Time obtained_at = absl::Now() - absl::Hours(24);
    for (const int area : AreaCodesOf(list->numbers)) {
      list->areas[area] = {AreaState::kLoaded, obtained_at - absl::Minutes(area)};
    }
    auto made = std::make_shared<Snapshot>();
    made->revision = 1;
    made->lists.push_back(std::move(list));
    return made;
  }();
  return snapshot;
}

const std::vector<Number>& Questions() {
  static const std::vector<Number> numbers = BenchQuestions(BenchRegistry(kMillions), kQuestions);
  return numbers;
}

// The bytes of a request each, as gRPC hands them over.
std::vector<grpc::ByteBuffer> Requests(size_t batch) {
  std::vector<grpc::ByteBuffer> requests;
  for (size_t start = 0; start + batch <= Questions().size(); start += batch) {
    v1::ScrubRequest request;
    for (size_t i = 0; i < batch; ++i) request.add_numbers(Questions()[start + i]);
    const grpc::Slice bytes(request.SerializeAsString());
    requests.emplace_back(&bytes, 1);
    // Small requests are many, and their memory would be what is measured.
    if (requests.size() == 100'000) break;
  }
  return requests;
}

void CountPerNumber(benchmark::State& state, size_t numbers) {
  const auto asked = static_cast<double>(state.iterations()) * static_cast<double>(numbers);
  state.counters["per_number"] =
      benchmark::Counter(asked, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// As UnaryCall does it.
bool Answer(ScrubHandler& handler, const Caller& caller, Metrics& metrics,
            grpc::ByteBuffer* bytes) {
  v1::ScrubRequest request;
  v1::ScrubResponse response;
  grpc::ByteBuffer in(*bytes);
  if (!grpc::SerializationTraits<v1::ScrubRequest>::Deserialize(&in, &request).ok()) return false;
  if (!handler.IsFast(request)) return false;
  {
    const CallTimer timer(&metrics, Method::kScrub);
    if (!handler.Scrub(caller, request, absl::InfiniteFuture(), &response).ok()) return false;
  }
  metrics.CountCall(Method::kScrub, absl::StatusCode::kOk);
  grpc::ByteBuffer out;
  bool own = false;
  if (!grpc::GenericSerialize<grpc::ProtoBufferWriter, v1::ScrubResponse>(response, &out, &own)
           .ok()) {
    return false;
  }
  benchmark::DoNotOptimize(out.Length());
  return true;
}

void BM_Handler(benchmark::State& state) {
  const auto batch = static_cast<size_t>(state.range(0));
  FakeRegistry registry("/nonexistent");
  registry.SetSnapshot(FullSnapshot());
  Metrics metrics;
  const Clock clock;
  const std::string folder = StrCat("/tmp/dnc_bench_handler_", getpid());
  std::filesystem::remove_all(folder);
  TestStores stores(folder, &clock);
  ScrubHandler handler(ScrubLimits(), stores.Sources(&registry, &metrics));
  const Caller caller = stores.directory().LocalCaller();
  std::vector<grpc::ByteBuffer> requests = Requests(batch);
  size_t next = 0;
  for (auto _ : state) {
    if (!Answer(handler, caller, metrics, &requests[next])) {
      state.SkipWithError("a request was not answered");
    }
    if (++next == requests.size()) next = 0;
  }
  const VerdictCounts counts = metrics.Sum().numbers;
  state.counters["listed_share"] =
      static_cast<double>(counts[static_cast<size_t>(Verdict::kListed)]) /
      (static_cast<double>(state.iterations()) * static_cast<double>(batch));
  CountPerNumber(state, batch);
}
BENCHMARK(BM_Handler)->Arg(1)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMicrosecond);

void BM_Engine(benchmark::State& state) {
  const auto batch = static_cast<size_t>(state.range(0));
  const SnapshotPtr snapshot = FullSnapshot();
  const absl::Time now = absl::Now();
  std::vector<ParsedNumber> numbers;
  for (const Number number : Questions()) numbers.push_back({number, true});
  std::vector<Rule> rules(batch);
  std::vector<ReasonSet> reasons(batch);
  size_t start = 0;
  for (auto _ : state) {
    Scrub(*snapshot, now, absl::MakeConstSpan(numbers).subspan(start, batch), absl::MakeSpan(rules),
          absl::MakeSpan(reasons));
    benchmark::DoNotOptimize(rules.data());
    start += batch;
    if (start + batch > numbers.size()) start = 0;
  }
  CountPerNumber(state, batch);
}
BENCHMARK(BM_Engine)->Arg(1'000)->Unit(benchmark::kMicrosecond);

void BM_Floor(benchmark::State& state) {
  const auto batch = static_cast<size_t>(state.range(0));
  RandomLines lines(BenchRegistry(kMillions).memory_bytes());
  size_t read = 0;
  for (auto _ : state) {
    for (; read < batch; read += RandomLines::kGroup) benchmark::DoNotOptimize(lines.ReadGroup());
    read -= batch;
  }
  CountPerNumber(state, batch);
}
BENCHMARK(BM_Floor)->Arg(1'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dnc

BENCHMARK_MAIN();
