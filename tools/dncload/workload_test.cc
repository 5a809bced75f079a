#include "tools/dncload/workload.h"

#include <fstream>
#include <map>
#include <set>

#include "dnc/v1/scrub_service.pb.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"
#include "tools/dncgen/full_list.h"
#include "tools/dncload/number_file.h"

namespace dnc::load {
namespace {

class WorkloadTest : public testing::Test {
 protected:
  BaseSet Base() const {
    FullListOptions options;
    options.folder = folder_.path() + "/full";
    options.numbers = 50'000;
    options.area_codes = {201, 212, 303, 404, 505};
    options.day = absl::CivilDay(2026, 8, 5);
    EXPECT_TRUE(WriteFullList(options).ok());
    auto base = BaseSet::Read(options.folder, 2);
    EXPECT_TRUE(base.ok()) << base.status();
    return *std::move(base);
  }

  std::string Write(const std::string& text) const {
    std::ofstream(folder_.path() + "/numbers.csv") << text;
    return folder_.path() + "/numbers.csv";
  }

  const blackbox::TempDir folder_;
};

v1::ScrubRequest Parse(const Question& question) {
  v1::ScrubRequest request;
  EXPECT_TRUE(
      request.ParseFromArray(question.request.data(), static_cast<int>(question.request.size())));
  EXPECT_EQ(static_cast<size_t>(request.numbers_size()), question.truth.size());
  return request;
}

TEST_F(WorkloadTest, TheTruthIsThatOfTheBase) {
  const BaseSet base = Base();
  WorkloadOptions options;
  options.batches = {{10, 1}, {100, 3}};
  options.pool_numbers = 20'000;
  options.hit_rate = 0.3;
  const auto workload = Workload::FromBase(base, options);
  ASSERT_TRUE(workload.ok()) << workload.status();
  auto cursor = workload->StartCursor(0);
  std::map<size_t, int> sizes;
  for (int i = 0; i < 2000; ++i) {
    const Question question = workload->Next(cursor);
    const v1::ScrubRequest request = Parse(question);
    ++sizes[question.truth.size()];
    for (int k = 0; k < request.numbers_size(); ++k) {
      const bool listed = base.Contains(request.numbers(k));
      ASSERT_EQ(question.truth[static_cast<size_t>(k)], listed ? Truth::kListed : Truth::kUnlisted);
    }
  }
  ASSERT_EQ(sizes.size(), 2U);
  EXPECT_NEAR(sizes[10], 500, 100);
  EXPECT_NEAR(static_cast<double>(workload->listed()) / static_cast<double>(workload->numbers()),
              0.3, 0.02);
  EXPECT_DOUBLE_EQ(workload->mean_batch(), 77.5);
}

TEST_F(WorkloadTest, ACampaignStaysInItsAreaCodes) {
  const BaseSet base = Base();
  WorkloadOptions options;
  options.campaign_areas = 2;
  options.pool_numbers = 20'000;
  const auto workload = Workload::FromBase(base, options);
  ASSERT_TRUE(workload.ok());
  std::set<int> areas;
  auto cursor = workload->StartCursor(1);
  for (int i = 0; i < 20; ++i) {
    const v1::ScrubRequest request = Parse(workload->Next(cursor));
    for (const uint64_t number : request.numbers()) areas.insert(AreaCodeOf(number));
  }
  EXPECT_EQ(areas.size(), 2U);
}

TEST_F(WorkloadTest, NumbersOfAFileInTheirOrder) {
  const auto numbers =
      ReadNumberFile(Write("id,phone,listed\n1,\"(201) 555-0101\",1\n2,2015550102,0\n\n"
                           "3,+1 201 555 0103,\n"),
                     "", 1000);
  ASSERT_TRUE(numbers.ok()) << numbers.status();
  ASSERT_EQ(numbers->size(), 3U);
  EXPECT_EQ((*numbers)[0].truth, Truth::kListed);
  EXPECT_EQ((*numbers)[1].truth, Truth::kUnlisted);
  EXPECT_EQ((*numbers)[2].truth, Truth::kUnknown);
  WorkloadOptions options;
  options.batches = {{2, 1}};
  options.pool_numbers = 1000;
  const auto workload = Workload::FromNumbers(*numbers, options);
  ASSERT_TRUE(workload.ok());
  auto cursor = workload->StartCursor(0);
  cursor.next[0] = 0;
  const v1::ScrubRequest first = Parse(workload->Next(cursor));
  EXPECT_EQ(first.numbers(0), 2015550101U);
  EXPECT_EQ(first.numbers(1), 2015550102U);
  const v1::ScrubRequest second = Parse(workload->Next(cursor));
  EXPECT_EQ(second.numbers(0), 2015550103U);
  EXPECT_EQ(second.numbers(1), 2015550101U);
}

TEST_F(WorkloadTest, BadFilesNameTheirLine) {
  for (const char* text : {"phone\n2015550101\n555\n", "phone,listed\n2015550101,1\n2015550102,x\n",
                           "phone,listed\n2015550101,1\n2015550102\n"}) {
    const auto numbers = ReadNumberFile(Write(text), "", 1000);
    EXPECT_TRUE(absl::IsInvalidArgument(numbers.status())) << text;
    EXPECT_NE(numbers.status().message().find("line 3"), std::string::npos) << numbers.status();
  }
  EXPECT_FALSE(ReadNumberFile(Write("a,b\n1,2\n"), "", 10).ok());
  EXPECT_FALSE(ReadNumberFile(Write("a,b\n1,2\n"), "c", 10).ok());
  EXPECT_FALSE(ReadNumberFile(Write(""), "", 10).ok());
  EXPECT_TRUE(absl::IsNotFound(ReadNumberFile(folder_.path() + "/absent", "", 10).status()));
  EXPECT_EQ(ReadNumberFile(Write("Nr\n2015550101\n2015550102\n"), "nr", 1)->size(), 1U);
}

}  // namespace
}  // namespace dnc::load
