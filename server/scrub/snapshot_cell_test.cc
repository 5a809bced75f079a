#include "server/scrub/snapshot_cell.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace dnc {
namespace {

SnapshotPtr MakeSnapshot(uint64_t revision, bool clock_behind) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->revision = revision;
  snapshot->clock_behind = clock_behind;
  return snapshot;
}

void Publish(uint64_t revision, SnapshotCell* cell) {
  cell->Publish(MakeSnapshot(revision, false), MakeSnapshot(revision, true));
}

TEST(SnapshotCellTest, GivesWhatWasPublishedLast) {
  SnapshotCell cell;
  EXPECT_EQ(cell.Get(false), nullptr);
  Publish(1, &cell);
  Publish(2, &cell);
  EXPECT_EQ(cell.Get(false)->revision, 2U);
  EXPECT_FALSE(cell.Get(false)->clock_behind);
  EXPECT_TRUE(cell.Get(true)->clock_behind);
}

TEST(SnapshotCellTest, AThreadGetsTheSameOwnerEachTime) {
  SnapshotCell cell;
  Publish(1, &cell);
  const SnapshotPtr first = cell.Get(false);
  const SnapshotPtr second = cell.Get(false);
  EXPECT_FALSE(first.owner_before(second) || second.owner_before(first));
  Publish(2, &cell);
  const SnapshotPtr third = cell.Get(false);
  EXPECT_TRUE(first.owner_before(third) || third.owner_before(first));
}

TEST(SnapshotCellTest, TheLastOneWhoHoldsAnOldSnapshotFreesIt) {
  SnapshotCell cell;
  Publish(1, &cell);
  SnapshotPtr held = cell.Get(false);
  std::thread([&cell] { cell.Get(false); }).join();
  const std::weak_ptr<const Snapshot> watched = held;
  Publish(2, &cell);
  EXPECT_FALSE(watched.expired());
  held = nullptr;
  EXPECT_TRUE(watched.expired()) << "no thread keeps a snapshot that it does not use";
}

// A reader never sees less than what was published before it asked, nor less than another reader
// saw before.
TEST(SnapshotCellTest, NobodyGoesBack) {
  SnapshotCell cell;
  Publish(1, &cell);
  std::atomic<uint64_t> published{1};
  std::atomic<uint64_t> seen{1};
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!stop.load()) {
        const uint64_t least = std::max(published.load(), seen.load());
        const uint64_t got = cell.Get(false)->revision;
        ASSERT_GE(got, least);
        uint64_t before = seen.load();
        while (before < got && !seen.compare_exchange_weak(before, got)) {
        }
      }
    });
  }
  for (uint64_t revision = 2; revision < 500; ++revision) {
    Publish(revision, &cell);
    published = revision;
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace dnc
