#include "server/index/huge_page_keeper.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

namespace dnc {
namespace {

constexpr int kCollapse = 25;  // MADV_COLLAPSE
constexpr size_t kSmallPage = 4096;

PagePool& Pool() { return PagePool::Instance(); }

// Memory of the pool that the kernel is made to give in small pages, as a machine does whose free
// memory is chopped up. Every small page of a number of huge pages is written.
class SmallPages {
 public:
  explicit SmallPages(size_t huge_pages)
      : bytes_(huge_pages * kHugePage), memory_(Pool().Take(bytes_)) {
    EXPECT_EQ(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
    for (size_t at = 0; at < bytes_; at += kSmallPage) memory_[at] = Mark(at);
    EXPECT_EQ(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0), 0);
  }
  ~SmallPages() { Give(); }
  SmallPages(const SmallPages&) = delete;
  SmallPages& operator=(const SmallPages&) = delete;

  void Give() {
    if (memory_ != nullptr) Pool().Give(memory_, bytes_);
    memory_ = nullptr;
  }
  bool Whole() const {
    for (size_t at = 0; at < bytes_; at += kSmallPage) {
      if (memory_[at] != Mark(at)) return false;
    }
    return true;
  }
  uint8_t* memory() const { return memory_; }

 private:
  static uint8_t Mark(size_t at) { return static_cast<uint8_t>(1 + at / kSmallPage % 251); }

  const size_t bytes_;
  uint8_t* memory_;
};

// Plays the kernel, and notes the pages that it was asked for.
struct FakeKernel {
  int result = 0;
  int probes = 0;
  std::vector<void*> asked;
  std::function<void(void*)> at_a_page;

