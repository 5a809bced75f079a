// A full disk makes the load fail and nothing else; once there is room again, the next load works.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/support/small_disk.h"

namespace dnc::blackbox {
namespace {

namespace fs = std::filesystem;

class DiskFull : public SmallDiskTest {
 protected:
  void ExpectServed(const std::set<uint64_t>& listed, v1::Verdict others) {
    const std::vector<uint64_t> numbers(listed.begin(), listed.end());
    EXPECT_EQ(client().Verdicts(numbers),
              std::vector<v1::Verdict>(numbers.size(), v1::VERDICT_LISTED));
    EXPECT_EQ(client().Verdicts({8185550123}), std::vector<v1::Verdict>{others});
  }

  LoadRequest BigLoad() {
    std::vector<uint64_t> rows;
    for (uint64_t i = 0; i < 10'000'000; i += 1 + Below(random_, 19)) {
      if (i != 5550123) rows.push_back(8180000000 + i);
    }
    LoadRequest request;
    request.files = {FullList("big", rows, {.zip = true})};
    request.obtained_at = std::time(nullptr) - 60;
    return request;
  }

  Random random_{TestSeed()};
};

TEST_F(DiskFull, TheLoadFailsAndTheRestGoesOn) {
  if (!MountSmallDisk()) GTEST_SKIP() << kNeedsSmallDisk;
  ASSERT_TRUE(Start()) << server().Log();
  const std::set<uint64_t> small = RandomNumbers(random_, 201, 2'000, 30);
  LoadFull({small.begin(), small.end()}, std::time(nullptr) - 7200);
  const LoadRequest big = BigLoad();
  int failed = 0;
  // With little room the upload fails, with more room a later step.
  const uint64_t upload = big.files[0].bytes.size();
  for (const uint64_t free : {uint64_t{64} << 10, upload / 2, upload + (uint64_t{256} << 10),
                              upload + (uint64_t{1} << 20)}) {
    ASSERT_TRUE(Fill(free));
    const LoadOutcome outcome = client().Load(big);
    const std::string reason =
        outcome.status.ok() ? outcome.load.error_reason() : ReasonOf(outcome.status);
    EXPECT_FALSE(outcome.succeeded()) << free << " bytes were free";
    EXPECT_EQ(reason, "DISK_FULL") << free << " bytes were free: " << outcome.Describe();
    ++failed;
    ASSERT_TRUE(server().running()) << server().Log();
    ExpectServed(small, v1::VERDICT_NOT_COVERED);
    MakeRoom();
  }
  EXPECT_EQ(failed, 4);
  const LoadOutcome outcome = client().Load(big);
  ASSERT_TRUE(outcome.succeeded()) << outcome.Describe();
  ExpectServed(small, v1::VERDICT_CLEAR);
  server().Kill();
  ASSERT_TRUE(Restart()) << server().Log();
  ExpectServed(small, v1::VERDICT_CLEAR);
}

// The upload itself meets the full disk: the call fails at once, with the reason.
TEST_F(DiskFull, AnUploadWithoutRoomIsRefused) {
  if (!MountSmallDisk()) GTEST_SKIP() << kNeedsSmallDisk;
  ASSERT_TRUE(Start()) << server().Log();
  const std::set<uint64_t> small = RandomNumbers(random_, 201, 2'000, 30);
  LoadFull({small.begin(), small.end()}, std::time(nullptr) - 7200);
  const LoadRequest big = BigLoad();
  ASSERT_TRUE(Fill(uint64_t{256} << 10));
  std::atomic<bool> ended{false};
  uint64_t scrubs = 0;
  std::thread scrubber([&] {
    while (!ended || scrubs == 0) {
      ExpectServed(small, v1::VERDICT_NOT_COVERED);
      ++scrubs;
    }
  });
  const uint64_t revision = client().Status().revision();
  for (int i = 0; i < 5; ++i) {
    const LoadOutcome outcome = client().StartLoad(big);
    EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED)
        << outcome.Describe();
    EXPECT_EQ(ReasonOf(outcome.status), "DISK_FULL");
    EXPECT_NE(outcome.status.error_message().find("free some space"), std::string::npos);
    // Nothing is left of it, so the next upload has as much room.
    EXPECT_TRUE(fs::is_empty(data_dir() + "/uploads"));
  }
  ended = true;
  scrubber.join();
  EXPECT_EQ(client().Status().revision(), revision);
  MakeRoom();
  const LoadOutcome outcome = client().Load(big);
  ASSERT_TRUE(outcome.succeeded()) << outcome.Describe();
  ExpectServed(small, v1::VERDICT_CLEAR);
}

TEST_F(DiskFull, AKilledServerStartsOnAFullDiskOrSaysWhyNot) {
  if (!MountSmallDisk()) GTEST_SKIP() << kNeedsSmallDisk;
  ASSERT_TRUE(Start()) << server().Log();
  const std::set<uint64_t> small = RandomNumbers(random_, 201, 2'000, 30);
  LoadFull({small.begin(), small.end()}, std::time(nullptr) - 7200);
  server().Kill();
  ASSERT_TRUE(Fill(4096));
  if (Restart()) {
    ExpectServed(small, v1::VERDICT_NOT_COVERED);
    server().Kill();
  } else {
    EXPECT_FALSE(server().Log().empty());
  }
  MakeRoom();
  ASSERT_TRUE(Restart()) << server().Log();
  ExpectServed(small, v1::VERDICT_NOT_COVERED);
}

// For machines where no small disk can be mounted: the size of files is limited instead.
TEST_F(DiskFull, AWriteThatFailsChangesNothing) {
  ASSERT_TRUE(StartOn({data_dir(), {}, 512 << 10})) << server().Log();
  const std::set<uint64_t> small = RandomNumbers(random_, 201, 500, 10);
  LoadFull({small.begin(), small.end()}, std::time(nullptr) - 7200);
  const LoadOutcome outcome = client().Load(BigLoad());
  EXPECT_FALSE(outcome.succeeded());
  EXPECT_FALSE(outcome.Describe().empty());
  ASSERT_TRUE(server().running()) << server().Log();
  ExpectServed(small, v1::VERDICT_NOT_COVERED);
}

}  // namespace
}  // namespace dnc::blackbox
