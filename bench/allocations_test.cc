// A batch allocates nothing per number: as much for ten numbers as for ten thousand.
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/time/clock.h"
#include "bench/handler_run.h"
#include "bench/synthetic_registry.h"

namespace {
thread_local size_t allocations = 0;
}  // namespace

// Replaces the C library's functions in the whole process, including gRPC's and protobuf's calls.
extern "C" void* __libc_malloc(size_t size);
extern "C" void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

namespace dnc {
namespace {

SnapshotPtr MakeSnapshot() {
  auto snapshot = std::make_shared<Snapshot>();
  for (const ListKind kind : {ListKind::kNational, ListKind::kState, ListKind::kWireless}) {
    auto list = std::make_shared<SnapshotList>();
    list->name = "list";
    list->kind = kind;
    list->release_id = 1;
    list->numbers.set_area(201, FillBenchArea(static_cast<uint64_t>(kind)).Build());
    list->areas[201] = {AreaState::kLoaded, absl::Now() - absl::Hours(24)};
    snapshot->lists.push_back(std::move(list));
  }
  return snapshot;
}

size_t AllocationsOf(HandlerRun& run, const std::vector<Number>& numbers) {
  grpc::ByteBuffer request = ScrubRequestBytes(numbers);
  const size_t before = allocations;
  EXPECT_TRUE(run.Answer(&request));
  return allocations - before;
}

TEST(AllocationsTest, AsManyForTenThousandNumbersAsForTen) {
  const SnapshotPtr snapshot = MakeSnapshot();
  HandlerRun run(snapshot, /*filter_records=*/100'000);
  run.OptOut({2'000'000'000});  // the tenant's numbers are probed, and none is found
  const std::vector<Number> many = BenchQuestions(snapshot->lists[0]->numbers, 10'000);
  const std::vector<Number> few(many.begin(), many.begin() + 10);
  AllocationsOf(run, many);  // scratch memory grows to the largest batch
  const size_t of_few = AllocationsOf(run, few);
  const uint64_t read = run.own_stats().filter_passed;
  EXPECT_EQ(AllocationsOf(run, few), of_few);
  EXPECT_GT(of_few, 0) << "the response is one at least, so they are counted";
  const size_t of_many = AllocationsOf(run, many);
  EXPECT_EQ(of_many, of_few);
  // A record that is read would allocate; a filter with one key lets no other number through.
  EXPECT_EQ(run.own_stats().filter_passed, read);
}

}  // namespace
}  // namespace dnc
