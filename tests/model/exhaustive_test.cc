// Asks every number of two area codes, all 10^7 of each.
#include <gtest/gtest.h>

#include <bitset>
#include <memory>

#include "tests/support/server_test.h"

namespace dnc::blackbox {
namespace {

constexpr uint64_t kNumbersPerArea = 10'000'000;
constexpr uint64_t kBatch = 10'000;
using Listed = std::bitset<kNumbersPerArea>;

class Exhaustive : public ServerTest {
 protected:
  // Loads `listed` as the area code's full list.
  void LoadArea(uint64_t area_code, const Listed& listed, Form form) {
    std::vector<uint64_t> rows;
    rows.reserve(listed.count());
    for (uint64_t i = 0; i < kNumbersPerArea; ++i) {
      if (listed[i]) rows.push_back(area_code * kNumbersPerArea + i);
    }
    LoadRequest request;
    request.files = {FullList("all-" + std::to_string(area_code), rows, form)};
    request.obtained_at = std::time(nullptr) - 3600;
    const LoadOutcome outcome = client().Load(request);
    ASSERT_TRUE(outcome.succeeded()) << outcome.Describe();
    EXPECT_GE(outcome.load.release().numbers(), rows.size());
  }

  void ExpectAll(uint64_t area_code, const Listed& listed) {
    uint64_t wrong = 0;
    for (uint64_t first = 0; first < kNumbersPerArea && wrong == 0; first += kBatch) {
      v1::ScrubRequest request;
      request.mutable_numbers()->Reserve(kBatch);
      for (uint64_t i = first; i < first + kBatch; ++i) {
        request.add_numbers(area_code * kNumbersPerArea + i);
      }
      v1::ScrubResponse response;
      const grpc::Status status = client().Scrub(request, &response);
      ASSERT_TRUE(status.ok()) << status.error_message();
      ASSERT_EQ(response.verdicts_size(), static_cast<int>(kBatch));
      for (uint64_t i = 0; i < kBatch; ++i) {
        const auto expected = listed[first + i] ? v1::VERDICT_LISTED : v1::VERDICT_CLEAR;
        if (response.verdicts(static_cast<int>(i)) != expected) ++wrong;
      }
      EXPECT_EQ(wrong, 0U) << "area code " << area_code << ", from number " << first;
    }
  }
};

// Exchanges of every density: none, one number, sparse, a run, dense, all but one, all.
void FillExchange(Random& random, uint64_t exchange, Listed& listed) {
  const uint64_t first = exchange * 10'000;
  switch (exchange % 8) {
    case 0:
      return;
    case 1:
      listed.set(first + Below(random, 10'000));
      return;
    case 2:
      for (int i = 0; i < 300; ++i) listed.set(first + Below(random, 10'000));
      return;
    case 3:
      for (uint64_t i = 4'000; i < 5'000; ++i) listed.set(first + i);
      return;
    case 6:
      for (uint64_t i = 0; i < 10'000; ++i) listed.set(first + i);
      return;
    case 7:
      for (uint64_t i = 0; i < 10'000; ++i) listed.set(first + i);
      listed.reset(first + Below(random, 10'000));
      return;
    default:
      for (int i = 0; i < 2'500; ++i) listed.set(first + Below(random, 10'000));
  }
}

TEST_F(Exhaustive, EveryNumberOfTwoAreaCodes) {
  Random random(TestSeed());
  ASSERT_TRUE(Start()) << server().Log();
  // 818 also has exchanges that start with 0 or 1; 201 has only those that can be assigned.
  const auto with_odd = std::make_unique<Listed>();
  const auto assigned = std::make_unique<Listed>();
  for (uint64_t exchange = 0; exchange < 1000; ++exchange) {
    FillExchange(random, exchange, *with_odd);
    if (exchange >= 200 && OneIn(random, 2)) FillExchange(random, exchange, *assigned);
  }
  LoadArea(818, *with_odd, {.format = Format::kFlat, .zip = true});
  LoadArea(201, *assigned, {.format = Format::kXml});
  ExpectAll(818, *with_odd);
  ExpectAll(201, *assigned);
  // The answers must be the same after a restart from the disk.
  ASSERT_EQ(server().Stop(), 0) << server().Log();
  ASSERT_TRUE(Restart()) << server().Log();
  ExpectAll(818, *with_odd);
}

}  // namespace
}  // namespace dnc::blackbox
