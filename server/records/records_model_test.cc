// Random writes, repetitions, removals and restarts, against plain maps.
#include <map>
#include <random>
#include <set>

#include "server/records/records_fixture.h"

namespace dnc {
namespace {

class Model {
 public:
  // What is expected of one item; changes the model.
  WriteOutcome Apply(TenantNumber tenant, const std::string& list, Number number, bool remove) {
    auto& records = of_[tenant][list];
    if (remove) return records.erase(number) > 0 ? WriteOutcome::kRemoved : WriteOutcome::kNotThere;
    return records.insert(number).second ? WriteOutcome::kAdded : WriteOutcome::kAlreadyThere;
  }
  uint8_t Facts(TenantNumber tenant, Number number) {
    uint8_t facts = kNoRecord;
    if (Has(tenant, "internal", number) || Has(tenant, "acme", number)) facts |= kRecordDoNotCall;
    if (Has(tenant, "consent", number)) facts |= kRecordConsent;
    if (Has(tenant, "ebr", number)) facts |= kRecordEbr;
    return facts;
  }

 private:
  bool Has(TenantNumber tenant, const std::string& list, Number number) {
    return of_[tenant][list].count(number) != 0;
  }
  std::map<TenantNumber, std::map<std::string, std::set<Number>>> of_;
};

TEST_F(TenantRecordsTest, AnswersAsTheModel) {
  const unsigned seed = std::random_device()();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const auto below = [&random](uint64_t most) {
    return std::uniform_int_distribution<uint64_t>(0, most - 1)(random);
  };
  const std::vector<std::string> lists = {"internal", "acme", "consent", "ebr"};
  Model model;
  Open();
  for (int step = 0; step < 400; ++step) {
    const TenantViewPtr& tenant = below(2) == 0 ? one_ : two_;
    const std::string& list = lists[below(lists.size())];
    const bool remove = below(3) == 0;
    std::vector<Number> numbers;
    for (uint64_t i = below(40); i > 0; --i) numbers.push_back(2015550000 + below(300));
    RecordWrite write = Write(tenant, list, numbers, remove);
    if (below(4) == 0) write.request_id = std::to_string(step);
    const auto reply = Do(write);
    ASSERT_TRUE(reply.ok()) << reply.status();
    for (size_t i = 0; i < numbers.size(); ++i) {
      ASSERT_EQ(reply->results[i].outcome,
                model.Apply(tenant->tenant.number, list, numbers[i], remove))
          << "step " << step;
    }
    if (!write.request_id.empty()) {
      ASSERT_EQ(Do(write)->revision, reply->revision);
    }
    if (step % 40 == 39) {
      if (below(2) == 0) std::filesystem::remove(dir_ + "/tenants.filter");
      Reopen();
    }
    const TenantViewPtr& asked = below(2) == 0 ? one_ : two_;
    for (int i = 0; i < 50; ++i) {
      const Number number = 2015550000 + below(320);
      ASSERT_EQ(Facts(asked, number), model.Facts(asked->tenant.number, number)) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace dnc
