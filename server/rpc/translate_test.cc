#include <set>
#include <string>

#include "dnc/v1/error_reason.pb.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "server/base/error.h"
#include "server/rpc/error_status.h"
#include "server/rpc/translate_registry.h"
#include "server/rpc/translate_scrub.h"
#include "server/rpc/translate_time.h"
#include "server/scrub/engine.h"

namespace dnc {
namespace {

TEST(ErrorStatusTest, CarriesReasonAndGuard) {
  const GrpcStatus status = ToWireStatus(GuardError("shrink", "too few"));
  EXPECT_EQ(status.code, static_cast<int>(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(status.message, "too few");
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.details));
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "GUARD_REFUSED");
  EXPECT_EQ(info.metadata().at("guard"), "shrink");
}

TEST(ErrorStatusTest, SaysWhenToTryAgain) {
  const GrpcStatus status = ToWireStatus(QuotaError("too many", absl::Milliseconds(2500)));
  EXPECT_EQ(status.code, static_cast<int>(absl::StatusCode::kResourceExhausted));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.details));
  ASSERT_EQ(details.details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "QUOTA_EXCEEDED");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(details.details(1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 2);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST(ErrorStatusTest, GivenUpCallsCarryAReasonToo) {
  for (const absl::Status& error : {CallerGone("the caller is gone"), DeadlinePassed()}) {
    const GrpcStatus status = ToWireStatus(error);
    EXPECT_EQ(status.code, static_cast<int>(error.code()));
    google::rpc::Status details;
    ASSERT_TRUE(details.ParseFromString(status.details));
    google::rpc::ErrorInfo info;
    ASSERT_TRUE(details.details(0).UnpackTo(&info));
    EXPECT_EQ(info.reason(), ErrorReason(error));
    EXPECT_EQ(info.domain(), "dnc.v1");
  }
}

TEST(ErrorStatusTest, CutsLongMessagesBetweenCharacters) {
  std::string text = "x";
  for (int i = 0; i < 2000; ++i) text += "\xc3\xa9";
  const GrpcStatus status = ToWireStatus(InvalidRequest(text));
  EXPECT_LT(status.message.size() + status.details.size(), 4000);
  EXPECT_EQ(status.message.substr(status.message.size() - 5), "\xc3\xa9...");
}

// Every constant of server/base/error.h, and no value of the enum without one.
TEST(ErrorReasonTest, ConstantsAreTheValuesOfTheProto) {
  const std::set<std::string_view> constants = {reason::kStarting,
                                                reason::kBatchTooLarge,
                                                reason::kInvalidRequest,
                                                reason::kRevisionNotReached,
                                                reason::kHistoryNotReached,
                                                reason::kNotFound,
                                                reason::kGuardRefused,
                                                reason::kBadFile,
                                                reason::kDamagedFile,
                                                reason::kPathNotAllowed,
                                                reason::kLimitReached,
                                                reason::kDiskFull,
                                                reason::kStorage,
                                                reason::kNoEarlierRelease,
                                                reason::kNoBase,
                                                reason::kNoDate,
                                                reason::kStopping,
                                                reason::kInternal,
                                                reason::kCallerGone,
                                                reason::kDeadlinePassed,
                                                reason::kUnauthenticated,
                                                reason::kScopeMissing,
                                                reason::kTenantSuspended,
                                                reason::kNotSuspended,
                                                reason::kAlreadyExists,
                                                reason::kChangedMeanwhile,
                                                reason::kRequestIdReused,
                                                reason::kChangesTooOld,
                                                reason::kOwnListsDamaged,
                                                reason::kQuotaExceeded,
                                                reason::kCallableLimit,
                                                reason::kStreamSilent,
                                                reason::kMalformedCall,
                                                reason::kNotSupported,
                                                reason::kFirstData};
  for (const std::string_view constant : constants) {
    v1::ErrorReason value{};
    EXPECT_TRUE(v1::ErrorReason_Parse("ERROR_REASON_" + std::string(constant), &value)) << constant;
  }
  EXPECT_EQ(static_cast<int>(constants.size()), static_cast<int>(v1::ErrorReason_MAX));
}

TEST(GuardTest, EveryGuardHasAName) {
  for (int value = 1; value < kGuardCount; ++value) {
    const auto guard = static_cast<Guard>(value);
    EXPECT_FALSE(GuardName(guard).empty());
    EXPECT_EQ(GuardFromName(GuardName(guard)), guard);
  }
}

TEST(TimeTest, RoundTrips) {
  for (const absl::Time time :
       {absl::UnixEpoch(), absl::FromUnixMicros(-1), absl::FromUnixMicros(1'999'999),
        absl::FromUnixSeconds(253'402'300'799)}) {
    EXPECT_EQ(FromTimestamp(ToTimestamp(time)).value(), time);
  }
  google::protobuf::Timestamp fine;
  fine.set_nanos(1'999);
  EXPECT_EQ(FromTimestamp(fine).value(), absl::FromUnixMicros(1));
  google::protobuf::Timestamp bad;
  bad.set_nanos(1'000'000'000);
  EXPECT_FALSE(FromTimestamp(bad).ok());
  bad.set_nanos(0);
  bad.set_seconds(253'402'300'800);
  EXPECT_FALSE(FromTimestamp(bad).ok());
  EXPECT_FALSE(IsMoment(absl::InfinitePast()));
}

TEST(ResultTest, ListsReasonsAscending) {
  NumberReport report;
  report.number = 2015550100;
  report.rule = Rule::kLitigator;
  report.reasons = ReasonBit(Reason::kLitigator) | ReasonBit(Reason::kReleaseStale);
  v1::NumberResult result;
  FillResult(report, &result);
  EXPECT_THAT(result.reasons(),
              testing::ElementsAre(v1::REASON_RELEASE_STALE, v1::REASON_LITIGATOR));
  EXPECT_EQ(result.verdict(), v1::VERDICT_LISTED);
  EXPECT_FALSE(result.has_valid_until());
}

TEST(ResultTest, OnlyTheLastRulesAreClear) {
  for (int value = 0; value < 256; ++value) {
    NumberReport report;
    report.rule = static_cast<Rule>(value);
    v1::NumberResult result;
    FillResult(report, &result);
    EXPECT_EQ(result.verdict() == v1::VERDICT_CLEAR,
              report.rule >= Rule::kConsent && report.rule <= Rule::kClear)
        << value;
    EXPECT_NE(result.verdict(), v1::VERDICT_UNSPECIFIED) << value;
  }
}

TEST(LoadOptionsTest, ChecksItsFields) {
  v1::LoadOptions options;
  EXPECT_EQ(FromProto(options)->list, "national");
  options.set_requested_by(std::string(201, 'x'));
  EXPECT_FALSE(CheckLoadOptions(*FromProto(options)).ok());
  options.set_requested_by("x");
  options.mutable_csv()->set_column_number(4'000'000'000);
  EXPECT_FALSE(CheckLoadOptions(*FromProto(options)).ok());
  options.mutable_csv()->set_column_number(3);
  EXPECT_EQ(FromProto(options)->csv.column_number, 3);
  options.add_allow("shrink:201");
  options.set_callable_limit(0);
  EXPECT_EQ(FromProto(options)->allow, std::vector<std::string>{"shrink:201"});
  EXPECT_EQ(FromProto(options)->callable_limit, 0U);
  EXPECT_TRUE(CheckLoadOptions(*FromProto(options)).ok());
  for (const std::string bad : {"", "shrink", "shrink:", "shrunk:201", "unspecified:201"}) {
    v1::LoadOptions wrong;
    wrong.add_allow(bad);
    EXPECT_FALSE(CheckLoadOptions(*FromProto(wrong)).ok()) << bad;
  }
  for (int i = 0; i < 10'000; ++i) options.add_allow("shrink:202");
  EXPECT_FALSE(CheckLoadOptions(*FromProto(options)).ok());
}

}  // namespace
}  // namespace dnc
