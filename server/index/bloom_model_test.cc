// Takes the filter and its owner's store through random lives, and compares them with plain sets.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "server/index/bloom_image.h"
#include "server/index/bloom_test_util.h"
#include "server/index/growing_filter.h"

namespace dnc {
namespace {

constexpr uint64_t kMaxBytes = 1 << 20;

using Keys = std::set<BloomKey>;

// An owner that does what growing_filter.h asks of it.
class Owner {
 public:
  explicit Owner(uint64_t seed) : random_(seed), space_(20 + random_() % 3'000) { Start(); }

  void Step() {
    switch (random_() % 40) {
      case 0:
        return BeginRebuild();
      case 1:
        return FinishRebuild();
      case 2:
        if (random_() % 2 == 0) rebuild_.clear();
        return;
      case 3:
        return SaveImage();
      case 4:
        if (random_() % 4 == 0) Start();
        return;
      case 5:
      case 6:
      case 7:
        return AddSome();
      default:
        return random_() % 3 == 0 ? Delete() : Insert();
    }
  }

  // Checks that there is never a false negative and, with a filter, not only yes.
  void Check() {
    ASSERT_TRUE(AllPossible(*filter_, store_));
    uint64_t no = 0;
    for (uint64_t i = 0; i < 2'000; ++i) no += filter_->MayContain({9, i}) ? 0 : 1;
    const GrowingFilterStats stats = filter_->Stats();
    if (!stats.ready) {
      EXPECT_EQ(no, 0);
    } else if (stats.keys <= stats.capacity) {
      EXPECT_GT(no, 1'900);
      EXPECT_LE(stats.keys, space_ * 4);
    }
  }

  int images_used() const { return images_used_; }
  int rebuilds() const { return rebuilds_; }

 private:
  static bool AllPossible(const GrowingFilter& filter, const Keys& keys) {
    for (const BloomKey& key : keys) {
      if (!filter.MayContain(key)) return false;
    }
    return true;
  }

  void Insert() {
    const BloomKey key = RandomKey(random_, space_);
    store_.insert(key);
    ++revision_;
    filter_->Insert(key);
    EXPECT_TRUE(filter_->MayContain(key));
  }

  void Delete() {
    if (store_.empty()) return;
    const auto at = store_.lower_bound(RandomKey(random_, space_));
    if (at == store_.end()) return;
    store_.erase(at);
    ++revision_;
    filter_->NoteDeleted(1);
  }

  void BeginRebuild() {
    auto rebuild = filter_->BeginRebuild(store_.size() * (1 + random_() % 2) + random_() % 10);
    EXPECT_EQ(rebuild.ok(), rebuild_.empty());
    if (!rebuild.ok()) return;
    rebuild_.push_back(std::move(*rebuild));
    snapshot_.assign(store_.begin(), store_.end());
  }

  void AddSome() {
    if (rebuild_.empty()) return;
    const size_t count = std::min<size_t>(snapshot_.size(), random_() % 600);
    rebuild_.back().Add(absl::MakeConstSpan(snapshot_).last(count));
    snapshot_.resize(snapshot_.size() - count);
  }

  void FinishRebuild() {
    if (rebuild_.empty()) return;
    rebuild_.back().Add(snapshot_);
    rebuild_.back().Finish();
    rebuild_.clear();
    ++rebuilds_;
  }

  void SaveImage() {
    const uint64_t revision = revision_;
    const auto filter = filter_->current();
    if (filter == nullptr) return;
    ASSERT_TRUE(WriteBloomImage(*filter, {1, 2, revision}, folder_.image()).ok());
  }

  // Ends the server in any way and starts it anew.
  void Start() {
    rebuild_.clear();
    GrowingFilterOptions options;
    options.bits_a_key = 12;
    options.seed = random_() % 2;
    // It may end in order, or not.
    if (filter_ != nullptr && random_() % 2 == 0) SaveImage();
    filter_ = std::make_unique<GrowingFilter>(options);
    auto image = ReadBloomImage(folder_.image(), {1, 2, revision_}, kMaxBytes);
    if (!image.ok()) return;
    ++images_used_;
    ASSERT_TRUE(filter_->Adopt(std::move(*image)).ok());
  }

  std::mt19937_64 random_;
  const uint64_t space_;
  ImageFolder folder_;
  Keys store_;
  uint64_t revision_ = 0;
  std::unique_ptr<GrowingFilter> filter_;
  std::vector<GrowingFilter::Rebuild> rebuild_;  // at most one
  std::vector<BloomKey> snapshot_;               // what the rebuild has still to be given
  int images_used_ = 0;
  int rebuilds_ = 0;
};

TEST(BloomModelTest, NoLifeYieldsAFalseNo) {
  DNC_SEED_TRACE(TestSeed());
  int images_used = 0;
  int rebuilds = 0;
  for (uint64_t life = 0; life < 15; ++life) {
    SCOPED_TRACE(life);
    Owner owner(TestSeed() + life);
    for (int step = 0; step < 2'000; ++step) {
      owner.Step();
      if (step % 50 == 0) owner.Check();
      if (testing::Test::HasFailure()) return;
    }
    images_used += owner.images_used();
    rebuilds += owner.rebuilds();
  }
  // The random lives must have covered these cases.
  EXPECT_GT(images_used, 5);
  EXPECT_GT(rebuilds, 200);
}

}  // namespace
}  // namespace dnc