  HugePageKeeperOptions Options() {
    HugePageKeeperOptions options;
    options.collapse = [this](void* start, size_t bytes) {
      if (bytes == 0) {
        ++probes;
        return result == EINVAL ? EINVAL : 0;
      }
      asked.push_back(start);
      if (at_a_page) at_a_page(start);
      return result;
    };
    return options;
  }
};

// Looks until a round has come, after which nothing is taken any more.
void LookUntilSettled(HugePageKeeper& keeper) {
  keeper.Look();  // sees that memory was taken
  keeper.Look();  // and that no more was
}

uint64_t SmallBytes() {
  const auto memory = ReadIndexMemory();
  return memory.has_value() ? memory->resident - memory->huge : 0;
}

TEST(HugePageKeeperTest, SmallPagesBecomeHuge) {
  if (madvise(nullptr, 0, kCollapse) != 0) GTEST_SKIP() << "this kernel is too old";
  const SmallPages pages(8);
  ASSERT_GE(SmallBytes(), 8 * kHugePage);
  int last = 0;
  HugePageKeeperOptions options;
  options.collapse = [&last](void* start, size_t bytes) {
    return last = madvise(start, bytes, kCollapse) == 0 ? 0 : errno;
  };
  HugePageKeeper keeper(&Pool(), options);
  std::atomic<bool> stop = false;
  std::atomic<bool> whole = true;
  std::thread reader([&] {
    while (!stop) whole = whole && pages.Whole();
  });
  for (int look = 0; look < 20 && SmallBytes() > 0; ++look) keeper.Look();
  stop = true;
  reader.join();
  EXPECT_TRUE(whole && pages.Whole());
  if (SmallBytes() > 0 && last == ENOMEM) GTEST_SKIP() << "this machine has no huge page free";
  EXPECT_EQ(SmallBytes(), 0) << std::strerror(last);
}

TEST(HugePageKeeperTest, AKernelThatCannotIsAskedOnce) {
  const SmallPages pages(2);
  FakeKernel kernel;
  kernel.result = EINVAL;
  HugePageKeeper keeper(&Pool(), kernel.Options());
  for (int look = 0; look < 10; ++look) keeper.Look();
  EXPECT_EQ(kernel.probes, 1);
  EXPECT_TRUE(kernel.asked.empty());
}

TEST(HugePageKeeperTest, StopsAfterThePageThatItIsAt) {
  const SmallPages pages(5);
  FakeKernel kernel;
  HugePageKeeper keeper(&Pool(), kernel.Options());
  kernel.at_a_page = [&](void*) {
    if (kernel.asked.size() == 2) keeper.Stop();
  };
  for (int look = 0; look < 10; ++look) keeper.Look();
  EXPECT_EQ(kernel.asked.size(), 2);
}

TEST(HugePageKeeperTest, AsksOnlyForWhatWasWritten) {
  const SmallPages pages(3);
  // The memory behind it is taken and not written, or was given back.
  uint8_t* const untouched = Pool().Take(4 * kHugePage);
  { const SmallPages given_back(4); }
  FakeKernel kernel;
  HugePageKeeper keeper(&Pool(), kernel.Options());
  LookUntilSettled(keeper);
  ASSERT_EQ(kernel.asked.size(), 3);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(kernel.asked[i], pages.memory() + i * kHugePage);
  Pool().Give(untouched, 4 * kHugePage);
}

TEST(HugePageKeeperTest, WhatCameFreeMeanwhileLeavesTheProcess) {
  SmallPages pages(1);
  uint8_t* const memory = pages.memory();
  FakeKernel kernel;
  kernel.at_a_page = [&](void* page) {
    pages.Give();
    // The kernel makes the page all the same.
    ASSERT_EQ(madvise(page, kHugePage, MADV_POPULATE_WRITE), 0);
  };
  HugePageKeeper keeper(&Pool(), kernel.Options());
  LookUntilSettled(keeper);
  ASSERT_EQ(kernel.asked, std::vector<void*>{memory});
  std::vector<unsigned char> resident(kHugePage / kSmallPage);
  ASSERT_EQ(mincore(memory, kHugePage, resident.data()), 0);
  EXPECT_EQ(std::count_if(resident.begin(), resident.end(), [](auto it) { return (it & 1) != 0; }),
            0);
}

TEST(HugePageKeeperTest, WaitsUntilMemoryIsNoLongerTaken) {
  const SmallPages pages(2);
  FakeKernel kernel;
  HugePageKeeperOptions options = kernel.Options();
  options.max_unsettled_looks = 3;
  HugePageKeeper keeper(&Pool(), options);
  for (int look = 0; look < 3; ++look) {
    keeper.Look();
    Pool().Give(Pool().Take(kSmallPage), kSmallPage);
  }
  EXPECT_TRUE(kernel.asked.empty());
  keeper.Look();  // but not for longer than that
  EXPECT_FALSE(kernel.asked.empty());
}

TEST(HugePageKeeperTest, RetriesWithGrowingPausesAndGivesUp) {
  const SmallPages pages(6);
  FakeKernel kernel;
  kernel.result = ENOMEM;
  HugePageKeeperOptions options = kernel.Options();
  options.max_looks = 20;
  options.max_failures = 4;
  HugePageKeeper keeper(&Pool(), options);
  const auto rounds_in = [&](int looks) {
    const size_t before = kernel.asked.size();
    for (int look = 0; look < looks; ++look) keeper.Look();
    return (kernel.asked.size() - before) / 4;  // a round ends after so many failures
  };
  EXPECT_EQ(rounds_in(1), 0);
  EXPECT_EQ(rounds_in(1), 1);   // at the first look after that
  EXPECT_EQ(rounds_in(2), 1);   // after a pause of 2
  EXPECT_EQ(rounds_in(4), 1);   // of 4
  EXPECT_EQ(rounds_in(8), 1);   // of 8
  EXPECT_EQ(rounds_in(16), 1);  // of 16: that was look 31, and the last
  EXPECT_EQ(rounds_in(500), 0);
  Pool().Give(Pool().Take(kSmallPage), kSmallPage);
  EXPECT_EQ(rounds_in(2), 1);
}

TEST(HugePageKeeperTest, AnErrorOfOnePageEndsNoRound) {
  const SmallPages pages(6);
  FakeKernel kernel;
  kernel.result = EAGAIN;
  HugePageKeeperOptions options = kernel.Options();
  options.max_failures = 2;
  HugePageKeeper keeper(&Pool(), options);
  LookUntilSettled(keeper);
  EXPECT_EQ(kernel.asked.size(), 6);
}

}  // namespace
}  // namespace dnc
