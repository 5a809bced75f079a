// Measures what calls of one number wait for beside long batches on the same loop, and what it
// costs the batches when another loop takes them over.
//
//   bench_long_batches [ROUNDS [MILLISECONDS]]     of each case; 5 of 1,000 unless told
//
// A client asks about one number every 0.3 ms or so, at random times, and another one about a
// batch, with a pause of half a millisecond behind each. Both connections belong to the server's
// first loop. By turns the server has that loop alone, and another one beside it, which has a
// connection without calls. Loops and clients sleep while they wait, so that two cores are enough
// for all.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "bench/socket_run.h"
#include "bench/synthetic_registry.h"
#include "server/base/check.h"

namespace dnc {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Micros = std::chrono::duration<double, std::micro>;

constexpr int kAreas = 8;

SnapshotPtr MakeSnapshot(int lists) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->revision = 1;
  for (int i = 0; i < lists; ++i) {
    auto list = std::make_shared<SnapshotList>();
    list->name = i == 0 ? "national" : fmt::format("other:{}", i);
    list->kind = i == 0 ? ListKind::kNational : ListKind::kOther;
    list->release_id = 1;
    for (int area = kFirstBenchArea; area < kFirstBenchArea + kAreas; ++area) {
      list->numbers.set_area(area, FillBenchArea(static_cast<uint64_t>(i * 100 + area)).Build());
      list->areas[area] = {AreaState::kLoaded, absl::Now() - absl::Hours(24)};
    }
    snapshot->lists.push_back(std::move(list));
  }
  return snapshot;
}

v1::ScrubRequest RequestOf(const std::vector<Number>& numbers) {
  v1::ScrubRequest request;
  request.mutable_numbers()->Add(numbers.begin(), numbers.end());
  return request;
}

// What the calls of one client took, in microseconds.
struct Times {
  std::vector<double> calls;

  double At(double share) {
    if (calls.empty()) return 0;
    const auto place = calls.begin() + static_cast<ptrdiff_t>(share * (calls.size() - 1));
    std::nth_element(calls.begin(), place, calls.end());
    return *place;
  }
};

// Asks until `over`, with pauses of `pause` at random, or always the same.
void Ask(TestClient* client, const v1::ScrubRequest& request, Micros pause, bool at_random,
         const std::atomic<bool>& over, Times* times) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> share(0, 2);
  while (!over) {
    std::this_thread::sleep_for(at_random ? pause * share(random) : pause);
    const auto begin = SteadyClock::now();
    DNC_CHECK(SocketRun::Scrub(client, request), "a call is answered");
    times->calls.push_back(Micros(SteadyClock::now() - begin).count());
  }
}

struct Measured {
  Times small;
  Times batches;
};

Measured Run(const SnapshotPtr& snapshot, int loops, size_t batch, std::chrono::milliseconds time) {
  SocketRun run(snapshot, loops);  // its own connection is of the first loop, and has no calls
  const auto on_second = run.Connect();
  const auto small = run.Connect();
  const auto between = run.Connect();
  const auto batches = run.Connect();
  const NumberSet& known = snapshot->lists[0]->numbers;
  const v1::ScrubRequest one = RequestOf(BenchQuestions(known, 1));
  const v1::ScrubRequest many = RequestOf(BenchQuestions(known, batch));
  Measured measured;
  std::atomic<bool> over{false};
  std::thread asks_batches([&] {
    if (batch > 0) Ask(batches.get(), many, Micros(500), false, over, &measured.batches);
  });
  std::thread asks_small([&] { Ask(small.get(), one, Micros(300), true, over, &measured.small); });
  std::this_thread::sleep_for(time);
  over = true;
  asks_batches.join();
  asks_small.join();
  return measured;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Measure(int lists, size_t batch, int rounds, std::chrono::milliseconds time) {
  const SnapshotPtr snapshot = MakeSnapshot(lists);
  // By loops: each share of both clients' times, of each round.
  std::array<std::vector<std::vector<double>>, 2> figures;
  for (int round = 0; round < rounds; ++round) {
    for (const int loops : {1, 2}) {
      Measured measured = Run(snapshot, loops, batch, time);
      std::vector<double> found;
      for (Times* const times : {&measured.small, &measured.batches}) {
        for (const double share : {0.5, 0.9, 0.99}) found.push_back(times->At(share));
      }
      auto& all = figures[loops - 1];
      all.resize(found.size());
      for (size_t i = 0; i < found.size(); ++i) all[i].push_back(found[i]);
    }
  }
  for (const int loops : {1, 2}) {
    fmt::print("| {} of {} lists | {} |", batch, lists, loops);
    for (const auto& each : figures[loops - 1]) fmt::print(" {:.0f} |", Median(each));
    fmt::print("\n");
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const std::chrono::milliseconds time(argc > 2 ? std::atoi(argv[2]) : 1'000);
  fmt::print(
      "| batch | loops | small calls, µs: p50 | p90 | p99 | batches, µs: p50 | p90 | p99 |\n"
      "|---|---|---|---|---|---|---|---|\n");
  dnc::Measure(1, 0, rounds, time);
  dnc::Measure(1, 1'000, rounds, time);
  dnc::Measure(1, 10'000, rounds, time);
  dnc::Measure(4, 1'000, rounds, time);
  dnc::Measure(4, 10'000, rounds, time);
}
