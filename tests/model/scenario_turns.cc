// Rollbacks and retirements, and what they make callable.
#include <gtest/gtest.h>

#include "tests/model/scenario.h"

namespace dnc::blackbox {

void Scenario::RollBack() {
  const std::string list = OneIn(random_, 3) ? kOtherLists[Below(random_, 5)] : "national";
  if (!oracle_.loaded(list)) return;
  Note("roll back " + list);
  v1::RollBackReleaseResponse response;
  const grpc::Status status = client_->RollBack(list, &response);
  if (status.ok()) {
    ASSERT_TRUE(oracle_.MayGoBack(list)) << Diary();
    const Oracle before = oracle_;
    oracle_.RollBack(list);
    EXPECT_EQ(response.becomes_callable(), before.BecomeCallable(oracle_, std::time(nullptr)))
        << Diary();
    return;
  }
  EXPECT_FALSE(oracle_.MustGoBack(list)) << status.error_message() << Diary();
  EXPECT_EQ(ReasonOf(status), "NO_EARLIER_RELEASE");
}

void Scenario::Retire() {
  const std::string list = OneIn(random_, 2) ? "national" : kOtherLists[Below(random_, 5)];
  if (!oracle_.loaded(list)) return;
  Note("retire " + list);
  v1::RetireListResponse response;
  const grpc::Status status = client_->Retire(list, &response);
  EXPECT_TRUE(status.ok()) << status.error_message() << Diary();
  const Oracle before = oracle_;
  oracle_.Retire(list);
  EXPECT_EQ(response.becomes_callable(), before.BecomeCallable(oracle_, std::time(nullptr)))
      << Diary();
}

}  // namespace dnc::blackbox
