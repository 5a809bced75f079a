// Makes calls and changes at the same time; also runs under the thread sanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "server/tenants/directory_fixture.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

class DirectoryRaceTest : public DirectoryFixture {
 protected:
  DirectoryRaceTest() { Open(); }
};

// One thread makes and revokes keys; the others check what that thread told them.
TEST_F(DirectoryRaceTest, ARevokedKeyIsRefusedByEveryCallThatBeginsAfter) {
  Make("acme");
  struct Slot {
    TenantDirectory::CreatedKey key;
    std::atomic<bool> revoked{false};
  };
  constexpr int kKeys = 60;
  std::vector<Slot> slots(kKeys);
  std::atomic<int> made{0};
  std::atomic<bool> done{false};
  std::atomic<uint64_t> accepted{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 3; ++t) {
    callers.emplace_back([&] {
      while (!done.load()) {
        for (int i = 0; i < made.load(); ++i) {
          Slot& slot = slots[static_cast<size_t>(i)];
          const bool revoked = slot.revoked.load();
          const auto caller = directory_->Authenticate(slot.key.secret);
          ASSERT_FALSE(revoked && caller.ok()) << "revoked before the call began";
          if (caller.ok()) {
            ASSERT_EQ(caller->tenant->tenant.id, "acme");
            ++accepted;
          }
        }
      }
    });
  }
  for (int i = 0; i < kKeys; ++i) {
    Slot& slot = slots[static_cast<size_t>(i)];
    slot.key = MakeKey("acme");
    EXPECT_TRUE(directory_->Authenticate(slot.key.secret).ok()) << "made before the call began";
    made = i + 1;
    if (i < 4) continue;
    Slot& old = slots[static_cast<size_t>(i - 4)];
    ASSERT_TRUE(directory_->RevokeKey(old.key.key.id, "opkey001").ok());
    old.revoked = true;
  }
  EXPECT_TRUE(WaitUntil([&] { return accepted > 0; }));  // four keys are not revoked
  done = true;
  for (std::thread& thread : callers) thread.join();
}

TEST_F(DirectoryRaceTest, ChangesByManyThreadsAreAllKeptInOneOrder) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 10;
  for (int t = 0; t < kThreads; ++t) Make(StrCat("t", t));
  const uint64_t before = order_->last();
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done.load()) {
      const uint64_t seen = order_->last();
      for (const TenantViewPtr& tenant : directory_->All()) {
        ASSERT_LE(tenant->tenant.revision, order_->last() + 1);
      }
      // A thread that has seen a revision must see what it brought.
      uint64_t newest = 0;
      for (int t = 0; t < kThreads; ++t) {
        const auto changes = directory_->Changes(StrCat("t", t), 1, 0);
        ASSERT_TRUE(changes.ok());
        newest = std::max(newest, (*changes)[0].revision);
      }
      ASSERT_GE(newest, seen);
      EXPECT_EQ(directory_->LocalCaller().tenant->tenant.id, "default");
      ASSERT_TRUE(directory_->FlushLastUsed().ok());
    }
  });
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      const std::string id = StrCat("t", t);
      for (int i = 0; i < kRounds; ++i) {
        const auto key = MakeKey(id);
        EXPECT_TRUE(directory_->Authenticate(key.secret).ok());
        const std::string block = StrCat(200 + i);
        EXPECT_TRUE(directory_->AddBlocks(id, "internal", {block}, "x").ok());
        EXPECT_TRUE((*directory_->Find(id))->blocks[0].area_codes[static_cast<size_t>(200 + i)]);
      }
      Suspend(id);
      EXPECT_TRUE(directory_->Remove(id, "x").ok());
    });
  }
  for (std::thread& writer : writers) writer.join();
  done = true;
  reader.join();
  EXPECT_EQ(order_->last(), before + kThreads * (2 * kRounds + 2));
  Reopen();
  EXPECT_EQ(directory_->All().size(), 1U);
  EXPECT_EQ(directory_->Removed().size(), static_cast<size_t>(kThreads));
}

}  // namespace
}  // namespace dnc
